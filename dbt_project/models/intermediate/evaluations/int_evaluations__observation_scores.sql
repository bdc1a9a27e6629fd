with

settings as (
    select
        school_year_start_month,
        school_year_start_day
    from {{ ref('stg_pipeline__settings') }}
),

observations as (
    select
        district_id,
        _connection as connection,
        observation_id_grow as observation_id,
        rubric_id_grow as rubric_id,
        rubric_name,
        teacher_id_grow as teacher_id,
        {{ normalised_email('teacher_email') }} as teacher_email,
        observer_id_grow as observer_id,
        {{ normalised_email('observer_email') }} as observer_email,
        observation_type_id_grow as observation_type_id,
        observed_date,
        scores
    from {{ ref('stg_grow__observations') }}
    where not is_deleted and is_final
),

items as (
    {{ unnest_json_array('observations', 'scores', ['connection', 'observation_id']) }}
),

scored_items as (
    select
        connection,
        observation_id,
        {{ json_text("nullif(item, '')", ['measurement']) }} as measurement_id,
        {{ json_text("nullif(item, '')", ['measurementGroup']) }} as group_id,
        {{ json_text("nullif(item, '')", ['valueScore']) }} as score_text,
        item_number
    from items
    where {{ json_text("nullif(item, '')", ['measurement']) }} is not null
),

numbered_items as (
    select
        connection,
        observation_id,
        measurement_id,
        group_id,
        score_text,
        row_number() over (
            partition by connection, observation_id, measurement_id
            order by group_id, item_number
        ) as result_number
    from scored_items
),

measurements as (
    select
        _connection as connection,
        measurement_id_grow as measurement_id,
        measurement_name,
        scale_max is not null or coalesce(measurement_options, '[]') not in ('[]', 'null') as is_scored
    from {{ ref('stg_grow__measurements') }}
),

rubrics as (
    select
        _connection as connection,
        rubric_id_grow as rubric_id,
        rubric_name,
        measurement_groups
    from {{ ref('stg_grow__rubrics') }}
),

group_items as (
    {{ unnest_json_array('rubrics', 'measurement_groups', ['connection', 'rubric_id']) }}
),

measurement_groups as (
    select
        connection,
        rubric_id,
        {{ json_text("nullif(item, '')", ['_id']) }} as group_id,
        trim({{ json_text("nullif(item, '')", ['name']) }}) as group_name,
        {{ json_text("nullif(item, '')", ['measurements']) }} as measurements
    from group_items
),

group_names as (
    select
        connection,
        rubric_id,
        group_id,
        min(group_name) as group_name
    from measurement_groups
    group by connection, rubric_id, group_id
),

group_members as (
    {{ unnest_json_array('measurement_groups', 'measurements', ['connection', 'rubric_id', 'group_name']) }}
),

groups_by_measurement as (
    select
        connection,
        rubric_id,
        {{ json_text("nullif(item, '')", ['measurement']) }} as measurement_id,
        min(group_name) as group_name
    from group_members
    group by connection, rubric_id, {{ json_text("nullif(item, '')", ['measurement']) }}
),

tags as (
    select
        _connection as connection,
        generic_tag_kind,
        generic_tag_id_grow as generic_tag_id,
        generic_tag_name
    from {{ ref('stg_grow__generic_tags') }}
),

users as (
    select
        connection,
        user_id,
        employee_id,
        email,
        rater_id
    from {{ ref('int_evaluations__users_identified') }}
),

-- a district may enter a rubric in its seed by the platform's own id; else its name and the year tell the version
rubric_versions as (
    select
        rubric_version,
        {{ normalised_name('rubric_version') }} as comparable_version
    from {{ ref('rubric_versions') }}
)

select
    observations.district_id,
    'grow' as source_system,
    observations.connection,
    'observations' as stream,
    items.observation_id || '|' || items.measurement_id as source_record_id,
    items.result_number,
    {{ surrogate_key(["'grow'", 'observations.connection', 'observations.observation_id'], district_id='observations.district_id') }} as observation_key,
    cast(null as {{ dbt.type_string() }}) as person_key,
    teachers.employee_id,
    coalesce(teachers.email, observations.teacher_email) as email,
    rubric_versions.rubric_version as reported_rubric_version,
    coalesce(rubrics.rubric_name, observations.rubric_name) as evaluation_title,
    coalesce(group_names.group_name, groups_by_measurement.group_name, group_tags.generic_tag_name) as objective_title,
    measurements.measurement_name as element_title,
    cast(null as {{ dbt.type_string() }}) as element_code,
    items.score_text,
    observations.observed_date,
    {{ school_year_of('observations.observed_date') }} as reported_school_year,
    coalesce(observers.rater_id, observations.observer_email, observations.observer_id) as rater_id,
    cast(null as {{ dbt.type_string() }}) as rater_source_system,
    observation_types.generic_tag_name as observation_type
from numbered_items as items
inner join observations
    on items.connection = observations.connection
    and items.observation_id = observations.observation_id
cross join settings
left join measurements
    on items.connection = measurements.connection
    and items.measurement_id = measurements.measurement_id
left join rubrics
    on observations.connection = rubrics.connection
    and observations.rubric_id = rubrics.rubric_id
left join group_names
    on observations.connection = group_names.connection
    and observations.rubric_id = group_names.rubric_id
    and items.group_id = group_names.group_id
left join groups_by_measurement
    on observations.connection = groups_by_measurement.connection
    and observations.rubric_id = groups_by_measurement.rubric_id
    and items.measurement_id = groups_by_measurement.measurement_id
left join tags as group_tags
    on items.connection = group_tags.connection
    and group_tags.generic_tag_kind = 'measurementgroups'
    and items.group_id = group_tags.generic_tag_id
left join tags as observation_types
    on observations.connection = observation_types.connection
    and observation_types.generic_tag_kind = 'observationtypes'
    and observations.observation_type_id = observation_types.generic_tag_id
left join users as teachers
    on observations.connection = teachers.connection
    and observations.teacher_id = teachers.user_id
left join users as observers
    on observations.connection = observers.connection
    and observations.observer_id = observers.user_id
left join rubric_versions
    on {{ normalised_name('observations.rubric_id') }} = rubric_versions.comparable_version
-- a line of the form that only takes text or ticks is no element
where items.score_text is not null or coalesce(measurements.is_scored, false)
