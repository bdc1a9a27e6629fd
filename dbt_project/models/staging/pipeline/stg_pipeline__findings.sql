select
    connection,
    platform,
    stream,
    run_id,
    check_name,
    severity,
    record_count,
    message
from {{ source('pipeline', 'findings') }}
