select
    crosswalk_item_key,
    item_type,
    item_id,
    item_title,
    listed_under,
    is_mapped,
    needs_mapping
from {{ ref('dim_crosswalk_items') }}
