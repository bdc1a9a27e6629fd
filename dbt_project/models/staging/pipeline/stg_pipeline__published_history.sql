select
    district_id,
    staff_key,
    competency_key,
    competency_code,
    competency_name,
    band,
    observation_count,
    award_count,
    explanation,
    known_from_date,
    known_to_date
from {{ source('pipeline', 'published_history') }}
