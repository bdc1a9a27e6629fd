{%- set models_with_ids_and_emails = [
    'int_credentials__awards_unioned',
    'int_credentials__submissions_referenced',
    'int_evaluations__scores_unioned',
    'int_pd__participation_referenced',
] -%}
with

element_maximums as (
    select
        _connection as connection,
        education_organization_id,
        evaluation_period,
        performance_evaluation_title,
        performance_evaluation_type,
        school_year,
        term,
        evaluation_title,
        objective_title,
        element_title,
        max(rating_max) as declared_maximum
    from {{ ref('stg_edfi__evaluation_elements') }}
    where not is_deleted
    group by
        _connection,
        education_organization_id,
        evaluation_period,
        performance_evaluation_title,
        performance_evaluation_type,
        school_year,
        term,
        evaluation_title,
        objective_title,
        element_title
),

element_ratings_with_maximum as (
    select
        ratings._connection as connection,
        ratings.evaluation_element_rating_id_edfi as source_record_id,
        maximums.declared_maximum
    from {{ ref('stg_edfi__evaluation_element_ratings') }} as ratings
    inner join element_maximums as maximums
        on ratings._connection = maximums.connection
        and ratings.education_organization_id = maximums.education_organization_id
        and ratings.evaluation_period = maximums.evaluation_period
        and ratings.performance_evaluation_title = maximums.performance_evaluation_title
        and ratings.performance_evaluation_type = maximums.performance_evaluation_type
        and ratings.school_year = maximums.school_year
        and ratings.term = maximums.term
        and ratings.evaluation_title = maximums.evaluation_title
        and ratings.objective_title = maximums.objective_title
        and ratings.element_title = maximums.element_title
    where not ratings.is_deleted
),

flagged as (
    select
        district_id,
        source_system,
        connection,
        stream,
        source_record_id,
        'rating_above_declared_scale' as check_name,
        'warning' as severity,
        'rating above the highest level that its performance evaluation declares: two scales are mixed' as message
    from {{ ref('int_evaluations__summaries_unioned') }}
    where value > declared_maximum
    union all
    select
        scores.district_id,
        scores.source_system,
        scores.connection,
        scores.stream,
        scores.source_record_id,
        'score_above_declared_scale' as check_name,
        'warning' as severity,
        'score above the maximum that its evaluation element declares: two scales are mixed' as message
    from {{ ref('int_evaluations__scores_interpreted') }} as scores
    inner join element_ratings_with_maximum as ratings
        on scores.source_system = 'edfi'
        and scores.connection = ratings.connection
        and scores.source_record_id = ratings.source_record_id
    where scores.score > ratings.declared_maximum
    union all
    select
        district_id,
        source_system,
        connection,
        stream,
        source_record_id,
        case
            when rubric_version is null then 'unknown_rubric'
            when element_code is null then 'unknown_element_of_known_rubric'
            when score_text is not null and score is null then 'score_is_no_number'
            else 'score_outside_rubric_scale'
        end as check_name,
        case when rubric_version is null or (element_code is not null and score is null) then 'warning' else 'error' end as severity,
        case
            when rubric_version is null then 'no rubric version is declared for this evaluation: the score is kept and not interpreted'
            when element_code is null then 'the rubric version has no such element: add it to the seed rubric_elements or correct the source'
            when score_text is not null and score is null then 'the score is no number: it is kept as no score'
            else 'the score lies outside the scale of its rubric version'
        end as message
    from {{ ref('int_evaluations__scores_interpreted') }}
    where
        rubric_version is null
        or element_code is null
        or (score_text is not null and score is null)
        or not is_within_scale
    union all
    select
        district_id,
        source_system,
        connection,
        stream,
        source_record_id,
        'score_delivered_twice' as check_name,
        'warning' as severity,
        'another source has a score of the same staff member, element and date: that one is averaged, this one is kept' as message
    from {{ ref('int_evaluations__scores_interpreted') }}
    where is_second_copy
    union all
    select
        awards.district_id,
        awards.source_system,
        awards.connection,
        awards.stream,
        awards.source_record_id,
        'award_of_unknown_micro_credential' as check_name,
        'warning' as severity,
        'the award names a definition that its platform does not list' as message
    from {{ ref('int_credentials__awards_unioned') }} as awards
    left join {{ ref('int_credentials__micro_credentials_unioned') }} as definitions
        on awards.micro_credential_key = definitions.micro_credential_key
    where not coalesce(definitions.is_defined, false)
    union all
    select
        alignments.district_id,
        definitions.source_system,
        cast(null as {{ dbt.type_string() }}) as connection,
        case definitions.source_system
            when 'badgr' then 'badge_classes'
            when 'credly' then 'badge_templates'
            else 'credentials'
        end as stream,
        definitions.micro_credential_id as source_record_id,
        'alignment_to_unknown_competency' as check_name,
        'warning' as severity,
        'the definition states an alignment to a competency that no framework of the district has' as message
    from {{ ref('int_credentials__alignments_unioned') }} as alignments
    inner join {{ ref('int_credentials__micro_credentials_unioned') }} as definitions
        on alignments.item_key = definitions.micro_credential_key
    where alignments.competency_key is null
    union all
    select
        district_id,
        'files' as source_system,
        connection,
        'issuer_approvals' as stream,
        approval_id as source_record_id,
        'approval_of_unknown_issuer' as check_name,
        'warning' as severity,
        'the approved issuer is not among the issuers of any source: is its name spelt as the platform spells it?' as message
    from {{ ref('int_credentials__issuer_approvals_matched') }}
    where issuer_key is null
    union all
    select
        district_id,
        'grow' as source_system,
        connection,
        'users' as stream,
        user_id as source_record_id,
        'employee_number_of_several_people' as check_name,
        'warning' as severity,
        'several users have this employee number, so it names nobody: they are matched by e-mail. Enter each one their own' as message
    from {{ ref('int_evaluations__users_identified') }}
    where is_employee_number_shared
    {%- for model in models_with_ids_and_emails %}
    union all
    select
        records.district_id,
        records.source_system,
        records.connection,
        records.stream,
        records.source_record_id,
        'ids_and_email_name_two_people' as check_name,
        'warning' as severity,
        'the ids of the record name one staff member and its e-mail another: the id was followed' as message
    from {{ ref(model) }} as records
    inner join {{ ref('int_identity__staff_matched') }} as matched
        on records.reference_key = matched.reference_key
        and matched.has_contradicting_ids
    {%- endfor %}
)

select
    {{ surrogate_key(
        ['check_name', 'source_system', "coalesce(connection, '')", 'stream', 'source_record_id']
    ) }} as quality_finding_key,
    district_id,
    source_system,
    connection,
    stream,
    source_record_id,
    check_name,
    min(severity) as severity,
    min(message) as message
from flagged
group by district_id, source_system, connection, stream, source_record_id, check_name
