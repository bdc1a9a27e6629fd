with

newest_versions as (
    {{ newest_records(source('files', 'credential_awards'), key=['award_id'], modified='as_of_date') }}
)

select
    _district_id as district_id,
    award_id,
    staff_id as employee_id,
    email,
    micro_credential_id,
    trim(micro_credential_name) as micro_credential_name,
    trim(issuer_name) as issuer_name,
    issued_date,
    expires_date,
    revoked_date,
    lower(trim(status)) as award_status,
    evidence_url,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
