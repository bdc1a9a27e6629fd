with

newest_versions as (
    {{ newest_records(source('oneroster', 'academic_sessions'), key=['sourcedId'], modified='dateLastModified') }}
)

select
    _district_id as district_id,
    sourcedId as session_id_oneroster,
    trim(title) as session_title,
    lower(trim(type)) as session_type,
    startDate as start_date,
    -- the day after the last one
    endDate as end_date,
    cast({{ number_from_text("right(trim(schoolYear), 4)") }} as integer) as school_year,
    parentSourcedId as parent_session_id_oneroster,
    metadata,
    dateLastModified as modified_at,
    is_deleted or coalesce(lower(trim(status)), '') = 'tobedeleted' as is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
