select
    source_system,
    connection,
    stream,
    -- some sources number their records by address, and a list for analysts names nobody
    case
        when source_record_id like '%@%' then 'hash ' || md5(source_record_id)
        else source_record_id
    end as record_id,
    unmatched_reason as reason,
    what
from {{ ref('int_quality__records_unmatched') }}
