with

newest_versions as (
    {{ newest_records(source('files', 'issuer_approvals'), key=['approval_id'], modified='as_of_date') }}
)

select
    _district_id as district_id,
    approval_id,
    trim(issuer_name) as issuer_name,
    micro_credential_id,
    approved_from,
    approved_to,
    approved_for,
    approved_by,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
