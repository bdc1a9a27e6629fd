with

newest_versions as (
    {{ newest_records(source('grow', 'users'), key=['id'], modified='lastModified') }}
)

select
    _district_id as district_id,
    id as user_id_grow,
    internalId as internal_id,
    email,
    powerSchoolId as power_school_id,
    edFiStaffId as staff_id_edfi,
    inactive as is_inactive,
    school_id as school_id_grow,
    archivedAt as archived_at,
    lastModified as modified_at,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
