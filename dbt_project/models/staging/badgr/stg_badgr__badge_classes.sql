with

newest_versions as (
    {{ newest_records(source('badgr', 'badge_classes'), key=['entityId']) }}
)

select
    _district_id as district_id,
    entityId as badge_class_id_badgr,
    openBadgeId as badge_class_url,
    issuer as issuer_id_badgr,
    issuerOpenBadgeId as issuer_url,
    trim(name) as badge_class_name,
    description,
    criteriaUrl as criteria_url,
    criteriaNarrative as criteria_narrative,
    alignments,
    tags,
    expires as expires_after,
    extensions,
    createdAt as created_at,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
