select
    {{ surrogate_key(["'files'", '_connection', 'employee_id', 'consent_kind', 'recorded_date']) }} as consent_key,
    district_id,
    'files' as source_system,
    _connection as connection,
    'consents' as stream,
    employee_id || '|' || consent_kind || '|' || cast(recorded_date as {{ dbt.type_string() }}) as source_record_id,
    consent_kind,
    is_granted,
    recorded_date,
    {{ person_reference(employee_id='employee_id') }}
from {{ ref('stg_files__consents') }}
where not is_deleted
