select
    ledger.renewal_ledger_key as renewal_award_key,
    ledger.district_id,
    ledger.staff_key,
    ledger.jurisdiction,
    ledger.renewal_cycle_key,
    ledger.rule_id,
    definitions.micro_credential_name,
    issuers.issuer_name,
    ledger.issued_date,
    ledger.is_counted,
    ledger.reason,
    ledger.unit_name,
    ledger.units,
    ledger.remark
from {{ ref('fct_renewal_ledger') }} as ledger
inner join {{ ref('dim_staff') }} as staff
    on ledger.staff_key = staff.staff_key
    and staff.is_active
left join {{ ref('dim_micro_credentials') }} as definitions
    on ledger.micro_credential_key = definitions.micro_credential_key
left join {{ ref('dim_issuers') }} as issuers on definitions.issuer_key = issuers.issuer_key
