select
    connection,
    platform,
    stream,
    roster_rank,
    first_school_year,
    last_school_year
from {{ source('pipeline', 'configured_sources') }}
