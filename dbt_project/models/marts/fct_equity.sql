with

settings as (
    select
        district_id,
        as_of_date,
        school_year_start_month,
        school_year_start_day
    from {{ ref('stg_pipeline__settings') }}
),

subjects as (
    select
        subject_key,
        subject_kind,
        subject_name,
        subject_id,
        count(*) as competency_count
    from {{ ref('int_coverage__subjects') }}
    group by subject_key, subject_kind, subject_name, subject_id
),

sums as (
    select
        reach.district_id,
        reach.subject_key,
        reach.school_year,
        reach.is_current,
        reach.staff_group,
        school_groups.characteristic,
        school_groups.school_group,
        school_groups.group_order,
        school_groups.is_ordered,
        min(school_groups.known_school_year) as known_school_year,
        count(*) as school_count,
        sum(case when reach.known_staff_count = 0 then 1 else 0 end) as no_evidence_school_count,
        sum(reach.staff_count) as staff_count,
        sum(reach.known_staff_count) as known_staff_count,
        sum(reach.known_count) as known_count,
        sum(reach.reach_count) as reach_count,
        sum(reach.share_count) as share_count,
        sum(reach.evidence_staff_count) as evidence_staff_count,
        sum(reach.supply_count) as supply_count,
        sum(reach.need_count) as need_count,
        sum(sum(reach.known_count)) over (
            partition by reach.district_id, reach.subject_key, reach.school_year
        ) as known_count_of_subject
    from {{ ref('int_coverage__reach_by_school') }} as reach
    inner join {{ ref('int_coverage__school_groups') }} as school_groups
        on reach.school_key = school_groups.school_key
        and reach.school_year = school_groups.school_year
    group by
        reach.district_id,
        reach.subject_key,
        reach.school_year,
        reach.is_current,
        reach.staff_group,
        school_groups.characteristic,
        school_groups.school_group,
        school_groups.group_order,
        school_groups.is_ordered
)

select
    {{ surrogate_key(
        ['sums.subject_key', 'sums.school_year', 'sums.characteristic', 'sums.school_group', 'sums.staff_group'],
        district_id='sums.district_id'
    ) }} as equity_key,
    sums.district_id,
    subjects.subject_key,
    subjects.subject_kind,
    subjects.subject_id,
    subjects.subject_name,
    cast(subjects.competency_count as integer) as competency_count,
    sums.school_year,
    sums.is_current,
    {{ known_as_of('sums.school_year', 'sums.is_current') }} as as_of_date,
    sums.characteristic,
    sums.school_group,
    sums.group_order,
    sums.is_ordered,
    sums.known_school_year,
    sums.staff_group,
    cast(sums.school_count as integer) as school_count,
    cast(sums.no_evidence_school_count as integer) as no_evidence_school_count,
    cast(sums.staff_count as integer) as staff_count,
    cast(sums.known_staff_count as integer) as known_staff_count,
    case when sums.known_count > 0 then cast(sums.reach_count as double precision) / sums.known_count end as reach_share,
    cast(sums.evidence_staff_count as integer) as evidence_staff_count,
    cast(sums.supply_count as integer) as supply_count,
    case
        -- of those of whom nobody is ever observed, nothing is known: not that none of them could
        when sums.evidence_staff_count > 0 and sums.known_count > 0
            then 100.0 * cast(sums.share_count as double precision) / sums.known_count
    end as supply_per_100_staff,
    cast(sums.need_count as integer) as need_count
from sums
inner join subjects on sums.subject_key = subjects.subject_key
inner join settings on sums.district_id = settings.district_id
-- a competency of which nothing is known anywhere has nothing to compare
where sums.known_count_of_subject > 0
