with

staff_by_group as (
    select
        school_key,
        school_year,
        staff_group,
        count(*) as staff_count
    from {{ ref('int_coverage__staff_years') }}
    where school_key is not null
    group by school_key, school_year, staff_group
    union all
    select
        school_key,
        school_year,
        'all staff' as staff_group,
        count(*) as staff_count
    from {{ ref('int_coverage__staff_years') }}
    where school_key is not null
    group by school_key, school_year
),

supply_by_group as (
    select
        school_key,
        competency_key,
        school_year,
        staff_group,
        expert_count + strong_practice_count as supply_count
    from {{ ref('int_coverage__bands_counted') }}
    union all
    select
        school_key,
        competency_key,
        school_year,
        'all staff' as staff_group,
        supply_count
    from {{ ref('fct_coverage') }}
),

-- a colleague is somebody else: the only one who could share it has nobody to go to
reach as (
    select
        coverage.district_id,
        coverage.school_key,
        coverage.competency_key,
        coverage.school_year,
        coverage.is_current,
        staff_by_group.staff_group,
        staff_by_group.staff_count,
        case when coverage.evidence_staff_count > 0 then staff_by_group.staff_count else 0 end as known_count,
        case
            when coverage.supply_count >= 2 then staff_by_group.staff_count
            when coverage.supply_count = 1 then staff_by_group.staff_count - coalesce(supply.supply_count, 0)
            else 0
        end as reach_count,
        coalesce(supply.supply_count, 0) as share_count
    from {{ ref('fct_coverage') }} as coverage
    inner join staff_by_group
        on coverage.school_key = staff_by_group.school_key
        and coverage.school_year = staff_by_group.school_year
    left join supply_by_group as supply
        on coverage.school_key = supply.school_key
        and coverage.competency_key = supply.competency_key
        and coverage.school_year = supply.school_year
        and staff_by_group.staff_group = supply.staff_group
),

reach_by_subject as (
    select
        reach.district_id,
        reach.school_key,
        subjects.subject_key,
        reach.school_year,
        reach.is_current,
        reach.staff_group,
        max(reach.staff_count) as staff_count,
        max(reach.known_count) as known_staff_count,
        sum(reach.known_count) as known_count,
        sum(reach.reach_count) as reach_count,
        sum(reach.share_count) as share_count
    from reach
    inner join {{ ref('int_coverage__subjects') }} as subjects on reach.competency_key = subjects.competency_key
    group by
        reach.district_id, reach.school_key, subjects.subject_key, reach.school_year, reach.is_current, reach.staff_group
),

-- people, each once, however many competencies of a group they have evidence in
people_of_groups as (
    select
        bands.staff_key,
        bands.school_key,
        bands.school_year,
        bands.staff_group,
        subjects.subject_key,
        max(case when bands.band in ('expert', 'strong practice') then 1 else 0 end) as is_supply,
        max(case when bands.band = 'need' then 1 else 0 end) as is_need
    from {{ ref('int_coverage__bands') }} as bands
    inner join {{ ref('int_coverage__subjects') }} as subjects
        on bands.competency_key = subjects.competency_key
        and subjects.subject_kind = 'competency group'
    where bands.school_key is not null and bands.band <> 'not enough evidence'
    group by bands.staff_key, bands.school_key, bands.school_year, bands.staff_group, subjects.subject_key
),

people_by_staff_group as (
    select
        school_key,
        competency_key as subject_key,
        school_year,
        staff_group,
        evidence_staff_count,
        expert_count + strong_practice_count as supply_count,
        need_count
    from {{ ref('int_coverage__bands_counted') }}
    union all
    select
        school_key,
        subject_key,
        school_year,
        staff_group,
        count(*) as evidence_staff_count,
        sum(is_supply) as supply_count,
        sum(is_need) as need_count
    from people_of_groups
    group by school_key, subject_key, school_year, staff_group
),

people as (
    select
        school_key,
        subject_key,
        school_year,
        staff_group,
        evidence_staff_count,
        supply_count,
        need_count
    from people_by_staff_group
    union all
    select
        school_key,
        subject_key,
        school_year,
        'all staff' as staff_group,
        sum(evidence_staff_count) as evidence_staff_count,
        sum(supply_count) as supply_count,
        sum(need_count) as need_count
    from people_by_staff_group
    group by school_key, subject_key, school_year
)

select
    reach.district_id,
    reach.school_key,
    reach.subject_key,
    reach.school_year,
    reach.is_current,
    reach.staff_group,
    reach.staff_count,
    reach.known_staff_count,
    reach.known_count,
    reach.reach_count,
    reach.share_count,
    coalesce(people.evidence_staff_count, 0) as evidence_staff_count,
    coalesce(people.supply_count, 0) as supply_count,
    coalesce(people.need_count, 0) as need_count
from reach_by_subject as reach
left join people
    on reach.school_key = people.school_key
    and reach.subject_key = people.subject_key
    and reach.school_year = people.school_year
    and reach.staff_group = people.staff_group
