with

newest_versions as (
    {{ newest_records(source('grow', 'observations'), key=['id'], modified='lastModified') }}
),

settings as (
    select timezone
    from {{ ref('stg_pipeline__settings') }}
)

select
    newest_versions._district_id as district_id,
    newest_versions.id as observation_id_grow,
    newest_versions.rubric_id as rubric_id_grow,
    trim(newest_versions.rubric_name) as rubric_name,
    newest_versions.teacher_id as teacher_id_grow,
    newest_versions.teacher_email,
    newest_versions.observer_id as observer_id_grow,
    newest_versions.observer_email,
    newest_versions.school_id as school_id_grow,
    newest_versions.observationType as observation_type_id_grow,
    newest_versions.observedAt as observed_at,
    -- an evening's observation stands on the next day in UTC
    {{ local_date('newest_versions.observedAt', 'settings.timezone') }} as observed_date,
    newest_versions.score as overall_score,
    newest_versions.observationScores as scores,
    newest_versions.firstPublished as first_published_at,
    newest_versions.lastPublished as last_published_at,
    coalesce(newest_versions.isPublished, false) as is_published,
    coalesce(newest_versions.isPrivate, false) as is_private,
    newest_versions.archivedAt as archived_at,
    newest_versions.archivedAt is not null as is_archived,
    -- drafts and archived slips are kept, and count nowhere
    coalesce(newest_versions.isPublished, false) and newest_versions.archivedAt is null as is_final,
    newest_versions.lastModified as modified_at,
    newest_versions.is_deleted,
    newest_versions._connection,
    newest_versions._run_id,
    newest_versions._extracted_at
from newest_versions
cross join settings
