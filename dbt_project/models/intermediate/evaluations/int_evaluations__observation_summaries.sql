with

settings as (
    select
        school_year_start_month,
        school_year_start_day
    from {{ ref('stg_pipeline__settings') }}
),

observations as (
    select
        observations.district_id,
        observations._connection as connection,
        observations.teacher_id_grow as teacher_id,
        {{ normalised_email('observations.teacher_email') }} as teacher_email,
        observations.rubric_id_grow as rubric_id,
        coalesce(rubrics.rubric_name, observations.rubric_name) as rubric_name,
        observations.overall_score,
        observations.observed_date,
        {{ school_year_of('observations.observed_date') }} as school_year
    from {{ ref('stg_grow__observations') }} as observations
    cross join settings
    left join {{ ref('stg_grow__rubrics') }} as rubrics
        on observations._connection = rubrics._connection
        and observations.rubric_id_grow = rubrics.rubric_id_grow
    where not observations.is_deleted
        and observations.is_final
        and observations.overall_score is not null
        and observations.observed_date is not null
        and observations.teacher_id_grow is not null
),

-- by rubric: two rubrics have two scales, and no mean is taken over both
yearly_means as (
    select
        district_id,
        connection,
        teacher_id,
        rubric_id,
        school_year,
        max(teacher_email) as teacher_email,
        max(observed_date) as rated_date,
        coalesce(max({{ normalised_name('rubric_name') }}) || ' overall', 'overall') as measure,
        avg(overall_score) as value
    from observations
    group by district_id, connection, teacher_id, rubric_id, school_year
),

cut_points as (
    select
        {{ normalised_name('measure') }} as measure,
        level,
        lowest_score,
        first_school_year,
        last_school_year
    from {{ ref('evaluation_cut_points') }}
),

-- the highest cut that the mean reaches, to nine places: a mean that is 3.495 is not below it for its last bit
means_with_cuts as (
    select
        means.district_id,
        means.connection,
        means.teacher_id,
        means.rubric_id,
        means.school_year,
        means.teacher_email,
        means.rated_date,
        means.measure,
        means.value,
        cut_points.level,
        row_number() over (
            partition by means.district_id, means.connection, means.teacher_id, means.rubric_id, means.school_year
            order by cut_points.lowest_score desc, cut_points.level
        ) as cut_order
    from yearly_means as means
    left join cut_points
        on means.measure = cut_points.measure
        and means.school_year between cut_points.first_school_year and cut_points.last_school_year
        and round(means.value, 9) >= cut_points.lowest_score
)

select
    means.district_id,
    'grow' as source_system,
    means.connection,
    'observations' as stream,
    means.teacher_id || '|' || cast(means.school_year as {{ dbt.type_string() }})
    || '|' || coalesce(means.rubric_id, '') as source_record_id,
    cast(null as {{ dbt.type_string() }}) as person_key,
    users.employee_id,
    coalesce(users.email, means.teacher_email) as email,
    means.school_year,
    means.measure,
    means.value,
    means.level,
    means.rated_date,
    cast(null as double precision) as declared_maximum
from means_with_cuts as means
left join {{ ref('int_evaluations__users_identified') }} as users
    on means.connection = users.connection
    and means.teacher_id = users.user_id
where means.cut_order = 1
