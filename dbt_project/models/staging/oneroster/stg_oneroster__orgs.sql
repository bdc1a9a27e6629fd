with

newest_versions as (
    {{ newest_records(source('oneroster', 'orgs'), key=['sourcedId'], modified='dateLastModified') }}
)

select
    _district_id as district_id,
    sourcedId as org_id_oneroster,
    -- by the identifier a school is the same school in ledgers and evaluations
    coalesce(nullif(trim(identifier), ''), trim(sourcedId)) as school_id,
    trim(name) as org_name,
    lower(trim(type)) as org_type,
    parentSourcedId as parent_org_id_oneroster,
    metadata,
    dateLastModified as modified_at,
    is_deleted or coalesce(lower(trim(status)), '') = 'tobedeleted' as is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
