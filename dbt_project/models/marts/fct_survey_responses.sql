select
    responses.survey_response_key,
    responses.district_id,
    matched.staff_key,
    responses.source_system,
    responses.survey_id,
    responses.question_code,
    responses.response,
    responses.scale_max,
    responses.survey_date
from {{ ref('int_pd__survey_responses_referenced') }} as responses
left join {{ ref('int_identity__staff_matched') }} as matched
    on responses.reference_key = matched.reference_key
