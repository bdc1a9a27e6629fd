"""What the planted warehouse's people could do next: practice, micro-credentials, activities, goals.

Belongs here: the published tables that `expertise next-steps` and `expertise lead` read beside expertise.
Does not belong here: the people and bands behind them (planted_warehouse), or what dbt computes.

Practice in Questioning follows a person's band; everybody is developing in Managing Student Behavior; the
one in need in Cedar High (`103/need`) is also in need of an element that nothing is aligned to, and
developing in Academic Feedback. The stack Questioning has three steps and one rival of an issuer that is
not approved.
"""

from __future__ import annotations

STACK = "Questioning"


def next_steps_tables(direction: str) -> str:
    """The statements that make them, after `planted_staff` and `pub_leaders__competencies`."""
    return f"""
        create table pub_leaders__rubric_elements as
        select md5(code) as alignment_key, md5('element ' || element) as rubric_element_key,
            'cedar-valley' as district_id, 'team-like-2021' as rubric_version, element as element_code,
            title as element_title, 'Instruction' as domain_title, place as sort_order, md5(code) as competency_key
        from (values ('I06', 'Questioning', 1, 'C-I06'), ('I07', 'Academic Feedback', 2, 'C-I07'),
            ('E02', 'Managing Student Behavior', 3, 'C-E02')) as elements (element, title, place, code)
        order by element {direction};

        create table pub_leaders__practice as
        with results as (
            select staff_key, 'I06' as element, 'Questioning' as title, 1 as place, case
                when band = 'need' then 'need' when band = 'developing' then 'developing'
                when band in ('expert', 'strong practice') then 'expert' else 'not enough observations' end as result
            from planted_staff where is_active
            union all
            select staff_key, 'E02', 'Managing Student Behavior', 3, 'developing' from planted_staff where is_active
            union all
            select staff_key, element, title, place, result
            from planted_staff
            cross join (values ('I07', 'Academic Feedback', 2, 'developing'), ('X01', 'Unaligned Element', 4, 'need'))
                as more (element, title, place, result)
            where person = '103/need'
        )
        select md5(staff_key || element) as practice_key, 'cedar-valley' as district_id, staff_key,
            md5('element ' || element) as rubric_element_key, 'team-like-2021' as rubric_version,
            element as element_code, title as element_title, 'Instruction' as domain_title, place as sort_order,
            result as observed_result, 4 as observation_count, 2 as rater_count,
            date '2026-03-04' as latest_observed_date
        from results order by practice_key {direction};

        create table pub_leaders__micro_credentials as
        select md5(id || code) as offer_key, md5(id) as micro_credential_key, 'cedar-valley' as district_id,
            id as micro_credential_id, name as micro_credential_name, md5(issuer) as issuer_key, issuer as issuer_name,
            stack as stack_name, step as stack_step, size as stack_size, cast(hours as double) as hours_to_earn,
            'https://badges.example/' || id as criteria_url, is_approved, md5(code) as competency_key
        from (values
            ('q-1', 'Questioning: Foundations', 'Good Issuer', '{STACK}', 1, 3, 10.0, true, 'C-I06'),
            ('q-2', 'Questioning: In Practice', 'Good Issuer', '{STACK}', 2, 3, 15.0, true, 'C-I06'),
            ('q-2', 'Questioning: In Practice', 'Good Issuer', '{STACK}', 2, 3, 15.0, true, 'C-I07'),
            ('q-3', 'Questioning: Coaching Peers', 'Good Issuer', '{STACK}', 3, 3, 20.0, true, 'C-I06'),
            ('o-1', 'Ask Away', 'Other Issuer', null, null, null, null, false, 'C-I06'))
            as offers (id, name, issuer, stack, step, size, hours, is_approved, code)
        order by offer_key {direction};

        create table pub_leaders__held_micro_credentials as
        select md5(staff_key || 'q-1') as held_key, 'cedar-valley' as district_id, staff_key,
            md5('q-1') as micro_credential_key, if(person = '103/need', 'expired', 'held') as standing,
            date '2024-02-01' as issued_date,
            if(person = '103/need', date '2026-02-01', cast(null as date)) as expires_date
        from planted_staff
        where is_active and (band in ('expert', 'demonstrated') or person in ('103/need', '103/developing'))
        order by held_key {direction};

        create table pub_leaders__pd_activities as
        select md5(id) as offer_key, md5(id) as pd_activity_key, 'cedar-valley' as district_id, id as activity_id,
            title as activity_title, 'workshop' as format, 'District Office' as provider,
            cast(latest as date) as first_activity_date, cast(latest as date) as latest_activity_date,
            cast(6 as double) as longest_hours, md5('C-I06') as competency_key
        from (values ('lab-2026', 'Questioning Lab', '2026-03-01'), ('lab-2025', 'Questioning Lab', '2025-03-01'),
            ('old', 'Old Talk', '2023-03-01')) as activities (id, title, latest)
        order by id {direction};

        create table pub_leaders__growth_goals as
        select md5(person || goal) as growth_goal_key, 'cedar-valley' as district_id, staff_key, school_year,
            if(goal = 'Managing Student Behavior', md5('C-E02'), cast(null as varchar)) as competency_key, goal,
            date '2026-09-20' as set_date, status, status = 'in progress' as is_open
        from planted_staff
        inner join (values ('103/need', 2027, 'Managing Student Behavior', 'in progress'),
            ('103/need', 2026, 'C-ODD', 'met')) as goals (person, school_year, goal, status) using (person)
        order by growth_goal_key {direction};
    """
