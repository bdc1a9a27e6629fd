with

newest_versions as (
    {{ newest_records(source('grow', 'rubrics'), key=['id'], modified='lastModified') }}
)

select
    _district_id as district_id,
    id as rubric_id_grow,
    trim(name) as rubric_name,
    scaleMin as scale_min,
    scaleMax as scale_max,
    measurementGroups as measurement_groups,
    archivedAt as archived_at,
    lastModified as modified_at,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
