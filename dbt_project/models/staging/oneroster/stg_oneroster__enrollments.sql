with

newest_versions as (
    {{ newest_records(source('oneroster', 'enrollments'), key=['sourcedId'], modified='dateLastModified') }}
)

select
    _district_id as district_id,
    sourcedId as enrollment_id_oneroster,
    userSourcedId as user_id_oneroster,
    classSourcedId as class_id_oneroster,
    schoolSourcedId as org_id_oneroster,
    lower(trim(role)) as role,
    "primary" as is_primary,
    beginDate as begin_date,
    -- the day after the last one
    endDate as end_date,
    dateLastModified as modified_at,
    is_deleted or coalesce(lower(trim(status)), '') = 'tobedeleted' as is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
