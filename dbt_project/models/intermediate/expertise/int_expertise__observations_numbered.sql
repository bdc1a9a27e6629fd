with

usable_scores as (
    select
        district_id,
        staff_key,
        observation_key,
        rater_key,
        observed_date,
        school_year
    from {{ ref('int_evaluations__scores_interpreted') }}
    where staff_key is not null and observed_date is not null and is_usable
),

observations as (
    select
        district_id,
        staff_key,
        observation_key,
        min(rater_key) as rater_key,
        min(observed_date) as observed_date,
        min(school_year) as school_year
    from usable_scores
    group by district_id, staff_key, observation_key
)

-- numbers stand for keys where tens of millions of scores are counted; a person's observations follow each other
select
    cast(row_number() over (order by staff_key, observed_date, observation_key) as integer) as observation_number,
    cast(dense_rank() over (order by staff_key) as integer) as staff_number,
    case when rater_key is not null then cast(dense_rank() over (order by rater_key) as integer) end as rater_number,
    district_id,
    staff_key,
    observation_key,
    rater_key,
    observed_date,
    school_year
from observations
