select
    {{ surrogate_key(["'files'", '_connection', 'employee_id', 'school_year', 'competency_code']) }} as growth_goal_key,
    district_id,
    'files' as source_system,
    _connection as connection,
    'growth_goals' as stream,
    employee_id || '|' || cast(school_year as {{ dbt.type_string() }}) || '|' || competency_code as source_record_id,
    cast(school_year as integer) as school_year,
    competency_code,
    set_date,
    status,
    {{ person_reference(employee_id='employee_id') }}
from {{ ref('stg_files__growth_goals') }}
where not is_deleted
