with

newest_versions as (
    {{ newest_records(source('files', 'roster'), key=['staff_id', 'school_year', 'school_id', 'role'], modified='as_of_date') }}
)

select
    _district_id as district_id,
    staff_id as employee_id,
    school_year,
    trim(first_name) as first_name,
    trim(last_name) as last_name,
    email,
    school_id,
    trim(school_name) as school_name,
    role,
    grade_band,
    subject,
    years_experience,
    state_id,
    hire_date,
    end_date,
    lower(trim(status)) as status,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
