with

performance_ratings as (
    select
        district_id,
        'edfi' as source_system,
        _connection as connection,
        'performance_evaluation_ratings' as stream,
        performance_evaluation_rating_id_edfi as source_record_id,
        {{ person_key_of() }} as person_key,
        cast(null as {{ dbt.type_string() }}) as employee_id,
        cast(school_year as integer) as school_year,
        'performance_evaluation' as measure,
        {{ number_from_text(
            "coalesce(" ~ json_text('results', [0, 'numericRating']) ~ ", " ~ json_text('results', [0, 'rating']) ~ ")"
        ) }} as value,
        rating_level as level,
        rated_date,
        education_organization_id,
        evaluation_period,
        performance_evaluation_title,
        performance_evaluation_type,
        term
    from {{ ref('stg_edfi__performance_evaluation_ratings') }}
    where not is_deleted
),

declared_levels as (
    select
        district_id,
        _connection as connection,
        performance_evaluation_id_edfi,
        education_organization_id,
        evaluation_period,
        performance_evaluation_title,
        performance_evaluation_type,
        cast(school_year as integer) as school_year,
        term,
        rating_levels
    from {{ ref('stg_edfi__performance_evaluations') }}
    where not is_deleted
),

rating_levels as (
    {{ unnest_json_array('declared_levels', 'rating_levels', ['connection', 'performance_evaluation_id_edfi']) }}
),

declared_maximums as (
    select
        connection,
        performance_evaluation_id_edfi,
        max({{ number_from_text(
            "coalesce(" ~ json_text('item', ['maxNumericRating']) ~ ", " ~ json_text('item', ['maxRating']) ~ ")"
        ) }}) as declared_maximum
    from rating_levels
    group by connection, performance_evaluation_id_edfi
),

performance_evaluations as (
    select
        declared_levels.district_id,
        declared_levels.connection,
        declared_levels.education_organization_id,
        declared_levels.evaluation_period,
        declared_levels.performance_evaluation_title,
        declared_levels.performance_evaluation_type,
        declared_levels.school_year,
        declared_levels.term,
        max(declared_maximums.declared_maximum) as declared_maximum
    from declared_levels
    left join declared_maximums
        on declared_levels.connection = declared_maximums.connection
        and declared_levels.performance_evaluation_id_edfi = declared_maximums.performance_evaluation_id_edfi
    group by
        declared_levels.district_id,
        declared_levels.connection,
        declared_levels.education_organization_id,
        declared_levels.evaluation_period,
        declared_levels.performance_evaluation_title,
        declared_levels.performance_evaluation_type,
        declared_levels.school_year,
        declared_levels.term
),

summaries as (
    select
        ratings.district_id,
        ratings.source_system,
        ratings.connection,
        ratings.stream,
        ratings.source_record_id,
        ratings.person_key,
        ratings.employee_id,
        cast(null as {{ dbt.type_string() }}) as email,
        ratings.school_year,
        ratings.measure,
        ratings.value,
        ratings.level,
        ratings.rated_date,
        evaluations.declared_maximum
    from performance_ratings as ratings
    left join performance_evaluations as evaluations
        on ratings.district_id = evaluations.district_id
        and ratings.connection = evaluations.connection
        and ratings.education_organization_id = evaluations.education_organization_id
        and ratings.evaluation_period = evaluations.evaluation_period
        and ratings.performance_evaluation_title = evaluations.performance_evaluation_title
        and ratings.performance_evaluation_type = evaluations.performance_evaluation_type
        and ratings.school_year = evaluations.school_year
        and ratings.term = evaluations.term
    union all
    select
        district_id,
        'files' as source_system,
        _connection as connection,
        'evaluation_summaries' as stream,
        employee_id || '|' || cast(school_year as {{ dbt.type_string() }}) || '|' || measure as source_record_id,
        cast(null as {{ dbt.type_string() }}) as person_key,
        employee_id,
        cast(null as {{ dbt.type_string() }}) as email,
        cast(school_year as integer) as school_year,
        measure,
        value,
        level,
        cast(null as date) as rated_date,
        cast(null as double precision) as declared_maximum
    from {{ ref('stg_files__evaluation_summaries') }}
    where not is_deleted
    union all
    select
        district_id,
        source_system,
        connection,
        stream,
        source_record_id,
        person_key,
        employee_id,
        email,
        school_year,
        measure,
        value,
        level,
        rated_date,
        declared_maximum
    from {{ ref('int_evaluations__observation_summaries') }}
)

select
    {{ surrogate_key(['source_system', 'connection', 'source_record_id']) }} as evaluation_summary_key,
    district_id,
    source_system,
    connection,
    stream,
    source_record_id,
    person_key,
    school_year,
    measure,
    value,
    level,
    rated_date,
    declared_maximum,
    {{ person_reference(employee_id='employee_id', person_key='person_key', email='email', school_year='school_year') }}
from summaries
