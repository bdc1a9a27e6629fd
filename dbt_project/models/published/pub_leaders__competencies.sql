select
    competency_key,
    district_id,
    competency_code,
    competency_name,
    domain,
    framework
from {{ ref('dim_competencies') }}
where is_in_use
