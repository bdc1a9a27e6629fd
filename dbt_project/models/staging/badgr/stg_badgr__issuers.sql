with

newest_versions as (
    {{ newest_records(source('badgr', 'issuers'), key=['entityId']) }}
)

select
    _district_id as district_id,
    entityId as issuer_id_badgr,
    openBadgeId as issuer_url,
    trim(name) as issuer_name,
    url as website_url,
    description,
    createdAt as created_at,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
