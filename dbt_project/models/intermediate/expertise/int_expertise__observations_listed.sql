with

settings as (
    select
        district_id,
        as_of_date,
        cast({{ dbt.dateadd('year', -1 * var('observation_years'), 'as_of_date') }} as date) as oldest_date
    from {{ ref('stg_pipeline__settings') }}
),

alignments as (
    select
        item_key as rubric_element_key,
        competency_key,
        valid_from_date,
        valid_to_date
    from {{ ref('int_credentials__alignments_unioned') }}
    where item_type = 'rubric_element' and status = 'approved' and competency_key is not null
),

scores as (
    select
        district_id,
        staff_key,
        observation_key,
        rubric_version,
        rubric_element_key,
        min(source_system) as source_system,
        min(source_record_id) as source_record_id,
        min(rater_key) as rater_key,
        min(observation_type) as observation_type,
        min(observed_date) as observed_date,
        avg(score) as score
    from {{ ref('int_evaluations__scores_interpreted') }}
    where staff_key is not null and is_usable
    group by district_id, staff_key, observation_key, rubric_version, rubric_element_key
)

select
    {{ surrogate_key(
        ['scores.staff_key', 'alignments.competency_key', 'scores.observation_key', 'scores.rubric_element_key'],
        district_id='scores.district_id'
    ) }} as observation_item_key,
    scores.district_id,
    scores.staff_key,
    alignments.competency_key,
    scores.observation_key,
    scores.rubric_version,
    scores.rubric_element_key,
    scores.source_system,
    scores.source_record_id,
    scores.rater_key,
    scores.observation_type,
    scores.observed_date,
    scores.score,
    scores.observed_date > settings.oldest_date and scores.observed_date <= settings.as_of_date as is_recent
from scores
inner join settings on scores.district_id = settings.district_id
inner join alignments
    on scores.rubric_element_key = alignments.rubric_element_key
    and (alignments.valid_from_date is null or scores.observed_date >= alignments.valid_from_date)
    and (alignments.valid_to_date is null or scores.observed_date <= alignments.valid_to_date)
