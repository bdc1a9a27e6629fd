with

newest_versions as (
    {{ newest_records(source('edfi', 'staff_assignments'), key=['id'], modified='_lastModifiedDate') }}
)

select
    _district_id as district_id,
    id as staff_assignment_id_edfi,
    staffUniqueId as staff_unique_id,
    cast(educationOrganizationId as {{ dbt.type_string() }}) as education_organization_id,
    {{ descriptor_code('staffClassificationDescriptor') }} as classification,
    beginDate as begin_date,
    endDate as end_date,
    positionTitle as position_title,
    fullTimeEquivalency as full_time_share,
    orderOfAssignment as assignment_order,
    _lastModifiedDate as modified_at,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
