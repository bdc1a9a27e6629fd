with

settings as (
    select
        district_id,
        as_of_date
    from {{ ref('stg_pipeline__settings') }}
),

hours as (
    select
        participation.pd_participation_key,
        participation.district_id,
        participation.staff_key,
        cycles.jurisdiction,
        cycles.renewal_cycle_key,
        participation.pd_activity_key,
        participation.activity_id,
        participation.activity_date,
        participation.attended_hours,
        coalesce(participation.format in ({{ sql_list(var('support_formats')) }}), false) as is_support,
        policies.is_hours_counted_once,
        rules.units_per_pd_hour
    from {{ ref('fct_pd_participation') }} as participation
    inner join settings on participation.district_id = settings.district_id
    inner join {{ ref('int_renewal__licence_cycles') }} as cycles
        on participation.staff_key = cycles.staff_key
        and participation.activity_date >= cycles.begins_date
        and participation.activity_date <= cycles.ends_date
    inner join {{ ref('int_renewal__policies') }} as policies
        on cycles.district_id = policies.district_id
        and cycles.jurisdiction = policies.jurisdiction
        and coalesce(policies.effective_from_date <= participation.activity_date, true)
        and coalesce(policies.effective_to_date >= participation.activity_date, true)
    inner join {{ ref('fct_renewal_rules') }} as rules
        on cycles.district_id = rules.district_id
        and cycles.jurisdiction = rules.jurisdiction
        and coalesce(rules.effective_from_date <= participation.activity_date, true)
        and coalesce(rules.effective_to_date >= participation.activity_date, true)
    where
        participation.attended_hours > 0
        and participation.activity_date <= settings.as_of_date
        and rules.units_per_pd_hour is not null
),

counted_awards as (
    select
        ledger.renewal_cycle_key,
        ledger.micro_credential_key,
        definitions.micro_credential_id,
        ledger.issued_date
    from {{ ref('fct_renewal_ledger') }} as ledger
    inner join {{ ref('dim_micro_credentials') }} as definitions
        on ledger.micro_credential_key = definitions.micro_credential_key
    where ledger.is_counted
),

alignments as (
    select
        item_type,
        item_key,
        competency_key
    from {{ ref('bridge_alignments') }}
    where status = 'approved'
),

-- the micro-credential itself listed as an activity
hours_named_by_award as (
    select
        hours.pd_participation_key,
        hours.renewal_cycle_key
    from hours
    inner join counted_awards
        on hours.renewal_cycle_key = counted_awards.renewal_cycle_key
        and hours.activity_id = counted_awards.micro_credential_id
    where hours.is_hours_counted_once
),

-- support for it: the same competency, in the days before the award
hours_of_support as (
    select
        hours.pd_participation_key,
        hours.renewal_cycle_key
    from hours
    inner join counted_awards
        on hours.renewal_cycle_key = counted_awards.renewal_cycle_key
        and hours.activity_date <= counted_awards.issued_date
        and hours.activity_date >= {{ dbt.dateadd('day', -1 * var('support_days'), 'counted_awards.issued_date') }}
    inner join alignments as of_activity
        on of_activity.item_type = 'pd_activity'
        and hours.pd_activity_key = of_activity.item_key
    inner join alignments as of_award
        on of_award.item_type = 'micro_credential'
        and counted_awards.micro_credential_key = of_award.item_key
        and of_activity.competency_key = of_award.competency_key
    where hours.is_hours_counted_once and hours.is_support
),

hours_within_awards as (
    select pd_participation_key, renewal_cycle_key
    from hours_named_by_award
    union
    select pd_participation_key, renewal_cycle_key
    from hours_of_support
)

select
    {{ surrogate_key(['hours.pd_participation_key', 'hours.renewal_cycle_key'], district_id='hours.district_id') }} as renewal_hours_key,
    hours.district_id,
    hours.staff_key,
    hours.jurisdiction,
    hours.renewal_cycle_key,
    hours.pd_participation_key,
    hours.activity_date,
    hours.attended_hours,
    hours_within_awards.pd_participation_key is null as is_counted,
    cast(
        case
            when hours_within_awards.pd_participation_key is null
                then cast(hours.attended_hours as decimal(18, 4)) * hours.units_per_pd_hour
            else 0
        end
    as decimal(18, 4)) as units
from hours
left join hours_within_awards
    on hours.pd_participation_key = hours_within_awards.pd_participation_key
    and hours.renewal_cycle_key = hours_within_awards.renewal_cycle_key
