-- what a micro-credential earns by each rule, before the district's own conditions
select
    {{ surrogate_key(
        ['definitions.micro_credential_key', 'rules.rule_id'], district_id='definitions.district_id'
    ) }} as micro_credential_value_key,
    definitions.district_id,
    definitions.micro_credential_key,
    definitions.issuer_key,
    rules.rule_id,
    rules.jurisdiction,
    rules.unit_name,
    rules.effective_from_date,
    rules.effective_to_date,
    rules.is_for_approved_issuers_only,
    rules.is_for_goal_or_need_only,
    cast(coalesce(
        rules.units_per_micro_credential,
        definitions.hours_to_earn / rules.micro_credential_hours_per_unit
    ) as decimal(18, 2)) as units
from {{ ref('dim_micro_credentials') }} as definitions
inner join {{ ref('fct_renewal_rules') }} as rules on definitions.district_id = rules.district_id
