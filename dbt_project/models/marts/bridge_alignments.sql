select
    alignment_key,
    district_id,
    item_type,
    item_key,
    competency_key,
    framework,
    competency_code,
    status,
    valid_from_date,
    valid_to_date,
    stated_by
from {{ ref('int_credentials__alignments_unioned') }}
where competency_key is not null
