-- an approval that does not say what for holds for everything
select
    {{ surrogate_key(['connection', 'approval_id']) }} as renewal_approval_key,
    district_id,
    comparable_issuer_name,
    micro_credential_id,
    approved_from_date,
    approved_to_date
from {{ ref('int_credentials__issuer_approvals_matched') }}
where coalesce(nullif(trim(lower(approved_for)), ''), 'renewal') like '%renewal%'
