with

newest_versions as (
    {{ newest_records(source('files', 'growth_goals'), key=['staff_id', 'school_year', 'competency_code'], modified='as_of_date') }}
)

select
    _district_id as district_id,
    staff_id as employee_id,
    school_year,
    competency_code,
    set_date,
    lower(trim(status)) as status,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
