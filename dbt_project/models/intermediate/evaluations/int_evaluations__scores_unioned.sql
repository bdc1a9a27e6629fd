{%- set rating_key = [
    'education_organization_id', 'evaluation_period', 'performance_evaluation_title', 'performance_evaluation_type',
    'school_year', 'term', 'evaluation_title', 'evaluated_at_local', 'person_id', 'person_source_system',
] -%}
with

observations as (
    select
        {{ surrogate_key(["'edfi'", '_connection'] + rating_key) }} as observation_key,
        min({{ json_text('reviewer_person_ids', [0]) }}) as rater_id,
        min(
            case when lower(rating_status) in ({{ sql_list(var('unfinished_rating_statuses')) }}) then 0 else 1 end
        ) = 1 as is_final
    from {{ ref('stg_edfi__evaluation_ratings') }}
    where not is_deleted
    group by {{ surrogate_key(["'edfi'", '_connection'] + rating_key) }}
),

element_ratings as (
    select
        district_id,
        _connection as connection,
        evaluation_element_rating_id_edfi as source_record_id,
        {{ surrogate_key(["'edfi'", '_connection'] + rating_key) }} as observation_key,
        {{ person_key_of() }} as person_key,
        person_source_system,
        evaluation_title,
        objective_title,
        element_title,
        cast(evaluated_at_local as date) as observed_date,
        cast(school_year as integer) as reported_school_year,
        results
    from {{ ref('stg_edfi__evaluation_element_ratings') }}
    where not is_deleted
),

results as (
    {{ unnest_json_array('element_ratings', 'results', ['source_record_id', 'connection']) }}
),

-- a rating without a result is kept, without a score
platform_scores as (
    select
        element_ratings.district_id,
        'edfi' as source_system,
        element_ratings.connection,
        'evaluation_element_ratings' as stream,
        element_ratings.source_record_id,
        coalesce(results.item_number, 1) as result_number,
        element_ratings.observation_key,
        element_ratings.person_key,
        cast(null as {{ dbt.type_string() }}) as employee_id,
        cast(null as {{ dbt.type_string() }}) as email,
        cast(null as {{ dbt.type_string() }}) as reported_rubric_version,
        element_ratings.evaluation_title,
        element_ratings.objective_title,
        element_ratings.element_title,
        cast(null as {{ dbt.type_string() }}) as element_code,
        coalesce(
            {{ json_text('results.item', ['numericRating']) }},
            {{ json_text('results.item', ['rating']) }}
        ) as score_text,
        element_ratings.observed_date,
        element_ratings.reported_school_year,
        observations.rater_id,
        element_ratings.person_source_system as rater_source_system,
        element_ratings.evaluation_title as observation_type,
        coalesce(observations.is_final, true) as is_final
    from element_ratings
    left join results
        on element_ratings.connection = results.connection
        and element_ratings.source_record_id = results.source_record_id
    left join observations on element_ratings.observation_key = observations.observation_key
),

file_scores as (
    select
        district_id,
        'files' as source_system,
        _connection as connection,
        'evaluation_scores' as stream,
        observation_id || '|' || element_code as source_record_id,
        1 as result_number,
        {{ surrogate_key(["'files'", '_connection', 'observation_id']) }} as observation_key,
        cast(null as {{ dbt.type_string() }}) as person_key,
        employee_id,
        email,
        rubric_version_reported as reported_rubric_version,
        cast(null as {{ dbt.type_string() }}) as evaluation_title,
        cast(null as {{ dbt.type_string() }}) as objective_title,
        cast(null as {{ dbt.type_string() }}) as element_title,
        element_code,
        cast(score as {{ dbt.type_string() }}) as score_text,
        observed_date,
        cast(school_year as integer) as reported_school_year,
        rater_id,
        cast(null as {{ dbt.type_string() }}) as rater_source_system,
        observation_type,
        true as is_final
    from {{ ref('stg_files__evaluation_scores') }}
    where not is_deleted
),

{% set columns = [
    'district_id', 'source_system', 'connection', 'stream', 'source_record_id', 'result_number', 'observation_key',
    'person_key', 'employee_id', 'email', 'reported_rubric_version', 'evaluation_title', 'objective_title',
    'element_title', 'element_code', 'score_text', 'observed_date', 'reported_school_year', 'rater_id',
    'rater_source_system', 'observation_type',
] | join(', ') -%}
scores as (
    select {{ columns }}, is_final from platform_scores
    union all
    select {{ columns }}, is_final from file_scores
    union all
    -- drafts don't get this far
    select {{ columns }}, true as is_final from {{ ref('int_evaluations__observation_scores') }}
),

settings as (
    select
        school_year_start_month,
        school_year_start_day
    from {{ ref('stg_pipeline__settings') }}
)

select
    {{ surrogate_key(['source_system', 'connection', 'source_record_id', 'result_number']) }} as evaluation_score_key,
    district_id,
    source_system,
    connection,
    stream,
    source_record_id,
    cast(result_number as integer) as result_number,
    observation_key,
    person_key,
    reported_rubric_version,
    evaluation_title,
    objective_title,
    element_title,
    element_code,
    nullif(trim(score_text), '') as score_text,
    -- 0 is a score; blank is none
    {{ number_from_text("nullif(trim(score_text), '')") }} as score,
    observed_date,
    {{ school_year_of('observed_date') }} as school_year,
    reported_school_year,
    rater_id,
    case
        when rater_source_system is not null then 'person_key'
        when rater_id like '%@%' then 'email'
        else 'employee_id'
    end as rater_alias_kind,
    case
        when rater_source_system is not null then {{ person_key_of('rater_id', 'rater_source_system') }}
        when rater_id like '%@%' then {{ normalised_email('rater_id') }}
        else rater_id
    end as rater_alias_value,
    observation_type,
    is_final,
    {{ person_reference(
        employee_id='employee_id', person_key='person_key', email='email',
        school_year='coalesce(' ~ school_year_of('observed_date') ~ ', reported_school_year)'
    ) }}
from scores
cross join settings
