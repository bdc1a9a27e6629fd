select
    year,
    index_value
from {{ ref('consumer_price_index') }}
