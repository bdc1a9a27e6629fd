select
    pd_activity_key,
    district_id,
    activity_id,
    activity_title,
    format,
    provider,
    first_activity_date,
    latest_activity_date,
    source_system
from {{ ref('int_pd__activities') }}
