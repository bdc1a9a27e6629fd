with

newest_versions as (
    {{ newest_records(source('open_badges', 'credentials'), key=['credential_id', 'issuer_id', 'open_badges_version'], modified='valid_from') }}
)

select
    _district_id as district_id,
    credential_id,
    issuer_id,
    trim(issuer_name) as issuer_name,
    open_badges_version,
    achievement_id,
    trim(achievement_name) as achievement_name,
    achievement_description,
    alignments,
    recipient_identity,
    recipient_type,
    recipient_hashed as is_recipient_hashed,
    recipient_salt,
    issued_at,
    valid_from as valid_from_at,
    expires_at,
    revoked as is_revoked,
    lower(verification) as verification,
    verification_reason,
    proof_type,
    evidence_urls,
    file_name,
    file_format,
    is_deleted,
    checked_at as _checked_at,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
