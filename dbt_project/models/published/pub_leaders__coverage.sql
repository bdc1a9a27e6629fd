with

staff_by_school as (
    select
        district_id,
        school_key,
        count(*) as staff_count
    from {{ ref('dim_staff') }}
    where is_active and school_key is not null
    group by district_id, school_key
),

bands_by_school as (
    select
        staff.school_key,
        expertise.competency_key,
        sum(case when expertise.band <> 'not enough evidence' then 1 else 0 end) as evidence_staff_count,
        sum(case when expertise.band = 'need' then 1 else 0 end) as need_count,
        sum(case when expertise.band = 'expert' then 1 else 0 end) as expert_count,
        sum(case when expertise.band = 'strong practice' then 1 else 0 end) as strong_practice_count,
        sum(case when expertise.band = 'demonstrated' then 1 else 0 end) as demonstrated_count
    from {{ ref('fct_expertise') }} as expertise
    inner join {{ ref('dim_staff') }} as staff
        on expertise.staff_key = staff.staff_key
        and staff.is_active
    group by staff.school_key, expertise.competency_key
)

select
    {{ surrogate_key(
        ['staff_by_school.school_key', 'competencies.competency_key'], district_id='staff_by_school.district_id'
    ) }} as coverage_key,
    staff_by_school.district_id,
    staff_by_school.school_key,
    schools.school_id,
    schools.school_name,
    competencies.competency_key,
    competencies.competency_code,
    competencies.competency_name,
    cast(staff_by_school.staff_count as integer) as staff_count,
    cast(coalesce(bands.evidence_staff_count, 0) as integer) as evidence_staff_count,
    cast(coalesce(bands.need_count, 0) as integer) as need_count,
    cast(coalesce(bands.expert_count, 0) as integer) as expert_count,
    cast(coalesce(bands.strong_practice_count, 0) as integer) as strong_practice_count,
    cast(coalesce(bands.demonstrated_count, 0) as integer) as demonstrated_count,
    coalesce(bands.expert_count, 0) = 1 as has_single_expert_risk
from staff_by_school
inner join {{ ref('dim_schools') }} as schools on staff_by_school.school_key = schools.school_key
inner join {{ ref('dim_competencies') }} as competencies
    on staff_by_school.district_id = competencies.district_id
    and competencies.is_in_use
left join bands_by_school as bands
    on staff_by_school.school_key = bands.school_key
    and competencies.competency_key = bands.competency_key
