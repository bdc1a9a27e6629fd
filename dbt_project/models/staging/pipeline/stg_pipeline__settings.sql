select
    district_id,
    district_name,
    timezone,
    school_year_start_month,
    school_year_start_day,
    as_of_date,
    is_synthetic
from {{ source('pipeline', 'settings') }}
