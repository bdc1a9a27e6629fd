/*
    What: today's coverage counts the people that the finder lists: each school's staff and each band of its active
        people, and the district's staff are those of its schools and those of none.
    When it matters: a leader who counts names in `expertise find` and reads another number in `expertise gaps` trusts
        neither.
    How to resolve: look for a person who stands in two schools of one year (int_coverage__staff_years), or for a band
        that fct_expertise and the coverage models read differently.
*/
with

listed as (
    select
        school_key,
        competency_key,
        sum(case when band <> 'not enough evidence' then 1 else 0 end) as evidence_staff_count,
        sum(case when band = 'need' then 1 else 0 end) as need_count,
        sum(case when band in ('expert', 'strong practice') then 1 else 0 end) as supply_count
    from {{ ref('pub_leaders__expertise') }}
    where is_active and school_key is not null
    group by school_key, competency_key
),

staff_in_no_school as (
    select
        district_id,
        school_year,
        count(*) as staff_count
    from {{ ref('int_coverage__staff_years') }}
    where school_key is null
    group by district_id, school_year
),

staff_by_school_year as (
    select
        district_id,
        competency_key,
        school_year,
        sum(staff_count) as staff_count
    from {{ ref('fct_coverage') }}
    group by district_id, competency_key, school_year
)

select
    'people listed' as what,
    coverage.competency_key,
    coverage.school_year
from {{ ref('fct_coverage') }} as coverage
left join listed
    on coverage.school_key = listed.school_key
    and coverage.competency_key = listed.competency_key
where
    coverage.is_current
    and (
        coverage.evidence_staff_count <> coalesce(listed.evidence_staff_count, 0)
        or coverage.need_count <> coalesce(listed.need_count, 0)
        or coverage.supply_count <> coalesce(listed.supply_count, 0)
    )
union all
select
    'staff of schools' as what,
    district.competency_key,
    district.school_year
from {{ ref('fct_district_coverage') }} as district
inner join staff_by_school_year as schools
    on district.district_id = schools.district_id
    and district.competency_key = schools.competency_key
    and district.school_year = schools.school_year
left join staff_in_no_school
    on district.district_id = staff_in_no_school.district_id
    and district.school_year = staff_in_no_school.school_year
where district.staff_count <> schools.staff_count + coalesce(staff_in_no_school.staff_count, 0)
union all
select
    'bands' as what,
    competency_key,
    school_year
from {{ ref('fct_coverage') }}
where
    evidence_staff_count
    <> need_count + expert_count + strong_practice_count + demonstrated_count + developing_count
    or evidence_staff_count > staff_count
