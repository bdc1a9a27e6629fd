"""Licence renewal of the planted warehouse's people.

Belongs here: the published tables that `expertise renewal` reads. Does not belong here: the people behind them
(planted_warehouse), or what dbt computes.

By band: experts have enough, `need` is behind, `demonstrated` has let the licence end, `not enough evidence` has no
licence on file, everybody else is on pace. Each has one award that counts and one that was revoked.
"""

from __future__ import annotations


def renewal_tables(direction: str) -> str:
    """The statements that make them, after `planted_staff` and `pub_leaders__staff`."""
    return f"""
        create table pub_leaders__renewal as
        with standings as (
            select people.*, case planted_staff.band
                    when 'expert' then 'enough' when 'need' then 'behind' when 'demonstrated' then 'ended'
                    when 'not enough evidence' then 'no cycle' else 'on pace'
                end as standing
            from pub_leaders__staff as people inner join planted_staff using (staff_key)
        ),
        cycles as (
            select *, standing <> 'no cycle' as has_cycle, standing <> 'ended' as is_current from standings
        )
        select md5('renewal' || staff_key) as renewal_key, district_id, staff_key, staff_name, school_key, school_id,
            school_name, 'Tennessee' as jurisdiction,
            if(has_cycle, md5('cycle' || staff_key), null) as renewal_cycle_key,
            if(has_cycle, 'Professional Teaching Licence', null) as licence_title,
            if(has_cycle, 'renew', null) as purpose,
            if(has_cycle, if(is_current, date '2022-09-01', date '2020-09-01'), null) as begins_date,
            if(has_cycle, if(is_current, date '2028-08-31', date '2026-08-31'), null) as ends_date,
            has_cycle and is_current as is_current, if(has_cycle and is_current, 650, null) as days_left,
            if(has_cycle, 'point', null) as unit_name, if(has_cycle, 1, null) as award_count,
            if(has_cycle, 6.00, null)::decimal(18, 2) as award_units,
            if(has_cycle, if(standing = 'enough', 54.5, 2), null)::decimal(18, 2) as pd_hours,
            if(has_cycle, 1.5, null)::decimal(18, 2) as pd_hours_within_awards,
            if(has_cycle, if(standing = 'enough', 54.5, 2), null)::decimal(18, 2) as pd_units,
            if(has_cycle, 60, null)::decimal(18, 2) as needed_units,
            if(has_cycle, if(standing = 'enough', 0, 52), null)::decimal(18, 2) as missing_units,
            has_cycle as has_units_not_shown, standing,
            if(has_cycle, 'The licence is ' || standing || '.', 'No licence is on file.') as explanation
        from cycles order by renewal_key {direction};

        create table pub_leaders__renewal_awards as
        select md5(reason || staff_key) as renewal_award_key, district_id, staff_key, 'Tennessee' as jurisdiction,
            renewal_cycle_key, 'tennessee' as rule_id, 'Questioning: Foundations' as micro_credential_name,
            'Institute' as issuer_name, issued_date, reason = 'counts' as is_counted, reason, 'point' as unit_name,
            if(reason = 'counts', 6, 0)::decimal(18, 2) as units,
            if(reason = 'counts', 'Earns 6 points.', 'Does not count: it was revoked.') as remark
        from pub_leaders__renewal
        cross join (values ('counts', date '2025-10-01'), ('revoked', date '2024-10-01')) as lines (reason, issued_date)
        order by renewal_award_key {direction};

        create table pub_leaders__renewal_rules as
        select md5('tennessee') as renewal_rule_key, 'cedar-valley' as district_id, 'tennessee' as rule_id,
            'Tennessee' as jurisdiction, 'point' as unit_name, null::date as effective_from_date,
            null::date as effective_to_date, 'Policy 5.502' as citation, null::date as verified_date,
            null::varchar as remark;
    """
