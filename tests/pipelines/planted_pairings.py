"""Who works with whom among the planted warehouse's people.

Belongs here: the published tables that `expertise pair` reads. Does not belong here: the people behind
them (planted_warehouse), or how pairs are found (dbt and analysis.pairing).

In every school the one in need has the focus Questioning and the expert is strong in it: suggested in
Alder, accepted in Birch, where a pair with the one of strong practice was rejected, suggested in Cedar,
where one with the one who left has ended. The one of strong practice is strong in Questioning too; in
Cedar they have evaluated the one in need. The developing one has a focus and nobody is left for them.
The demonstrated one is strong in something else. Who declined to be named has a focus too.
"""

from __future__ import annotations

from datetime import UTC, datetime

DECIDED_AT = datetime(2026, 10, 5, 14, 30, tzinfo=UTC)
FOCUS = "team-like-2021|I06|Questioning"


def pairing_tables(direction: str) -> str:
    """The statements that make them, after `planted_staff` and `planted_school`."""
    return f"""
        create table pub_leaders__pairings as
        with pairs (target, partner, status, why) as (values
            ('101/need', '101/expert', 'suggested', null),
            ('102/need', '102/expert', 'accepted', 'they plan together'),
            ('102/need', '102/strong practice', 'rejected', 'relatives'),
            ('103/need', '103/expert', 'suggested', null),
            ('103/need', 'left', 'ended', 'the partner is no longer on the active roster as a teacher'),
            ('declined', '103/strong practice', 'suggested', null)
        )
        select md5(targets.staff_key || partners.staff_key) as pairing_key, 'cedar-valley' as district_id,
            2027 as school_year,
            md5(targets.school_id) as school_key, cast(targets.school_id as bigint) as school_id, school_name,
            targets.staff_key as target_staff_key, targets.staff_name as target_name, 'files' as target_source,
            'id ' || targets.person as target_id,
            partners.staff_key as partner_staff_key, partners.staff_name as partner_name, 'files' as partner_source,
            'id ' || partners.person as partner_id,
            md5(partners.school_id) as partner_school_key, cast(partners.school_id as bigint) as partner_school_id,
            school_name as partner_school_name,
            status, status in ('suggested', 'accepted') as is_live, why as status_reason,
            if(status in ('accepted', 'rejected', 'ended'), 'Pat Principal', null) as decided_by,
            if(status in ('accepted', 'rejected', 'ended'), timestamptz '2026-10-05 14:30:00+00', null) as decided_at,
            'Questioning' as focus, 1 as match_count, '1 shared focus element, same grade band' as reasons,
            cast(null as varchar) as remark,
            'This year you and ' || partners.staff_name || ' share a focus on Questioning.' as target_sentence,
            'Your practice in Questioning is a strength to share.' as partner_sentence,
            status in ('suggested', 'accepted') as is_weakest_match
        from pairs
        inner join planted_staff as targets on targets.person = target
        inner join planted_staff as partners on partners.person = partner
        inner join planted_school on planted_school.school_id = targets.school_id
        order by pairing_key {direction};

        create table pub_leaders__unpaired as
        select staff_key, 'cedar-valley' as district_id, staff_name, md5(school_id) as school_key,
            cast(school_id as bigint) as school_id, school_name, 'Questioning' as focus,
            'all partners taken' as reason, 'everybody strong in it is paired already' as reason_sentence
        from planted_staff inner join planted_school using (school_id)
        where band = 'developing' order by staff_key {direction};

        create table pub_leaders__pairing_teachers as
        select staff_key, 'cedar-valley' as district_id, staff_name, 'files' as roster_source,
            'id ' || person as roster_id, md5(school_id) as school_key, cast(school_id as bigint) as school_id,
            school_name, if(band in ('need', 'developing'), '{FOCUS}', null) as focus_elements,
            case
                when band in ('expert', 'strong practice') then '{FOCUS}'
                when band = 'demonstrated' then 'team-like-2021|I07|Academic Feedback'
            end as strong_elements,
            if(band = 'not enough evidence', 'declined to be paired', null) as unavailable_reason,
            case
                when person = '103/need' then md5('103/strong practice')
                when person = '103/strong practice' then md5('103/need')
            end as evaluator_staff_keys,
            if(person = '102/expert', 1, 0) as pair_count, 1 as capacity, 'school' as pairing_mode
        from planted_staff inner join planted_school using (school_id)
        where is_active order by staff_key {direction};
    """
