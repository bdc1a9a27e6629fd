{%- set half_life = var('recency_half_life_years') -%}
{%- set fresh_until = (0.5 * half_life) | string | replace('.0', '') -%}
{%- set middling_until = (1.5 * half_life) | string | replace('.0', '') -%}

with

settings as (
    select
        district_id,
        as_of_date
    from {{ ref('stg_pipeline__settings') }}
),

current_year as (
    select
        district_id,
        oldest_date
    from {{ ref('int_expertise__school_years_listed') }}
    where is_current
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

estimates as (
    select
        staff_key,
        rubric_element_key,
        observation_count,
        rater_count,
        observed_result,
        latest_observed_date
    from {{ ref('int_expertise__element_estimates') }}
    where is_current
),

chosen_versions as (
    select
        staff_key,
        competency_key,
        rubric_version,
        observed_result
    from {{ ref('int_expertise__observations_summarised') }}
    where is_current
),

adjusted_raters as (
    select
        rubric_element_key,
        rater_key
    from {{ ref('int_expertise__rater_effects') }}
    where is_adjusted
),

scores as (
    select
        scores.evaluation_score_key,
        scores.district_id,
        scores.staff_key,
        alignments.competency_key,
        scores.rubric_version,
        scores.observation_type,
        scores.observed_date,
        scores.source_system,
        scores.source_record_id,
        elements.element_title,
        estimates.observation_count,
        estimates.rater_count,
        estimates.observed_result,
        adjusted_raters.rater_key is not null as is_rater_adjusted,
        scores.observed_date > settings.as_of_date as is_in_future,
        scores.observed_date <= current_year.oldest_date as is_too_old,
        scores.observed_date
        > cast({{ dbt.dateadd('month', -1 * (6 * half_life) | int, 'settings.as_of_date') }} as date) as is_fresh,
        scores.observed_date
        > cast({{ dbt.dateadd('month', -1 * (18 * half_life) | int, 'settings.as_of_date') }} as date) as is_middling
    from {{ ref('int_evaluations__scores_interpreted') }} as scores
    inner join settings on scores.district_id = settings.district_id
    inner join current_year on scores.district_id = current_year.district_id
    inner join {{ ref('dim_rubric_elements') }} as elements on scores.rubric_element_key = elements.rubric_element_key
    left join estimates
        on scores.staff_key = estimates.staff_key
        and scores.rubric_element_key = estimates.rubric_element_key
    inner join alignments
        on scores.rubric_element_key = alignments.rubric_element_key
        and (
            alignments.valid_from_date is null
            or coalesce(estimates.latest_observed_date, scores.observed_date) >= alignments.valid_from_date
        )
        and (
            alignments.valid_to_date is null
            or coalesce(estimates.latest_observed_date, scores.observed_date) <= alignments.valid_to_date
        )
    left join adjusted_raters
        on scores.rubric_element_key = adjusted_raters.rubric_element_key
        and scores.rater_key = adjusted_raters.rater_key
    where scores.staff_key is not null and scores.observed_date is not null and scores.is_usable
),

observations as (
    select
        {{ surrogate_key(
            ['scores.evaluation_score_key', 'scores.competency_key'], district_id='scores.district_id'
        ) }} as evidence_key,
        scores.district_id,
        scores.staff_key,
        scores.competency_key,
        'observation' as evidence_type,
        scores.observed_date as evidence_date,
        scores.element_title || coalesce(' (' || scores.observation_type || ')', '') as title,
        scores.source_system,
        scores.source_record_id,
        case
            when scores.is_in_future
                then 'dated ' || {{ iso_date('scores.observed_date') }} || ', in the future: does not count'
            when scores.is_too_old then 'older than {{ var("observation_years") }} years: does not count'
            when scores.rubric_version <> chosen_versions.rubric_version
                then 'scored on another rubric version: does not count'
            when scores.observation_count = 1 then 'the only observation of this element: does not count'
            when scores.observation_count < {{ var('minimum_observations') }}
                then 'fewer than {{ var("minimum_observations") }} observations of this element: does not count'
            when scores.observed_result is null and scores.rater_count = 1
                then 'all by one rater in one school year: does not count'
            when scores.observed_result is null
                then 'all in one school year, by no rater who is named: does not count'
        end as remark,
        case
            when scores.is_fresh then 'recent: counts almost in full'
            when scores.is_middling
                then '{{ fresh_until }} to {{ middling_until }} years old: counts about half'
            else 'over {{ middling_until }} years old: counts about a quarter'
        end as weight_in_words,
        scores.is_rater_adjusted
    from scores
    left join chosen_versions
        on scores.staff_key = chosen_versions.staff_key
        and scores.competency_key = chosen_versions.competency_key
),

awards as (
    select
        items.award_item_key as evidence_key,
        items.district_id,
        items.staff_key,
        items.competency_key,
        'award' as evidence_type,
        items.issued_date as evidence_date,
        definitions.micro_credential_name as title,
        items.source_system,
        items.source_record_id,
        items.is_demonstrated as counts,
        items.remark
    from {{ ref('int_expertise__awards_listed') }} as items
    inner join {{ ref('dim_micro_credentials') }} as definitions
        on items.micro_credential_key = definitions.micro_credential_key
)

select
    evidence_key, district_id, staff_key, competency_key, evidence_type, evidence_date, title, source_system,
    source_record_id, remark is null as counts, remark,
    case when remark is null then weight_in_words end as weight_in_words,
    case when remark is null then is_rater_adjusted end as is_rater_adjusted
from observations
union all
select
    evidence_key, district_id, staff_key, competency_key, evidence_type, evidence_date, title, source_system,
    source_record_id, counts, remark,
    cast(null as {{ dbt.type_string() }}) as weight_in_words, cast(null as boolean) as is_rater_adjusted
from awards
