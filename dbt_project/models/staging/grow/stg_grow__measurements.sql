with

newest_versions as (
    {{ newest_records(source('grow', 'measurements'), key=['id'], modified='lastModified') }}
)

select
    _district_id as district_id,
    id as measurement_id_grow,
    trim(name) as measurement_name,
    scaleMin as scale_min,
    scaleMax as scale_max,
    measurementOptions as measurement_options,
    archivedAt as archived_at,
    lastModified as modified_at,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
