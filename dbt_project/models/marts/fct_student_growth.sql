select
    {{ surrogate_key(["'files'", '_connection', 'school_id', 'school_year', 'measure']) }} as student_growth_key,
    district_id,
    {{ surrogate_key(['trim(school_id)']) }} as school_key,
    cast(school_year as integer) as school_year,
    measure,
    value,
    student_count,
    'files' as source_system,
    _connection as connection
from {{ ref('stg_files__student_growth') }}
where not is_deleted
