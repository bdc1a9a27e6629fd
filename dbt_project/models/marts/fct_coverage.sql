with

settings as (
    select
        district_id,
        as_of_date,
        school_year_start_month,
        school_year_start_day
    from {{ ref('stg_pipeline__settings') }}
),

staff_by_school as (
    select
        district_id,
        school_key,
        school_year,
        is_current,
        count(*) as staff_count
    from {{ ref('int_coverage__staff_years') }}
    where school_key is not null
    group by district_id, school_key, school_year, is_current
),

bands_by_school as (
    select
        school_key,
        competency_key,
        school_year,
        sum(evidence_staff_count) as evidence_staff_count,
        sum(need_count) as need_count,
        sum(expert_count) as expert_count,
        sum(strong_practice_count) as strong_practice_count,
        sum(demonstrated_count) as demonstrated_count,
        sum(developing_count) as developing_count
    from {{ ref('int_coverage__bands_counted') }}
    group by school_key, competency_key, school_year
),

-- today, everything that the district works with; of an earlier year, what somebody had evidence in
competencies_by_year as (
    select distinct
        bands.competency_key,
        bands.school_year,
        false as is_current
    from bands_by_school as bands
    inner join {{ ref('dim_competencies') }} as competencies
        on bands.competency_key = competencies.competency_key
        and competencies.is_in_use
    where bands.evidence_staff_count > 0
    union all
    select distinct
        competencies.competency_key,
        staff_by_school.school_year,
        true as is_current
    from {{ ref('dim_competencies') }} as competencies
    inner join staff_by_school
        on competencies.district_id = staff_by_school.district_id
        and staff_by_school.is_current
    where competencies.is_in_use
),

counts as (
    select
        staff_by_school.district_id,
        staff_by_school.school_key,
        competencies.competency_key,
        staff_by_school.school_year,
        staff_by_school.is_current,
        staff_by_school.staff_count,
        coalesce(bands.evidence_staff_count, 0) as evidence_staff_count,
        coalesce(bands.need_count, 0) as need_count,
        coalesce(bands.expert_count, 0) as expert_count,
        coalesce(bands.strong_practice_count, 0) as strong_practice_count,
        coalesce(bands.demonstrated_count, 0) as demonstrated_count,
        coalesce(bands.developing_count, 0) as developing_count
    from staff_by_school
    inner join competencies_by_year as competencies
        on staff_by_school.school_year = competencies.school_year
        and staff_by_school.is_current = competencies.is_current
    left join bands_by_school as bands
        on staff_by_school.school_key = bands.school_key
        and staff_by_school.school_year = bands.school_year
        and competencies.competency_key = bands.competency_key
)

select
    {{ surrogate_key(
        ['counts.school_key', 'counts.competency_key', 'counts.school_year'], district_id='counts.district_id'
    ) }} as coverage_key,
    counts.district_id,
    counts.school_key,
    counts.competency_key,
    counts.school_year,
    counts.is_current,
    {{ known_as_of('counts.school_year', 'counts.is_current') }} as as_of_date,
    cast(counts.staff_count as integer) as staff_count,
    cast(counts.evidence_staff_count as integer) as evidence_staff_count,
    cast(counts.need_count as integer) as need_count,
    cast(counts.expert_count as integer) as expert_count,
    cast(counts.strong_practice_count as integer) as strong_practice_count,
    cast(counts.demonstrated_count as integer) as demonstrated_count,
    cast(counts.developing_count as integer) as developing_count,
    {{ coverage_measures('counts') }}
from counts
inner join settings on counts.district_id = settings.district_id
