select
    school_key,
    district_id,
    school_id,
    school_name
from {{ ref('dim_schools') }}
