with

newest_versions as (
    {{ newest_records(source('files', 'survey_responses'), key=['survey_id', 'respondent_id', 'question_code'], modified='as_of_date') }}
)

select
    _district_id as district_id,
    survey_id,
    respondent_id,
    staff_id as employee_id,
    question_code,
    response,
    scale_max,
    survey_date,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
