with

newest_versions as (
    {{ newest_records(source('toy_badges', 'awards'), key=['id']) }}
)

select
    _district_id as district_id,
    id as award_id_toy_badges,
    badge as badge_id_toy_badges,
    issuer as issuer_id_toy_badges,
    earner_email as recipient_email,
    awarded_at as issued_at,
    revoked as is_revoked,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
