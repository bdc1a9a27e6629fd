with

newest_versions as (
    {{ newest_records(source('files', 'pd_participation'), key=['staff_id', 'activity_id', 'activity_date'], modified='as_of_date') }}
)

select
    _district_id as district_id,
    staff_id as employee_id,
    email,
    activity_id,
    activity_title,
    activity_date,
    hours,
    lower(trim(status)) as status,
    format,
    provider,
    competency_code,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
