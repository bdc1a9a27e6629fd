select
    issuer_approval_key,
    district_id,
    issuer_key,
    issuer_name,
    {{ surrogate_key(['micro_credential_id']) }} as micro_credential_key,
    micro_credential_id,
    approved_from_date,
    approved_to_date,
    approved_for
from {{ ref('int_credentials__issuer_approvals_matched') }}
