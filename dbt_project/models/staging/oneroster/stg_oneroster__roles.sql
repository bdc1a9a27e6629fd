with

newest_versions as (
    {{ newest_records(source('oneroster', 'roles'), key=['sourcedId'], modified='dateLastModified') }}
)

select
    _district_id as district_id,
    sourcedId as role_id_oneroster,
    userSourcedId as user_id_oneroster,
    orgSourcedId as org_id_oneroster,
    trim(role) as role,
    lower(trim(roleType)) as role_type,
    beginDate as begin_date,
    -- the day after the last one
    endDate as end_date,
    dateLastModified as modified_at,
    is_deleted or coalesce(lower(trim(status)), '') = 'tobedeleted' as is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
