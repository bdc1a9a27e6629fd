with

newest_versions as (
    {{ newest_records(source('edfi', 'staffs'), key=['id'], modified='_lastModifiedDate') }}
)

select
    _district_id as district_id,
    id as staff_resource_id_edfi,
    staffUniqueId as staff_unique_id,
    personId as person_id,
    {{ descriptor_code('personSourceSystemDescriptor') }} as person_source_system,
    trim(firstName) as first_name,
    trim(lastSurname) as last_name,
    trim(middleName) as middle_name,
    electronicMails as emails,
    yearsOfPriorTeachingExperience as years_experience,
    {{ descriptor_code('highestCompletedLevelOfEducationDescriptor') }} as highest_degree,
    _lastModifiedDate as modified_at,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
