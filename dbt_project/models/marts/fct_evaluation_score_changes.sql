select
    evaluation_score_change_key,
    evaluation_score_key,
    district_id,
    source_system,
    connection,
    source_record_id,
    result_number,
    version_number,
    score_before,
    score,
    changed_at,
    first_seen_at,
    is_after_publication
from {{ ref('int_evaluations__scores_changed') }}
