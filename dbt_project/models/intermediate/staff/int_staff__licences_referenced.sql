with

licences as (
    select
        district_id,
        _connection as connection,
        licence_resource_id_edfi as source_record_id,
        licence_id,
        issuing_state,
        licence_type,
        licence_field,
        licence_status,
        licence_title,
        issued_date,
        effective_date,
        expires_date,
        {{ person_key_of() }} as person_key
    from {{ ref('stg_edfi__credentials') }}
    where not is_deleted
)

select
    {{ surrogate_key(["'edfi'", 'connection', 'source_record_id']) }} as licence_key,
    district_id,
    'edfi' as source_system,
    connection,
    'credentials' as stream,
    source_record_id,
    licence_id,
    issuing_state,
    licence_type,
    licence_field,
    licence_status,
    licence_title,
    issued_date,
    effective_date,
    expires_date,
    person_key,
    {{ person_reference(person_key='person_key') }}
from licences
