with

newest_versions as (
    {{ newest_records(source('case', 'rubrics'), key=['document_identifier', 'identifier'], modified='lastChangeDateTime') }}
)

select
    _district_id as district_id,
    document_identifier as document_id_case,
    identifier as rubric_id_case,
    uri as rubric_uri,
    trim(title) as rubric_title,
    description,
    CFRubricCriteria as criteria,
    lastChangeDateTime as changed_at,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
