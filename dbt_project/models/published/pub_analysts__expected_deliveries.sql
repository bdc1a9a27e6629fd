select
    source_system,
    connection,
    stream,
    cast(school_year as integer) as school_year,
    is_expected,
    is_present,
    cast(record_count as bigint) as record_count,
    state,
    why_not_expected
from {{ ref('int_quality__school_years_expected') }}
