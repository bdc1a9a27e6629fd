{%- set referring_models = [
    'int_credentials__awards_unioned',
    'int_credentials__submissions_referenced',
    'int_evaluations__scores_unioned',
    'int_evaluations__summaries_unioned',
    'int_staff__licences_referenced',
    'int_staff__compensation_referenced',
    'int_staff__consents_referenced',
    'int_staff__growth_goals_referenced',
    'int_pd__participation_referenced',
    'int_pd__survey_responses_referenced',
] -%}

{% for model in referring_models -%}
select
    district_id,
    reference_key,
    reference_employee_id,
    reference_state_id,
    reference_person_key,
    reference_email,
    reference_email_hash,
    reference_email_salt,
    reference_school_year
from {{ ref(model) }}
{% if not loop.last -%}
union
{% endif -%}
{% endfor -%}
