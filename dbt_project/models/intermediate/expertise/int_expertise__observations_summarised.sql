with

rubric_versions as (
    select
        rubric_version,
        need_level,
        expert_level
    from {{ ref('rubric_versions') }}
),

elements as (
    select
        district_id,
        staff_key,
        competency_key,
        rubric_version,
        rubric_element_key,
        count(*) as observation_count,
        -- nine places: a mean that is exactly the level must not fall below it by an error of binary fractions
        cast(cast(avg(score) as decimal(18, 9)) as double precision) as mean_score
    from {{ ref('int_expertise__observations_listed') }}
    where is_recent
    group by district_id, staff_key, competency_key, rubric_version, rubric_element_key
),

-- one observation is not a result
element_results as (
    select
        elements.district_id,
        elements.staff_key,
        elements.competency_key,
        elements.rubric_version,
        elements.mean_score,
        case
            when elements.observation_count < {{ var('minimum_observations') }} then null
            when elements.mean_score < rubric_versions.need_level then 'observed_need'
            when elements.mean_score >= rubric_versions.expert_level then 'observed_expert'
            else 'observed_developing'
        end as observed_result
    from elements
    inner join rubric_versions on elements.rubric_version = rubric_versions.rubric_version
),

-- several elements of one competency: one need is a need, and an expert is one in all of them
version_results as (
    select
        district_id,
        staff_key,
        competency_key,
        rubric_version,
        avg(case when observed_result is not null then mean_score end) as observed_mean,
        case
            when sum(case when observed_result = 'observed_need' then 1 else 0 end) > 0 then 'observed_need'
            when count(observed_result) = 0 then null
            when sum(case when observed_result = 'observed_expert' then 1 else 0 end) = count(observed_result)
                then 'observed_expert'
            else 'observed_developing'
        end as observed_result
    from element_results
    group by district_id, staff_key, competency_key, rubric_version
),

version_counts as (
    select
        staff_key,
        competency_key,
        rubric_version,
        count(distinct observation_key) as observation_count,
        count(distinct rater_key) as rater_count,
        max(observed_date) as latest_observation_date
    from {{ ref('int_expertise__observations_listed') }}
    where is_recent
    group by staff_key, competency_key, rubric_version
),

-- scales are never mixed: the rubric version with a result and the latest observation speaks
versions_newest_first as (
    select
        version_results.district_id,
        version_results.staff_key,
        version_results.competency_key,
        version_results.rubric_version,
        version_results.observed_result,
        version_results.observed_mean,
        version_counts.observation_count,
        version_counts.rater_count,
        version_counts.latest_observation_date,
        row_number() over (
            partition by version_results.staff_key, version_results.competency_key
            order by
                case when version_results.observed_result is null then 1 else 0 end,
                version_counts.latest_observation_date desc,
                version_results.rubric_version desc
        ) as version_order
    from version_results
    inner join version_counts
        on version_results.staff_key = version_counts.staff_key
        and version_results.competency_key = version_counts.competency_key
        and version_results.rubric_version = version_counts.rubric_version
)

select
    {{ surrogate_key(['staff_key', 'competency_key']) }} as expertise_key,
    district_id,
    staff_key,
    competency_key,
    rubric_version,
    observed_result,
    observed_mean,
    cast(observation_count as integer) as observation_count,
    cast(rater_count as integer) as rater_count,
    latest_observation_date
from versions_newest_first
where version_order = 1
