with

newest_versions as (
    {{ newest_records(source('edfi', 'staff_identification_codes'), key=['id'], modified='_lastModifiedDate') }}
)

select
    _district_id as district_id,
    id as staff_identification_code_id_edfi,
    staffUniqueId as staff_unique_id,
    cast(educationOrganizationId as {{ dbt.type_string() }}) as education_organization_id,
    {{ descriptor_code('staffIdentificationSystemDescriptor') }} as identification_system,
    trim(identificationCode) as identification_code,
    _lastModifiedDate as modified_at,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
