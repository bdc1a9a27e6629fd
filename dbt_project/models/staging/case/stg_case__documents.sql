with

newest_versions as (
    {{ newest_records(source('case', 'documents'), key=['identifier'], modified='lastChangeDateTime') }}
)

select
    _district_id as district_id,
    identifier as document_id_case,
    uri as document_uri,
    trim(title) as framework,
    creator,
    publisher,
    description,
    subject,
    language,
    version,
    frameworkType as framework_type,
    adoptionStatus as adoption_status,
    statusStartDate as valid_from_date,
    statusEndDate as valid_to_date,
    officialSourceURL as official_source_url,
    lastChangeDateTime as changed_at,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
