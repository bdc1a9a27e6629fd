with

newest_versions as (
    {{ newest_records(source('edfi', 'schools'), key=['id'], modified='_lastModifiedDate') }}
)

select
    _district_id as district_id,
    id as school_resource_id_edfi,
    cast(schoolId as {{ dbt.type_string() }}) as school_id,
    trim(nameOfInstitution) as school_name,
    shortNameOfInstitution as short_name,
    cast(localEducationAgencyId as {{ dbt.type_string() }}) as local_education_agency_id,
    gradeLevels as grade_levels,
    {{ descriptor_code('operationalStatusDescriptor') }} as operational_status,
    _lastModifiedDate as modified_at,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
