with

newest_versions as (
    {{ newest_records(source('edfi', 'professional_development_event_attendances'), key=['id'], modified='_lastModifiedDate') }}
)

select
    _district_id as district_id,
    id as professional_development_event_attendance_id_edfi,
    namespace as event_namespace,
    professionalDevelopmentTitle as event_title,
    personId as person_id,
    {{ descriptor_code('sourceSystemDescriptor') }} as person_source_system,
    attendanceDate as attendance_date,
    {{ descriptor_code('attendanceEventCategoryDescriptor') }} as attendance_category,
    _lastModifiedDate as modified_at,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
