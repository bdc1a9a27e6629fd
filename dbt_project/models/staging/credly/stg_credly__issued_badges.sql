with

newest_versions as (
    {{ newest_records(source('credly', 'issued_badges'), key=['id'], modified='updated_at') }}
)

select
    _district_id as district_id,
    id as badge_id_credly,
    lower(trim(state)) as state,
    -- pending, accepted and rejected say what the earner answered, not whether it was earned;
    -- a replaced badge is spent, and the one in its place speaks for itself
    lower(trim(state)) in ('revoked', 'replaced') as is_revoked,
    replacement_badge_id as replacement_badge_id_credly,
    badge_template_id as badge_template_id_credly,
    trim(badge_template_name) as badge_template_name,
    coalesce(badge_template_owner_id, {{ json_text('issuer_entities', [0, 'entity', 'id']) }}) as issuer_id_credly,
    trim(coalesce(badge_template_owner_name, {{ json_text('issuer_entities', [0, 'entity', 'name']) }})) as issuer_name,
    recipient_email,
    issuer_earner_id as employee_id,
    issued_at,
    expires_at,
    state_updated_at,
    badge_url,
    evidence_urls,
    public as is_public,
    created_at,
    updated_at,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
