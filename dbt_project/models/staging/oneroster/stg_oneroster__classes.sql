with

newest_versions as (
    {{ newest_records(source('oneroster', 'classes'), key=['sourcedId'], modified='dateLastModified') }}
)

select
    _district_id as district_id,
    sourcedId as class_id_oneroster,
    trim(title) as class_title,
    classCode as class_code,
    lower(trim(classType)) as class_type,
    grades,
    subjects,
    subjectCodes as subject_codes,
    courseSourcedId as course_id_oneroster,
    schoolSourcedId as org_id_oneroster,
    termSourcedIds as term_ids,
    dateLastModified as modified_at,
    is_deleted or coalesce(lower(trim(status)), '') = 'tobedeleted' as is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
