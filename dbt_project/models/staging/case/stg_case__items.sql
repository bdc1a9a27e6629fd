with

newest_versions as (
    {{ newest_records(source('case', 'items'), key=['document_identifier', 'identifier'], modified='lastChangeDateTime') }}
)

select
    _district_id as district_id,
    document_identifier as document_id_case,
    identifier as item_id_case,
    uri as item_uri,
    trim(fullStatement) as full_statement,
    nullif(trim(abbreviatedStatement), '') as abbreviated_statement,
    alternativeLabel as alternative_label,
    nullif(trim(humanCodingScheme), '') as coding_scheme,
    listEnumeration as list_enumeration,
    CFItemType as item_type,
    conceptKeywords as concept_keywords,
    language,
    educationLevel as education_levels,
    statusStartDate as valid_from_date,
    statusEndDate as valid_to_date,
    lastChangeDateTime as changed_at,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
