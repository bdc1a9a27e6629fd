select
    {{ surrogate_key(["'files'", '_connection', 'survey_id', 'respondent_id', 'question_code']) }} as survey_response_key,
    district_id,
    'files' as source_system,
    _connection as connection,
    'survey_responses' as stream,
    survey_id || '|' || respondent_id || '|' || question_code as source_record_id,
    survey_id,
    question_code,
    response,
    scale_max,
    survey_date,
    {{ person_reference(employee_id='employee_id') }}
from {{ ref('stg_files__survey_responses') }}
where not is_deleted
