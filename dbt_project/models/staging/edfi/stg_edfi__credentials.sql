with

newest_versions as (
    {{ newest_records(source('edfi', 'credentials'), key=['id'], modified='_lastModifiedDate') }}
)

select
    _district_id as district_id,
    id as licence_resource_id_edfi,
    credentialIdentifier as licence_id,
    {{ descriptor_code('stateOfIssueStateAbbreviationDescriptor') }} as issuing_state,
    {{ descriptor_code('credentialTypeDescriptor') }} as licence_type,
    {{ descriptor_code('credentialFieldDescriptor') }} as licence_field,
    {{ descriptor_code('credentialStatusDescriptor') }} as licence_status,
    {{ descriptor_code('teachingCredentialDescriptor') }} as teaching_licence,
    certificationTitle as licence_title,
    issuanceDate as issued_date,
    effectiveDate as effective_date,
    expirationDate as expires_date,
    gradeLevels as grade_levels,
    namespace,
    personId as person_id,
    {{ descriptor_code('personSourceSystemDescriptor') }} as person_source_system,
    _lastModifiedDate as modified_at,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
