with

settings as (
    select
        district_id,
        as_of_date,
        school_year_start_month,
        school_year_start_day
    from {{ ref('stg_pipeline__settings') }}
),

-- who works in no school counts here too
staff_by_district as (
    select
        district_id,
        school_year,
        is_current,
        count(*) as staff_count
    from {{ ref('int_coverage__staff_years') }}
    group by district_id, school_year, is_current
),

bands_by_district as (
    select
        district_id,
        competency_key,
        school_year,
        sum(case when band <> 'not enough evidence' then 1 else 0 end) as evidence_staff_count,
        sum(case when band = 'need' then 1 else 0 end) as need_count,
        sum(case when band = 'expert' then 1 else 0 end) as expert_count,
        sum(case when band = 'strong practice' then 1 else 0 end) as strong_practice_count,
        sum(case when band = 'demonstrated' then 1 else 0 end) as demonstrated_count,
        sum(case when band = 'developing' then 1 else 0 end) as developing_count
    from {{ ref('int_coverage__bands') }}
    group by district_id, competency_key, school_year
),

schools_by_competency as (
    select
        district_id,
        competency_key,
        school_year,
        count(*) as school_count,
        sum(case when supply_count > 0 then 1 else 0 end) as supplied_school_count,
        sum(case when cover_state = 'gap' then 1 else 0 end) as gap_school_count,
        sum(case when cover_state = 'no evidence' then 1 else 0 end) as no_evidence_school_count
    from {{ ref('fct_coverage') }}
    group by district_id, competency_key, school_year
),

counts as (
    select
        staff_by_district.district_id,
        schools.competency_key,
        staff_by_district.school_year,
        staff_by_district.is_current,
        staff_by_district.staff_count,
        schools.school_count,
        schools.supplied_school_count,
        schools.gap_school_count,
        schools.no_evidence_school_count,
        coalesce(bands.evidence_staff_count, 0) as evidence_staff_count,
        coalesce(bands.need_count, 0) as need_count,
        coalesce(bands.expert_count, 0) as expert_count,
        coalesce(bands.strong_practice_count, 0) as strong_practice_count,
        coalesce(bands.demonstrated_count, 0) as demonstrated_count,
        coalesce(bands.developing_count, 0) as developing_count
    from staff_by_district
    inner join schools_by_competency as schools
        on staff_by_district.district_id = schools.district_id
        and staff_by_district.school_year = schools.school_year
    left join bands_by_district as bands
        on schools.district_id = bands.district_id
        and schools.competency_key = bands.competency_key
        and schools.school_year = bands.school_year
)

select
    {{ surrogate_key(['counts.competency_key', 'counts.school_year'], district_id='counts.district_id') }}
        as district_coverage_key,
    counts.district_id,
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
    {{ coverage_measures('counts') }},
    cast(counts.school_count as integer) as school_count,
    cast(counts.supplied_school_count as integer) as supplied_school_count,
    cast(counts.gap_school_count as integer) as gap_school_count,
    cast(counts.no_evidence_school_count as integer) as no_evidence_school_count
from counts
inner join settings on counts.district_id = settings.district_id
