with

newest_versions as (
    {{ newest_records(source('files', 'evaluation_scores'), key=['observation_id', 'element_code'], modified='as_of_date') }}
)

select
    _district_id as district_id,
    observation_id,
    staff_id as employee_id,
    email,
    rubric_version as rubric_version_reported,
    element_code,
    score,
    observed_date,
    school_year,
    rater_id,
    observation_type,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
