-- all that was landed, and not the newest alone: scores change after publication
select
    _district_id as district_id,
    id as observation_id_grow,
    observationScores as scores,
    score as overall_score,
    coalesce(isPublished, false) as is_published,
    lastModified as modified_at,
    _connection,
    _run_id,
    _extracted_at,
    _record_hash
from {{ source('grow', 'observations') }}
where _change = 'upsert'
