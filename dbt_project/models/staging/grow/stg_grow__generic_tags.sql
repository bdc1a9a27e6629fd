with

newest_versions as (
    {{ newest_records(source('grow', 'generic_tags'), key=['genericTagKind', 'id'], modified='lastModified') }}
)

select
    _district_id as district_id,
    genericTagKind as generic_tag_kind,
    id as generic_tag_id_grow,
    trim(name) as generic_tag_name,
    archivedAt as archived_at,
    lastModified as modified_at,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
