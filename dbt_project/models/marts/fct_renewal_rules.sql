with

settings as (
    select district_id
    from {{ ref('stg_pipeline__settings') }}
)

select
    {{ surrogate_key(['rules.rule_id'], district_id='settings.district_id') }} as renewal_rule_key,
    settings.district_id,
    rules.rule_id,
    rules.jurisdiction,
    rules.licence_type,
    rules.unit,
    rules.units_per_award,
    rules.units_needed,
    rules.cycle_years,
    rules.effective_from as effective_from_date,
    rules.effective_to as effective_to_date,
    rules.citation,
    rules.verified_on as verified_date
from {{ ref('renewal_rules') }} as rules
cross join settings
