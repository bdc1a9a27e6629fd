select
    {{ surrogate_key(["'files'", '_connection', 'employee_id', 'school_year']) }} as compensation_key,
    district_id,
    'files' as source_system,
    _connection as connection,
    'compensation' as stream,
    employee_id || '|' || cast(school_year as {{ dbt.type_string() }}) as source_record_id,
    cast(school_year as integer) as school_year,
    salary_usd,
    benefit_rate as benefit_share,
    contract_days,
    hours_per_day,
    stipend_usd,
    credential_pay_usd,
    {{ person_reference(employee_id='employee_id') }}
from {{ ref('stg_files__compensation') }}
where not is_deleted
