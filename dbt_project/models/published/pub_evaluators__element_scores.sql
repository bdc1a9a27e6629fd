with

usable_scores as (
    select
        evaluation_score_key,
        district_id,
        staff_key,
        observation_key,
        rubric_version,
        rubric_element_key,
        element_code,
        score,
        observed_date,
        school_year,
        rater_key
    from {{ ref('fct_evaluation_scores') }}
    where staff_key is not null and is_usable
),

-- raters and observations are numbered: their keys would undo the pseudonyms
numbered_scores as (
    select
        evaluation_score_key,
        district_id,
        staff_key,
        rubric_version,
        rubric_element_key,
        element_code,
        score,
        observed_date,
        school_year,
        dense_rank() over (partition by staff_key order by observed_date, observation_key) as observation_number,
        case when rater_key is not null then dense_rank() over (order by rater_key) end as rater_number,
        row_number() over (
            partition by staff_key, observation_key, rubric_version, element_code
            order by evaluation_score_key
        ) as result_number
    from usable_scores
)

select
    scores.staff_key,
    scores.district_id,
    cast(scores.observation_number as integer) as observation_number,
    scores.rubric_version,
    scores.element_code,
    cast(scores.result_number as integer) as result_number,
    elements.element_title,
    elements.domain_title,
    scores.school_year,
    scores.observed_date,
    cast(scores.rater_number as integer) as rater_number,
    scores.score
from numbered_scores as scores
inner join {{ ref('dim_rubric_elements') }} as elements on scores.rubric_element_key = elements.rubric_element_key
