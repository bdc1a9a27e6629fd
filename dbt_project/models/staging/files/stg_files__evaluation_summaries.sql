with

newest_versions as (
    {{ newest_records(source('files', 'evaluation_summaries'), key=['staff_id', 'school_year', 'measure'], modified='as_of_date') }}
)

select
    _district_id as district_id,
    staff_id as employee_id,
    school_year,
    lower(trim(measure)) as measure,
    value,
    level,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
