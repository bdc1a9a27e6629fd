{%- set half_life = var('recency_half_life_years') -%}
{%- set fresh_until = (0.5 * half_life) | string | replace('.0', '') -%}
{%- set middling_until = (1.5 * half_life) | string | replace('.0', '') -%}
{%- set fresh_months = (6 * half_life) | int -%}
{%- set middling_months = (18 * half_life) | int -%}

with

days as (
    select
        settings.district_id,
        settings.as_of_date,
        current_year.oldest_date,
        cast({{ dbt.dateadd('month', -1 * fresh_months, 'settings.as_of_date') }} as date) as fresh_after_date,
        cast({{ dbt.dateadd('month', -1 * middling_months, 'settings.as_of_date') }} as date) as middling_after_date
    from {{ ref('stg_pipeline__settings') }} as settings
    inner join {{ ref('int_expertise__school_years_listed') }} as current_year
        on settings.district_id = current_year.district_id
    where current_year.is_current
),

alignments as (
    select
        alignments.item_key as rubric_element_key,
        alignments.competency_key,
        alignments.valid_from_date,
        alignments.valid_to_date,
        elements.element_title
    from {{ ref('int_credentials__alignments_unioned') }} as alignments
    inner join {{ ref('dim_rubric_elements') }} as elements on alignments.item_key = elements.rubric_element_key
    where
        alignments.item_type = 'rubric_element'
        and alignments.status = 'approved'
        and alignments.competency_key is not null
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
        rubric_version
    from {{ ref('int_expertise__observations_summarised') }}
    where is_current
),

-- what is the same for all scores that one person has of one element is joined and worded here, once: scores are the
-- longest and widest table, and joined to this one table they are only read past it, never held in memory
staff_elements as (
    select
        staff.staff_key,
        alignments.rubric_element_key,
        alignments.competency_key,
        alignments.valid_from_date,
        alignments.valid_to_date,
        alignments.element_title,
        estimates.latest_observed_date,
        chosen_versions.rubric_version as chosen_version,
        case
            when estimates.observation_count = 1 then 'the only observation of this element: does not count'
            when estimates.observation_count < {{ var('minimum_observations') }}
                then 'fewer than {{ var("minimum_observations") }} observations of this element: does not count'
            when estimates.observed_result is null and estimates.rater_count = 1
                then 'all by one rater in one school year: does not count'
            when estimates.observed_result is null
                then 'all in one school year, by no rater who is named: does not count'
        end as remark
    from {{ ref('dim_staff') }} as staff
    cross join alignments
    left join estimates
        on staff.staff_key = estimates.staff_key
        and alignments.rubric_element_key = estimates.rubric_element_key
    left join chosen_versions
        on staff.staff_key = chosen_versions.staff_key
        and alignments.competency_key = chosen_versions.competency_key
),

adjusted_raters as (
    select
        rubric_element_key,
        rater_key
    from {{ ref('int_expertise__rater_effects') }}
    where is_adjusted
),

observations as (
    select
        {{ surrogate_key(
            ['scores.evaluation_score_key', 'staff_elements.competency_key'], district_id='scores.district_id'
        ) }} as evidence_key,
        scores.district_id,
        scores.staff_key,
        staff_elements.competency_key,
        'observation' as evidence_type,
        scores.observed_date as evidence_date,
        staff_elements.element_title || coalesce(' (' || scores.observation_type || ')', '') as title,
        scores.source_system,
        scores.source_record_id,
        case
            when scores.observed_date > days.as_of_date
                then 'dated ' || {{ iso_date('scores.observed_date') }} || ', in the future: does not count'
            when scores.observed_date <= days.oldest_date
                then 'older than {{ var("observation_years") }} years: does not count'
            when scores.rubric_version <> staff_elements.chosen_version
                then 'scored on another rubric version: does not count'
            else staff_elements.remark
        end as remark,
        case
            when scores.observed_date > days.fresh_after_date then 'recent: counts almost in full'
            when scores.observed_date > days.middling_after_date
                then '{{ fresh_until }} to {{ middling_until }} years old: counts about half'
            else 'over {{ middling_until }} years old: counts about a quarter'
        end as weight_in_words,
        adjusted_raters.rater_key is not null as is_rater_adjusted
    from {{ ref('int_evaluations__scores_interpreted') }} as scores
    inner join days on scores.district_id = days.district_id
    inner join staff_elements
        on scores.staff_key = staff_elements.staff_key
        and scores.rubric_element_key = staff_elements.rubric_element_key
        and (
            staff_elements.valid_from_date is null
            or coalesce(staff_elements.latest_observed_date, scores.observed_date) >= staff_elements.valid_from_date
        )
        and (
            staff_elements.valid_to_date is null
            or coalesce(staff_elements.latest_observed_date, scores.observed_date) <= staff_elements.valid_to_date
        )
    left join adjusted_raters
        on scores.rubric_element_key = adjusted_raters.rubric_element_key
        and scores.rater_key = adjusted_raters.rater_key
    where scores.observed_date is not null and scores.is_usable
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
