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
    rules.jurisdiction_type,
    rules.state_code,
    rules.unit_name,
    rules.units_per_micro_credential,
    rules.micro_credential_hours_per_unit,
    rules.units_per_pd_hour,
    coalesce(rules.approved_issuers_only, false) as is_for_approved_issuers_only,
    coalesce(rules.goal_or_need_only, false) as is_for_goal_or_need_only,
    rules.units_to_advance,
    rules.advancing_licence,
    rules.years_to_advance,
    rules.units_to_renew,
    rules.years_to_renew,
    rules.units_at_effectiveness_5,
    rules.units_at_effectiveness_4,
    rules.units_at_effectiveness_3,
    rules.effective_from as effective_from_date,
    rules.effective_to as effective_to_date,
    rules.citation,
    rules.verified_on as verified_date,
    rules.remark
from {{ ref('renewal_rules') }} as rules
cross join settings
