with

settings as (
    select
        district_id,
        as_of_date
    from {{ ref('stg_pipeline__settings') }}
),

award_units as (
    select
        renewal_cycle_key,
        sum(case when is_counted then 1 else 0 end) as award_count,
        sum(units) as units
    from {{ ref('fct_renewal_ledger') }}
    where renewal_cycle_key is not null
    group by renewal_cycle_key
),

pd_units as (
    select
        renewal_cycle_key,
        sum(case when is_counted then attended_hours else 0 end) as counted_hours,
        sum(case when is_counted then 0 else attended_hours end) as hours_within_awards,
        sum(units) as units
    from {{ ref('int_renewal__pd_hours_judged') }}
    group by renewal_cycle_key
),

effectiveness_units as (
    select
        renewal_cycle_key,
        sum(units) as units
    from {{ ref('int_renewal__effectiveness_units') }}
    group by renewal_cycle_key
),

points as (
    select
        cycles.renewal_cycle_key,
        cycles.district_id,
        cycles.staff_key,
        cycles.jurisdiction,
        cycles.licence_title,
        cycles.rule_id,
        cycles.unit_name,
        cycles.purpose,
        cycles.begins_date,
        cycles.ends_date,
        cycles.is_current,
        settings.as_of_date,
        cycles.needed_units,
        coalesce(award_units.award_count, 0) as award_count,
        cast(coalesce(award_units.units, 0) as decimal(18, 2)) as award_units,
        cast(coalesce(pd_units.counted_hours, 0) as decimal(18, 2)) as pd_hours,
        cast(coalesce(pd_units.hours_within_awards, 0) as decimal(18, 2)) as pd_hours_within_awards,
        cast(coalesce(pd_units.units, 0) as decimal(18, 2)) as pd_units,
        cast(coalesce(effectiveness_units.units, 0) as decimal(18, 2)) as effectiveness_units,
        rules.units_at_effectiveness_5 is not null
        or rules.units_at_effectiveness_4 is not null
        or rules.units_at_effectiveness_3 is not null as is_effectiveness_counted
    from {{ ref('int_renewal__licence_cycles') }} as cycles
    inner join settings on cycles.district_id = settings.district_id
    left join award_units on cycles.renewal_cycle_key = award_units.renewal_cycle_key
    left join pd_units on cycles.renewal_cycle_key = pd_units.renewal_cycle_key
    left join effectiveness_units on cycles.renewal_cycle_key = effectiveness_units.renewal_cycle_key
    left join {{ ref('fct_renewal_rules') }} as rules
        on cycles.district_id = rules.district_id
        and cycles.rule_id = rules.rule_id
)

select
    renewal_cycle_key,
    district_id,
    staff_key,
    jurisdiction,
    licence_title,
    rule_id,
    unit_name,
    purpose,
    begins_date,
    ends_date,
    is_current,
    case when is_current then {{ dbt.datediff('as_of_date', 'ends_date', 'day') }} end as days_left,
    cast(award_count as integer) as award_count,
    award_units,
    pd_hours,
    pd_hours_within_awards,
    pd_units,
    is_effectiveness_counted,
    effectiveness_units,
    cast(award_units + pd_units + effectiveness_units as decimal(18, 2)) as earned_units,
    needed_units,
    cast(case
        when needed_units > award_units + pd_units + effectiveness_units
            then needed_units - award_units - pd_units - effectiveness_units
        when needed_units is not null then 0
    end as decimal(18, 2)) as missing_units,
    cast(case
        when needed_units > award_units + pd_units then needed_units - award_units - pd_units
        when needed_units is not null then 0
    end as decimal(18, 2)) as missing_units_without_effectiveness
from points
