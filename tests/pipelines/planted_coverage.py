"""Coverage and equity of the planted warehouse, counted from its planted bands.

Belongs here: the published tables of counts, by two school years. Does not belong here: the people
and bands behind them (planted_warehouse), or what dbt computes.

2027 is the current year. In 2026 one person more needed whatever somebody needs now. Of Managing
Student Behavior nothing is known. Alder Elementary (six people) is the half of schools with fewest poor
students, the two others (thirteen people) the half with most.
"""

from __future__ import annotations

GROUP_ID, GROUP_NAME = "asking-and-answering", "Asking and answering"

_COUNTED = """
    staff_count,
    evidence_staff_count,
    need_count,
    expert_count,
    strong_practice_count,
    demonstrated_count,
    developing_count,
    cast(expert_count + strong_practice_count as integer) as supply_count,
    cast(if(evidence_staff_count > 0, need_count - expert_count - strong_practice_count, null) as integer) as gap_size,
    if(need_count > 0, (expert_count + strong_practice_count) / need_count, null) as cover_ratio,
    (staff_count - evidence_staff_count) / staff_count as no_evidence_share,
    expert_count + strong_practice_count = 1 as has_single_expert_risk,
    case
        when evidence_staff_count = 0 then 'no evidence'
        when need_count > expert_count + strong_practice_count then 'gap'
        when need_count > 0 then 'covered'
        else 'no need seen'
    end as cover_state
"""
_COUNTS = """
    cast(count(distinct staff_key) as integer) as staff_count,
    cast(count_if(band <> 'not enough evidence') as integer) as evidence_staff_count,
    cast(count_if(band = 'need') + if(any_value(is_current), 0, count_if(band = 'need')) as integer) as need_count,
    cast(count_if(band = 'expert') as integer) as expert_count,
    cast(count_if(band = 'strong practice') as integer) as strong_practice_count,
    cast(count_if(band = 'demonstrated') as integer) as demonstrated_count,
    cast(count_if(band = 'developing') as integer) as developing_count
"""


def coverage_tables(direction: str) -> str:
    """The statements that make them, after `pub_leaders__expertise`, `…competencies` and `…schools`."""
    return f"""
        create temp table standing as
        select staff.staff_key, staff.school_key, competencies.competency_key, school_year, is_current, as_of_date,
            coalesce(expertise.band, 'not enough evidence') as band
        from (select distinct staff_key, school_key from pub_leaders__expertise where is_active) as staff
        cross join pub_leaders__competencies as competencies
        cross join (values (2026, false, date '2026-06-30'), (2027, true, date '2026-11-20'))
            as years (school_year, is_current, as_of_date)
        left join pub_leaders__expertise as expertise
            on staff.staff_key = expertise.staff_key and competencies.competency_key = expertise.competency_key;

        create table pub_leaders__coverage as
        with counts as (
            select school_key, competency_key, school_year, is_current, as_of_date, {_COUNTS}
            from standing where school_key is not null
            group by school_key, competency_key, school_year, is_current, as_of_date
        )
        select md5(school_key || competency_key || school_year) as coverage_key, school_key, competency_key,
            school_year, is_current, as_of_date, {_COUNTED}
        from counts order by school_key, competency_key, school_year {direction};

        create table pub_leaders__district_coverage as
        with counts as (
            select competency_key, school_year, is_current, as_of_date, {_COUNTS}
            from standing group by competency_key, school_year, is_current, as_of_date
        ),
        schools as (
            select competency_key, school_year, cast(count(*) as integer) as school_count,
                cast(count_if(supply_count > 0) as integer) as supplied_school_count,
                cast(count_if(cover_state = 'gap') as integer) as gap_school_count,
                cast(count_if(cover_state = 'no evidence') as integer) as no_evidence_school_count
            from pub_leaders__coverage group by competency_key, school_year
        )
        select md5('district' || competency_key || school_year) as district_coverage_key, competency_key,
            school_year, is_current, as_of_date, {_COUNTED}, school_count, supplied_school_count, gap_school_count,
            no_evidence_school_count
        from counts inner join schools using (competency_key, school_year)
        order by competency_key, school_year {direction};

        create table pub_leaders__competency_groups as
        select md5('{GROUP_ID}') as competency_group_key, '{GROUP_ID}' as group_id, '{GROUP_NAME}' as group_name,
            competency_key
        from pub_leaders__competencies where competency_code in ('C-I06', 'C-I07') order by competency_key {direction};

        create table pub_leaders__equity as
        with subjects as (
            select competency_key as subject_key, 'competency' as subject_kind, competency_code as subject_id,
                competency_name as subject_name, 1 as competency_count
            from pub_leaders__competencies where competency_code = 'C-I06'
            union all select md5('{GROUP_ID}'), 'competency group', '{GROUP_ID}', '{GROUP_NAME}', 2
        )
        select md5(subject_key || school_year || school_group || staff_group) as equity_key, subjects.*,
            school_year, school_year = 2027 as is_current,
            if(school_year = 2027, date '2026-11-20', date '2026-06-30') as as_of_date, 'poverty' as characteristic,
            school_group, group_order, true as is_ordered, 2026 as known_school_year, staff_group, school_count,
            0 as no_evidence_school_count, staff_count, staff_count as known_staff_count,
            cast(reach_share as double) as reach_share,
            staff_count - 1 as evidence_staff_count, 2 as supply_count, 200.0 / staff_count as supply_per_100_staff,
            3 as need_count
        from subjects
        cross join (values (2026), (2027)) as years (school_year)
        cross join (values
            ('lowest-poverty half', 1, 'all staff', 1, 6, 1.0), ('lowest-poverty half', 1, 'teachers', 1, 5, 1.0),
            ('lowest-poverty half', 1, 'leaders and coaches', 1, 1, 1.0),
            ('highest-poverty half', 2, 'all staff', 2, 13, 0.5), ('highest-poverty half', 2, 'teachers', 2, 11, 0.5),
            ('highest-poverty half', 2, 'leaders and coaches', 2, 2, 0.5)
        ) as groups (school_group, group_order, staff_group, school_count, staff_count, reach_share)
        order by equity_key {direction};

        create table pub_leaders__equity_gaps as
        select md5('gap' || most.equity_key) as equity_gap_key, most.subject_key, most.subject_kind, most.subject_id,
            most.subject_name, most.school_year, most.is_current, most.as_of_date, most.characteristic,
            most.staff_group, most.school_group as most_group, fewest.school_group as least_group,
            most.known_staff_count as most_staff_count, fewest.known_staff_count as least_staff_count,
            most.reach_share as most_reach_share, fewest.reach_share as least_reach_share,
            most.reach_share - fewest.reach_share as reach_gap,
            most.supply_per_100_staff as most_supply_per_100_staff,
            fewest.supply_per_100_staff as least_supply_per_100_staff,
            most.supply_per_100_staff - fewest.supply_per_100_staff as supply_gap,
            'As of ' || most.as_of_date || ', ' || most.subject_name || ': 100 of 100 ' || most.staff_group
            || ' in the lowest-poverty half of schools; 50 of 100 in the highest-poverty half.' as sentence
        from pub_leaders__equity as most
        inner join pub_leaders__equity as fewest
            using (subject_key, school_year, staff_group)
        where most.group_order = 1 and fewest.group_order = 2
        order by equity_gap_key {direction};
        """
