{#
    Every landed stream: what a record of it is known by, and the school year it belongs to.

    By platform and stream: `key`, the landed columns that tell one record from another inside a
    connection; `school_year`, the staging column with the year, or `school_year_date`, the
    staging column whose local date decides it. A stream without either has no year.

    Stated here apart from the staging models, so that the count of what they keep rests on
    something else than themselves. `pytest tests/dbt` compares both with the connectors' declarations.
#}
{% macro landed_streams() %}
    {% set resource = {'key': ['id']} %}
    {% set resource_of_a_year = {'key': ['id'], 'school_year': 'school_year'} %}
    {{ return({
        'badgr': {
            'issuers': {'key': ['entityId']},
            'badge_classes': {'key': ['entityId']},
            'assertions': {'key': ['entityId']},
        },
        'credly': {
            'badge_templates': {'key': ['id']},
            'issued_badges': {'key': ['id']},
        },
        'case': {
            'documents': {'key': ['identifier']},
            'items': {'key': ['document_identifier', 'identifier']},
            'associations': {'key': ['document_identifier', 'identifier']},
            'rubrics': {'key': ['document_identifier', 'identifier']},
        },
        'open_badges': {
            'credentials': {'key': ['credential_id', 'issuer_id', 'open_badges_version']},
        },
        'edfi': {
            'schools': resource,
            'people': resource,
            'staffs': resource,
            'staff_assignments': resource,
            'credentials': resource,
            'performance_evaluations': resource_of_a_year,
            'evaluations': resource_of_a_year,
            'evaluation_objectives': resource_of_a_year,
            'evaluation_elements': resource_of_a_year,
            'performance_evaluation_ratings': resource_of_a_year,
            'evaluation_ratings': resource_of_a_year,
            'evaluation_objective_ratings': resource_of_a_year,
            'evaluation_element_ratings': resource_of_a_year,
            'staff_directories': resource,
            'staff_identification_codes': resource,
            'professional_development_events': resource,
            'professional_development_event_attendances': {'key': ['id'], 'school_year_date': 'attendance_date'},
            'chart_of_accounts': {'key': ['id'], 'school_year': 'fiscal_year'},
            'local_accounts': {'key': ['id'], 'school_year': 'fiscal_year'},
            'local_actuals': {'key': ['id'], 'school_year': 'fiscal_year'},
        },
        'grow': {
            'schools': resource,
            'users': resource,
            'measurements': resource,
            'rubrics': resource,
            'generic_tags': {'key': ['genericTagKind', 'id']},
            'observations': {'key': ['id'], 'school_year_date': 'observed_date'},
        },
        'oneroster': {
            'orgs': {'key': ['sourcedId']},
            'academic_sessions': {'key': ['sourcedId'], 'school_year': 'school_year'},
            'users': {'key': ['sourcedId']},
            'roles': {'key': ['sourcedId']},
            'classes': {'key': ['sourcedId']},
            'enrollments': {'key': ['sourcedId']},
        },
        'files': {
            'roster': {'key': ['staff_id', 'school_year', 'school_id', 'role'], 'school_year': 'school_year'},
            'compensation': {'key': ['staff_id', 'school_year'], 'school_year': 'school_year'},
            'credential_submissions': {'key': ['submission_id']},
            'credential_awards': {'key': ['award_id']},
            'evaluation_scores': {'key': ['observation_id', 'element_code'], 'school_year': 'school_year'},
            'evaluation_summaries': {'key': ['staff_id', 'school_year', 'measure'], 'school_year': 'school_year'},
            'pd_participation': {
                'key': ['staff_id', 'activity_id', 'activity_date'],
                'school_year_date': 'activity_date',
            },
            'pd_spending': {'key': ['ledger_line_id'], 'school_year': 'fiscal_year'},
            'survey_responses': {
                'key': ['survey_id', 'respondent_id', 'question_code'],
                'school_year_date': 'survey_date',
            },
            'growth_goals': {'key': ['staff_id', 'school_year', 'competency_code'], 'school_year': 'school_year'},
            'issuer_approvals': {'key': ['approval_id']},
            'consents': {'key': ['staff_id', 'consent_kind', 'recorded_date']},
            'student_growth': {'key': ['school_id', 'school_year', 'measure'], 'school_year': 'school_year'},
            'school_characteristics': {'key': ['school_id', 'school_year'], 'school_year': 'school_year'},
        },
    }) }}
{% endmacro %}
