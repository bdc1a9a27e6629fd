with

newest_versions as (
    {{ newest_records(source('oneroster', 'users'), key=['sourcedId'], modified='dateLastModified') }}
)

select
    _district_id as district_id,
    sourcedId as user_id_oneroster,
    enabledUser as is_enabled,
    nullif(trim(identifier), '') as employee_id,
    nullif(trim(userMasterIdentifier), '') as state_id,
    trim(givenName) as first_name,
    trim(familyName) as last_name,
    trim(middleName) as middle_name,
    email,
    nullif(trim(role), '') as role,
    orgSourcedIds as org_ids,
    roles,
    primaryOrgSourcedId as primary_org_id_oneroster,
    dateLastModified as modified_at,
    is_deleted or coalesce(lower(trim(status)), '') = 'tobedeleted' as is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
