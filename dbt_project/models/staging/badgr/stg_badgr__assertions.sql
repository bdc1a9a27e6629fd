with

newest_versions as (
    {{ newest_records(source('badgr', 'assertions'), key=['entityId']) }}
)

select
    _district_id as district_id,
    entityId as assertion_id_badgr,
    openBadgeId as assertion_url,
    badgeclass as badge_class_id_badgr,
    badgeclassOpenBadgeId as badge_class_url,
    issuer as issuer_id_badgr,
    issuerOpenBadgeId as issuer_url,
    recipient_identity,
    recipient_plaintext_identity,
    recipient_type,
    recipient_hashed as is_recipient_hashed,
    recipient_salt,
    issuedOn as issued_at,
    expires as expires_at,
    revoked as is_revoked,
    acceptance,
    evidence_urls,
    extensions,
    createdAt as created_at,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
