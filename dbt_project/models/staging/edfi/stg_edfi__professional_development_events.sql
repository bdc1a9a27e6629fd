with

newest_versions as (
    {{ newest_records(source('edfi', 'professional_development_events'), key=['id'], modified='_lastModifiedDate') }}
)

select
    _district_id as district_id,
    id as professional_development_event_id_edfi,
    namespace as event_namespace,
    professionalDevelopmentTitle as event_title,
    {{ descriptor_code('professionalDevelopmentOfferedByDescriptor') }} as offered_by,
    totalHours as total_hours,
    multipleSession as has_several_sessions,
    required as is_required,
    professionalDevelopmentReason as event_reason,
    _lastModifiedDate as modified_at,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
