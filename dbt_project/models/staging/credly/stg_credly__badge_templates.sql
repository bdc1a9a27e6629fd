with

newest_versions as (
    {{ newest_records(source('credly', 'badge_templates'), key=['id'], modified='updated_at') }}
)

select
    _district_id as district_id,
    id as badge_template_id_credly,
    trim(name) as badge_template_name,
    description,
    state,
    public as is_public,
    level,
    type_category,
    time_to_earn,
    coalesce(global_activity_url, url) as criteria_url,
    -- a template belongs to one organisation and may be issued by others
    coalesce(owner_id, {{ json_text('issuer_entities', [0, 'entity', 'id']) }}) as issuer_id_credly,
    trim(coalesce(owner_name, {{ json_text('issuer_entities', [0, 'entity', 'name']) }})) as issuer_name,
    alignments,
    skills,
    reporting_tags,
    created_at,
    updated_at,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
