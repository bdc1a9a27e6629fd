with

newest_versions as (
    {{ newest_records(source('files', 'compensation'), key=['staff_id', 'school_year'], modified='as_of_date') }}
)

select
    _district_id as district_id,
    staff_id as employee_id,
    school_year,
    salary_usd,
    benefit_rate,
    contract_days,
    hours_per_day,
    stipend_usd,
    credential_pay_usd,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
