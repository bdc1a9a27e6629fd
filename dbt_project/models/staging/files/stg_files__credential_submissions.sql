with

newest_versions as (
    {{ newest_records(source('files', 'credential_submissions'), key=['submission_id'], modified='as_of_date') }}
)

select
    _district_id as district_id,
    submission_id,
    staff_id as employee_id,
    email,
    micro_credential_id,
    trim(micro_credential_name) as micro_credential_name,
    trim(issuer_name) as issuer_name,
    submitted_date,
    decided_date,
    lower(trim(outcome)) as outcome,
    assessor_id,
    attempt_number,
    award_id,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
