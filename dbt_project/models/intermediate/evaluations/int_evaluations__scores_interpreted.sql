with

rubric_versions as (
    select
        rubric_version,
        {{ normalised_name('rubric_version') }} as comparable_version,
        {{ normalised_name('evaluation_title') }} as comparable_title,
        scale_min,
        scale_max,
        first_school_year,
        last_school_year
    from {{ ref('rubric_versions') }}
),

rubric_elements as (
    select
        rubric_version,
        element_code,
        {{ normalised_name('element_code') }} as comparable_code,
        {{ normalised_name('element_title') }} as comparable_title,
        {{ normalised_name('domain_title') }} as comparable_domain
    from {{ ref('rubric_elements') }}
),

raters as (
    select
        district_id,
        alias_kind,
        alias_value,
        staff_key
    from {{ ref('int_identity__staff_aliases') }}
    where not is_ambiguous
),

scores_with_rubric as (
    select
        scores.evaluation_score_key,
        scores.district_id,
        scores.source_system,
        scores.connection,
        scores.stream,
        scores.source_record_id,
        scores.result_number,
        scores.observation_key,
        scores.person_key,
        matched.staff_key,
        scores.reported_rubric_version,
        scores.evaluation_title,
        scores.objective_title,
        scores.element_title as reported_element_title,
        scores.element_code as reported_element_code,
        scores.score_text,
        scores.score,
        scores.observed_date,
        scores.school_year,
        scores.reported_school_year,
        scores.observation_type,
        scores.is_final,
        coalesce(
            raters.staff_key,
            {{ surrogate_key(["'rater'", 'scores.source_system', 'scores.rater_alias_value'], district_id='scores.district_id') }}
        ) as rater_key,
        coalesce(by_name.rubric_version, by_title.rubric_version) as rubric_version,
        coalesce(by_name.scale_min, by_title.scale_min) as scale_min,
        coalesce(by_name.scale_max, by_title.scale_max) as scale_max
    from {{ ref('int_evaluations__scores_unioned') }} as scores
    left join {{ ref('int_identity__staff_matched') }} as matched
        on scores.reference_key = matched.reference_key
    left join raters
        on scores.district_id = raters.district_id
        and scores.rater_alias_kind = raters.alias_kind
        and scores.rater_alias_value = raters.alias_value
    left join rubric_versions as by_name
        on {{ normalised_name('scores.reported_rubric_version') }} = by_name.comparable_version
    left join rubric_versions as by_title
        on scores.reported_rubric_version is null
        and {{ normalised_name('scores.evaluation_title') }} = by_title.comparable_title
        and scores.reported_school_year between by_title.first_school_year and by_title.last_school_year
),

scores_with_element as (
    select
        scores.evaluation_score_key,
        scores.district_id,
        scores.source_system,
        scores.connection,
        scores.stream,
        scores.source_record_id,
        scores.result_number,
        scores.observation_key,
        scores.person_key,
        scores.staff_key,
        scores.reported_rubric_version,
        scores.evaluation_title,
        scores.objective_title,
        scores.reported_element_title,
        scores.reported_element_code,
        scores.score_text,
        scores.score,
        scores.observed_date,
        scores.school_year,
        scores.reported_school_year,
        scores.observation_type,
        scores.is_final,
        scores.rater_key,
        scores.rubric_version,
        coalesce(by_code.element_code, by_title.element_code) as element_code,
        scores.score between scores.scale_min and scores.scale_max as is_within_scale
    from scores_with_rubric as scores
    left join rubric_elements as by_code
        on scores.rubric_version = by_code.rubric_version
        and {{ normalised_name('scores.reported_element_code') }} = by_code.comparable_code
    left join rubric_elements as by_title
        on scores.rubric_version = by_title.rubric_version
        and scores.reported_element_code is null
        and {{ normalised_name('scores.reported_element_title') }} = by_title.comparable_title
        and {{ normalised_name('scores.objective_title') }} = by_title.comparable_domain
),

-- the same person, element and date from two sources is one score: a platform's own speaks before a file's
scores_with_first_source as (
    select
        evaluation_score_key,
        first_value(source_system) over (
            partition by district_id, staff_key, rubric_version, element_code, observed_date
            order by case when source_system = 'files' then 1 else 0 end, source_system
        ) as first_source_system
    from scores_with_element
    where
        staff_key is not null and score is not null and element_code is not null and is_within_scale
        and coalesce(is_final, true)
)

select
    scores.evaluation_score_key,
    scores.district_id,
    scores.source_system,
    scores.connection,
    scores.stream,
    scores.source_record_id,
    scores.result_number,
    scores.observation_key,
    scores.person_key,
    scores.staff_key,
    scores.rubric_version,
    scores.reported_rubric_version,
    scores.evaluation_title,
    scores.objective_title,
    scores.element_code,
    {{ surrogate_key(['scores.rubric_version', 'scores.element_code'], district_id='scores.district_id') }} as rubric_element_key,
    scores.reported_element_code,
    scores.reported_element_title,
    scores.score_text,
    scores.score,
    scores.observed_date,
    scores.school_year,
    scores.reported_school_year,
    scores.observation_type,
    coalesce(scores.is_final, true) as is_final,
    scores.rater_key,
    scores.is_within_scale,
    coalesce(scores.source_system <> first_sources.first_source_system, false) as is_second_copy,
    -- what may be averaged: a score of a finished observation, on its rubric's scale, of an element that the
    -- rubric has, and once
    scores.score is not null
    and coalesce(scores.is_final, true)
    and scores.element_code is not null
    and coalesce(scores.is_within_scale, false)
    and coalesce(scores.source_system = first_sources.first_source_system, true) as is_usable
from scores_with_element as scores
left join scores_with_first_source as first_sources
    on scores.evaluation_score_key = first_sources.evaluation_score_key
