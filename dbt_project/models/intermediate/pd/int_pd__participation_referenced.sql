select
    {{ surrogate_key(["'files'", '_connection', 'employee_id', 'activity_id', 'activity_date']) }} as pd_participation_key,
    district_id,
    'files' as source_system,
    _connection as connection,
    'pd_participation' as stream,
    employee_id || '|' || activity_id || '|' || cast(activity_date as {{ dbt.type_string() }}) as source_record_id,
    activity_id,
    activity_title,
    activity_date,
    hours,
    status,
    format,
    provider,
    competency_code,
    {{ person_reference(employee_id='employee_id', email='email') }}
from {{ ref('stg_files__pd_participation') }}
where not is_deleted
