with

newest_versions as (
    {{ newest_records(source('grow', 'schools'), key=['id'], modified='lastModified') }}
)

select
    _district_id as district_id,
    id as school_id_grow,
    trim(name) as school_name,
    internalId as internal_id,
    archivedAt as archived_at,
    lastModified as modified_at,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
