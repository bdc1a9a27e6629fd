select
    dispute_key,
    district_id,
    staff_key,
    competency_key,
    opened_date
from {{ ref('fct_disputes') }}
where is_open
