with

newest_versions as (
    {{ newest_records(source('files', 'school_characteristics'), key=['school_id', 'school_year'], modified='as_of_date') }}
)

select
    _district_id as district_id,
    school_id,
    school_year,
    economically_disadvantaged_share,
    upper(trim(lowest_grade)) as lowest_grade,
    upper(trim(highest_grade)) as highest_grade,
    enrolment_count,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
