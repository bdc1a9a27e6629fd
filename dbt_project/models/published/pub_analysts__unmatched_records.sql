select
    source_system,
    connection,
    stream,
    source_record_id as record_id,
    unmatched_reason as reason,
    what
from {{ ref('int_quality__records_unmatched') }}
