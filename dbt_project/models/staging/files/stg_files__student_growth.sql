with

newest_versions as (
    {{ newest_records(source('files', 'student_growth'), key=['school_id', 'school_year', 'measure'], modified='as_of_date') }}
)

select
    _district_id as district_id,
    school_id,
    school_year,
    lower(trim(measure)) as measure,
    value,
    student_count,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
