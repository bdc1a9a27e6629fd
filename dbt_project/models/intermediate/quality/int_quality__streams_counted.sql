{%- set streams_by_platform = {
    'badgr': ['issuers', 'badge_classes', 'assertions'],
    'open_badges': ['credentials'],
    'edfi': [
        'schools', 'people', 'staffs', 'staff_assignments', 'credentials', 'performance_evaluations', 'evaluations',
        'evaluation_objectives', 'evaluation_elements', 'performance_evaluation_ratings', 'evaluation_ratings',
        'evaluation_objective_ratings', 'evaluation_element_ratings',
    ],
    'files': [
        'roster', 'compensation', 'credential_submissions', 'evaluation_scores', 'evaluation_summaries',
        'pd_participation', 'pd_spending', 'survey_responses', 'growth_goals', 'issuer_approvals', 'consents',
        'student_growth',
    ],
} -%}

{% for platform, streams in streams_by_platform.items() -%}
{% set is_last_platform = loop.last -%}
{% for stream in streams -%}
select
    '{{ platform }}' as source_system,
    '{{ stream }}' as stream,
    count(*) as landed_count,
    sum(case when is_deleted then 0 else 1 end) as record_count,
    max(_extracted_at) as newest_extracted_at
from {{ ref('stg_' ~ platform ~ '__' ~ stream) }}
{% if not (is_last_platform and loop.last) -%}
union all
{% endif -%}
{% endfor -%}
{% endfor -%}
