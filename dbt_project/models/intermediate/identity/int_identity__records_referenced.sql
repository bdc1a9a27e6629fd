{%- set referring_models = {
    'int_credentials__awards_unioned': 'award_record_key',
    'int_credentials__submissions_referenced': 'credential_submission_key',
    'int_evaluations__scores_unioned': 'evaluation_score_key',
    'int_evaluations__summaries_unioned': 'evaluation_summary_key',
    'int_staff__licences_referenced': 'licence_key',
    'int_staff__compensation_referenced': 'compensation_key',
    'int_staff__consents_referenced': 'consent_key',
    'int_staff__growth_goals_referenced': 'growth_goal_key',
    'int_pd__participation_referenced': 'pd_participation_key',
    'int_pd__survey_responses_referenced': 'survey_response_key',
} -%}
-- survey answers without any id are anonymous on purpose
{%- for model, key in referring_models.items() %}
select
    {{ key }} as record_key,
    district_id,
    source_system,
    connection,
    stream,
    source_record_id,
    reference_key
from {{ ref(model) }}
{%- if model == 'int_pd__survey_responses_referenced' %}
where reference_employee_id is not null
{%- endif %}
{% if not loop.last -%}
union all
{%- endif %}
{%- endfor %}
