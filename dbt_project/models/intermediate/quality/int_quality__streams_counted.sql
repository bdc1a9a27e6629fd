select
    source_system,
    stream,
    sum(live_count) as record_count,
    max(newest_extracted_at) as newest_extracted_at
from {{ ref('int_quality__records_staged') }}
group by source_system, stream
