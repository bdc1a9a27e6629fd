-- people, competencies and versions are numbered until the last step: there are as many rows as people,
-- competencies and school years
with

alignments as (
    select
        item_key as rubric_element_key,
        competency_key,
        valid_from_date,
        valid_to_date,
        dense_rank() over (order by competency_key) as competency_number
    from {{ ref('int_credentials__alignments_unioned') }}
    where item_type = 'rubric_element' and status = 'approved' and competency_key is not null
),

competencies as (
    select distinct
        competency_number,
        competency_key
    from alignments
),

rubric_versions as (
    select
        rubric_version,
        row_number() over (order by rubric_version) as version_number
    from {{ ref('rubric_versions') }}
),

staff as (
    select distinct
        staff_number,
        staff_key,
        district_id
    from {{ ref('int_expertise__observations_numbered') }}
),

-- an element speaks of the competencies that it was aligned to when it was last observed
elements as (
    select
        estimates.staff_number,
        alignments.competency_number,
        estimates.school_year,
        rubric_versions.version_number,
        estimates.rubric_element_key,
        estimates.observation_count,
        estimates.rater_count,
        estimates.year_count,
        estimates.mean_score,
        estimates.posterior_mean,
        estimates.posterior_sd,
        estimates.probability_expert,
        estimates.probability_need,
        estimates.observed_result is not null as has_result,
        case when estimates.observed_result = 'observed_need' then 1 else 0 end as need,
        case when estimates.observed_result = 'observed_expert' then 1 else 0 end as expert,
        case when estimates.is_need_by_latest_two then 1 else 0 end as need_by_latest_two,
        estimates.latest_observed_date
    from {{ ref('int_expertise__element_estimates') }} as estimates
    inner join alignments
        on estimates.rubric_element_key = alignments.rubric_element_key
        and (alignments.valid_from_date is null or estimates.latest_observed_date >= alignments.valid_from_date)
        and (alignments.valid_to_date is null or estimates.latest_observed_date <= alignments.valid_to_date)
    inner join rubric_versions on estimates.rubric_version = rubric_versions.rubric_version
),

-- where no element has a result, all of them say how little there is; otherwise those with one speak
version_results as (
    select
        staff_number,
        competency_number,
        school_year,
        version_number,
        count(case when has_result then 1 end) as result_count,
        sum(need) as need_count,
        sum(expert) as expert_count,
        sum(need_by_latest_two) as need_by_latest_two_count,
        avg(case when has_result then mean_score end) as observed_mean,
        avg(case when has_result then posterior_mean end) as posterior_mean,
        sum(case when has_result then posterior_sd * posterior_sd end) as posterior_variances,
        min(case when has_result then probability_expert end) as probability_expert,
        max(case when has_result then probability_need end) as probability_need,
        coalesce(max(case when has_result then observation_count end), max(observation_count)) as observation_count,
        coalesce(max(case when has_result then rater_count end), max(rater_count)) as rater_count,
        max(year_count) as year_count,
        coalesce(max(case when has_result then latest_observed_date end), max(latest_observed_date))
            as latest_observation_date
    from elements
    group by staff_number, competency_number, school_year, version_number
),

-- several elements of one competency are mostly scored in one observation: theirs are counted together
competencies_of_several_elements as (
    select
        alignments.competency_number,
        elements.rubric_version
    from alignments
    inner join {{ ref('dim_rubric_elements') }} as elements
        on alignments.rubric_element_key = elements.rubric_element_key
    group by alignments.competency_number, elements.rubric_version
    having count(distinct alignments.rubric_element_key) > 1
),

speaking_elements as (
    select
        elements.staff_number,
        elements.competency_number,
        elements.school_year,
        elements.version_number,
        elements.rubric_element_key
    from elements
    inner join rubric_versions on elements.version_number = rubric_versions.version_number
    inner join competencies_of_several_elements as several
        on elements.competency_number = several.competency_number
        and rubric_versions.rubric_version = several.rubric_version
    inner join version_results
        on elements.staff_number = version_results.staff_number
        and elements.competency_number = version_results.competency_number
        and elements.school_year = version_results.school_year
        and elements.version_number = version_results.version_number
        and (elements.has_result or version_results.result_count = 0)
),

counts_of_several_elements as (
    select
        elements.staff_number,
        elements.competency_number,
        elements.school_year,
        elements.version_number,
        count(distinct observations.observation_number) as observation_count,
        count(distinct observations.rater_number) as rater_count,
        count(distinct observations.school_year) as year_count
    from speaking_elements as elements
    inner join {{ ref('int_expertise__school_years_listed') }} as years on elements.school_year = years.school_year
    inner join {{ ref('int_expertise__observations_numbered') }} as observations
        on elements.staff_number = observations.staff_number
        and observations.observed_date > years.oldest_date
        and observations.observed_date <= years.as_of_date
    inner join {{ ref('int_expertise__scores_numbered') }} as scores
        on observations.observation_number = scores.observation_number
        and elements.rubric_element_key = scores.rubric_element_key
    group by elements.staff_number, elements.competency_number, elements.school_year, elements.version_number
),

-- scales are never mixed: the rubric version with a result and the latest observation speaks
versions_newest_first as (
    select
        staff_number,
        competency_number,
        school_year,
        version_number,
        result_count,
        need_count,
        expert_count,
        need_by_latest_two_count,
        observed_mean,
        posterior_mean,
        posterior_variances,
        probability_expert,
        probability_need,
        observation_count,
        rater_count,
        year_count,
        latest_observation_date,
        row_number() over (
            partition by staff_number, competency_number, school_year
            order by
                case when result_count = 0 then 1 else 0 end,
                latest_observation_date desc,
                version_number desc
        ) as version_order
    from version_results
)

select
    {{ surrogate_key(
        ['staff.staff_key', 'competencies.competency_key', 'versions.school_year'], district_id='staff.district_id'
    ) }} as expertise_year_key,
    staff.district_id,
    staff.staff_key,
    competencies.competency_key,
    versions.school_year,
    years.is_current,
    rubric_versions.rubric_version,
    -- one need is a need, and an expert is one in all observed elements
    case
        when versions.result_count = 0 then null
        when versions.need_count > 0 then 'observed_need'
        when versions.expert_count = versions.result_count then 'observed_expert'
        else 'observed_developing'
    end as observed_result,
    versions.observed_mean,
    versions.posterior_mean,
    case when versions.result_count > 0 then sqrt(versions.posterior_variances) / versions.result_count end
        as posterior_sd,
    versions.probability_expert,
    versions.probability_need,
    cast(versions.result_count as integer) as result_element_count,
    cast(versions.need_count as integer) as need_element_count,
    versions.need_count > 0 and versions.need_by_latest_two_count = versions.need_count as is_need_by_latest_two,
    cast(coalesce(counts.observation_count, versions.observation_count) as integer) as observation_count,
    cast(coalesce(counts.rater_count, versions.rater_count) as integer) as rater_count,
    cast(coalesce(counts.year_count, versions.year_count) as integer) as year_count,
    versions.latest_observation_date
from versions_newest_first as versions
inner join staff on versions.staff_number = staff.staff_number
inner join competencies on versions.competency_number = competencies.competency_number
inner join rubric_versions on versions.version_number = rubric_versions.version_number
inner join {{ ref('int_expertise__school_years_listed') }} as years
    on staff.district_id = years.district_id
    and versions.school_year = years.school_year
left join counts_of_several_elements as counts
    on versions.staff_number = counts.staff_number
    and versions.competency_number = counts.competency_number
    and versions.school_year = counts.school_year
    and versions.version_number = counts.version_number
where versions.version_order = 1
