with

settings as (
    select
        district_id,
        cast({{ dbt.dateadd('year', -1 * var('observation_years'), 'as_of_date') }} as date) as oldest_date
    from {{ ref('stg_pipeline__settings') }}
),

rated as (
    select distinct
        scores.district_id,
        scores.rater_key as staff_key,
        scores.staff_key as colleague_staff_key
    from {{ ref('fct_evaluation_scores') }} as scores
    inner join settings
        on scores.district_id = settings.district_id
        and scores.observed_date > settings.oldest_date
    inner join {{ ref('dim_staff') }} as raters on scores.rater_key = raters.staff_key
    where scores.staff_key is not null and scores.staff_key <> scores.rater_key
),

either_way as (
    select district_id, staff_key, colleague_staff_key
    from rated
    union
    select district_id, colleague_staff_key as staff_key, staff_key as colleague_staff_key
    from rated
)

select
    either_way.district_id,
    either_way.staff_key,
    either_way.colleague_staff_key
from either_way
inner join {{ ref('int_pairing__teachers') }} as teachers on either_way.staff_key = teachers.staff_key
inner join {{ ref('int_pairing__teachers') }} as colleagues on either_way.colleague_staff_key = colleagues.staff_key
