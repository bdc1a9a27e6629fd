with

newest_versions as (
    {{ newest_records(source('case', 'associations'), key=['document_identifier', 'identifier'], modified='lastChangeDateTime') }}
)

select
    _district_id as district_id,
    document_identifier as document_id_case,
    identifier as association_id_case,
    uri as association_uri,
    trim(associationType) as association_type,
    sequenceNumber as sequence_number,
    origin_identifier as origin_id_case,
    origin_uri,
    destination_identifier as destination_id_case,
    destination_uri,
    lastChangeDateTime as changed_at,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
