with

newest_versions as (
    {{ newest_records(source('edfi', 'people'), key=['id'], modified='_lastModifiedDate') }}
)

select
    _district_id as district_id,
    id as person_resource_id_edfi,
    personId as person_id,
    {{ descriptor_code('sourceSystemDescriptor') }} as person_source_system,
    _lastModifiedDate as modified_at,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
