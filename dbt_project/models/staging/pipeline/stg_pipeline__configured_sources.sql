select
    connection,
    platform,
    stream,
    roster_rank
from {{ source('pipeline', 'configured_sources') }}
