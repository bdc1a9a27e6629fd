with

settings as (
    select
        district_id,
        as_of_date,
        cast({{ dbt.dateadd('day', -1, 'as_of_date') }} as date) as day_before
    from {{ ref('stg_pipeline__settings') }}
),

-- as it stood when the day before ended: a second build of a day, or a clock put back, adds nothing twice
published as (
    select
        history.district_id,
        history.staff_key,
        history.competency_key,
        history.competency_code,
        history.competency_name,
        history.band,
        history.observation_count,
        history.award_count,
        history.explanation,
        history.known_from_date,
        case when history.known_to_date < settings.day_before then history.known_to_date end as known_to_date,
        coalesce(history.known_to_date >= settings.day_before, true) as was_known_the_day_before
    from {{ ref('stg_pipeline__published_history') }} as history
    inner join settings on history.district_id = settings.district_id
    where history.known_from_date < settings.as_of_date
),

today as (
    select
        expertise.district_id,
        expertise.staff_key,
        expertise.competency_key,
        competencies.competency_code,
        competencies.competency_name,
        expertise.band,
        expertise.observation_count,
        expertise.award_count,
        expertise.explanation
    from {{ ref('fct_expertise') }} as expertise
    inner join {{ ref('dim_staff') }} as staff on expertise.staff_key = staff.staff_key
    inner join {{ ref('dim_competencies') }} as competencies
        on expertise.competency_key = competencies.competency_key
),

unchanged as (
    select
        published.staff_key,
        published.competency_key,
        published.known_from_date
    from published
    inner join today
        on published.district_id = today.district_id
        and published.staff_key = today.staff_key
        and published.competency_key = today.competency_key
        and published.band = today.band
        and published.observation_count = today.observation_count
        and published.award_count = today.award_count
        and published.explanation = today.explanation
    where published.was_known_the_day_before
),

spans as (
    select
        published.district_id,
        published.staff_key,
        published.competency_key,
        published.competency_code,
        published.competency_name,
        published.band,
        published.observation_count,
        published.award_count,
        published.explanation,
        published.known_from_date,
        case
            when published.was_known_the_day_before and unchanged.staff_key is null then settings.day_before
            else published.known_to_date
        end as known_to_date
    from published
    cross join settings
    left join unchanged
        on published.staff_key = unchanged.staff_key
        and published.competency_key = unchanged.competency_key
        and published.known_from_date = unchanged.known_from_date
    union all
    select
        today.district_id,
        today.staff_key,
        today.competency_key,
        today.competency_code,
        today.competency_name,
        today.band,
        today.observation_count,
        today.award_count,
        today.explanation,
        settings.as_of_date as known_from_date,
        cast(null as date) as known_to_date
    from today
    cross join settings
    left join unchanged
        on today.staff_key = unchanged.staff_key
        and today.competency_key = unchanged.competency_key
    where unchanged.staff_key is null
)

select
    {{ surrogate_key(['staff_key', 'competency_key', 'known_from_date']) }} as expertise_history_key,
    district_id,
    staff_key,
    competency_key,
    competency_code,
    competency_name,
    band,
    observation_count,
    award_count,
    explanation,
    known_from_date,
    known_to_date
from spans
