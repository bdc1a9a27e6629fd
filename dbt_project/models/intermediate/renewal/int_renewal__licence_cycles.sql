with

settings as (
    select
        district_id,
        as_of_date
    from {{ ref('stg_pipeline__settings') }}
),

licences as (
    select
        district_id,
        staff_key,
        issuing_state,
        coalesce(licence_title, licence_type) as licence_title,
        lower(coalesce(licence_title, '') || ' ' || coalesce(licence_type, '')) as licence_words,
        coalesce(effective_date, issued_date) as licence_begins_date,
        expires_date
    from {{ ref('fct_licences') }}
    where
        expires_date is not null
        and coalesce(lower(licence_status), '') not in ({{ sql_list(var('ended_licence_statuses')) }})
),

-- what a cycle needs is told by the rule in force today, or on the last day of a cycle that is over
licences_with_rule as (
    select
        licences.district_id,
        licences.staff_key,
        people.jurisdiction,
        licences.licence_title,
        licences.licence_begins_date,
        licences.expires_date,
        settings.as_of_date,
        rules.rule_id,
        rules.unit_name,
        coalesce(licences.licence_words like '%' || lower(rules.advancing_licence) || '%', false) as is_advancing,
        rules.units_to_advance,
        rules.years_to_advance,
        rules.units_to_renew,
        rules.years_to_renew
    from licences
    inner join settings on licences.district_id = settings.district_id
    inner join {{ ref('int_renewal__people') }} as people on licences.staff_key = people.staff_key
    inner join {{ ref('fct_renewal_rules') }} as rules
        on people.district_id = rules.district_id
        and people.jurisdiction = rules.jurisdiction
        and coalesce(licences.issuing_state = rules.state_code, true)
        and coalesce(rules.effective_from_date <= least(licences.expires_date, settings.as_of_date), true)
        and coalesce(rules.effective_to_date >= least(licences.expires_date, settings.as_of_date), true)
),

cycles as (
    select
        district_id,
        staff_key,
        jurisdiction,
        licence_title,
        rule_id,
        unit_name,
        as_of_date,
        licence_begins_date,
        expires_date as ends_date,
        case when is_advancing then 'advance' else 'renew' end as purpose,
        case when is_advancing then units_to_advance else units_to_renew end as needed_units,
        cast({{ dbt.dateadd('day', 1, dbt.dateadd(
            'year', '-1 * case when is_advancing then years_to_advance else years_to_renew end', 'expires_date'
        )) }} as date) as rule_begins_date
    from licences_with_rule
),

-- a cycle begins no earlier than its licence; without a length in the rule, with the licence
dated_cycles as (
    select
        district_id,
        staff_key,
        jurisdiction,
        licence_title,
        rule_id,
        unit_name,
        as_of_date,
        case
            when rule_begins_date >= licence_begins_date then rule_begins_date
            else coalesce(licence_begins_date, rule_begins_date)
        end as begins_date,
        ends_date,
        purpose,
        needed_units
    from cycles
),

-- licences that end on one day are renewed together, by what the most demanding of them needs
ordered_cycles as (
    select
        district_id,
        staff_key,
        jurisdiction,
        licence_title,
        rule_id,
        unit_name,
        as_of_date,
        begins_date,
        ends_date,
        purpose,
        needed_units,
        row_number() over (
            partition by staff_key, jurisdiction, ends_date
            order by
                case when begins_date is null then 1 else 0 end,
                coalesce(needed_units, 0) desc,
                begins_date,
                licence_title
        ) as cycle_order
    from dated_cycles
)

select
    {{ surrogate_key(['staff_key', 'jurisdiction', 'ends_date']) }} as renewal_cycle_key,
    district_id,
    staff_key,
    jurisdiction,
    licence_title,
    rule_id,
    unit_name,
    purpose,
    begins_date,
    ends_date,
    cast(needed_units as decimal(18, 2)) as needed_units,
    ends_date >= as_of_date as is_current
from ordered_cycles
where cycle_order = 1
