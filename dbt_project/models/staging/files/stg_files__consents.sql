with

newest_versions as (
    {{ newest_records(source('files', 'consents'), key=['staff_id', 'consent_kind', 'recorded_date'], modified='as_of_date') }}
)

select
    _district_id as district_id,
    staff_id as employee_id,
    lower(trim(consent_kind)) as consent_kind,
    is_granted,
    recorded_date,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
