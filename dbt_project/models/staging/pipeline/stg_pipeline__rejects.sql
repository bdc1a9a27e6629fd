select
    connection,
    platform,
    stream,
    run_id,
    row_number,
    field,
    reason,
    value
from {{ source('pipeline', 'rejects') }}
