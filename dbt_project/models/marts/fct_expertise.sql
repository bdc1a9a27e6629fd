{%- set top_share = 'in the top ' ~ (100 * var('expert_share')) | round(1) | string | replace('.0', '') ~ ' % of the district' -%}

with

people_and_competencies as (
    select expertise_year_key, district_id, staff_key, competency_key
    from {{ ref('int_expertise__observations_summarised') }}
    where is_current
    union
    select expertise_year_key, district_id, staff_key, competency_key
    from {{ ref('int_expertise__awards_summarised') }}
    where is_current
),

evidence as (
    select
        {{ surrogate_key(
            ['people_and_competencies.staff_key', 'people_and_competencies.competency_key'],
            district_id='people_and_competencies.district_id'
        ) }} as expertise_key,
        people_and_competencies.district_id,
        people_and_competencies.staff_key,
        people_and_competencies.competency_key,
        observations.rubric_version,
        observations.observed_result,
        observations.observed_mean,
        observations.posterior_mean,
        observations.posterior_sd,
        observations.probability_expert,
        observations.probability_need,
        coalesce(observations.result_element_count, 0) as result_element_count,
        coalesce(observations.need_element_count, 0) as need_element_count,
        coalesce(observations.is_need_by_latest_two, false) as is_need_by_latest_two,
        coalesce(observations.observation_count, 0) as observation_count,
        coalesce(observations.rater_count, 0) as rater_count,
        coalesce(observations.year_count, 0) as year_count,
        observations.latest_observation_date,
        coalesce(awards.award_count, 0) as award_count,
        awards.latest_award_date,
        coalesce(awards.award_count, 0) > 0 as is_demonstrated
    from people_and_competencies
    left join {{ ref('int_expertise__observations_summarised') }} as observations
        on people_and_competencies.expertise_year_key = observations.expertise_year_key
    left join {{ ref('int_expertise__awards_summarised') }} as awards
        on people_and_competencies.expertise_year_key = awards.expertise_year_key
),

evidence_with_band as (
    select
        expertise_key,
        district_id,
        staff_key,
        competency_key,
        rubric_version,
        observed_result,
        observed_mean,
        posterior_mean,
        posterior_sd,
        probability_expert,
        probability_need,
        is_need_by_latest_two,
        observation_count,
        rater_count,
        year_count,
        latest_observation_date,
        award_count,
        latest_award_date,
        is_demonstrated,
        {{ expertise_band() }} as band,
        {{ counted_noun('observation_count', 'observation') }}
        || case
            when rater_count > 0 then ' by ' || {{ counted_noun('rater_count', 'rater') }}
            else ''
        end as observations_phrase,
        {{ counted_noun('award_count', 'micro-credential') }}
        || case
            when award_count > 0 then ' (latest ' || {{ iso_date('latest_award_date') }} || ')'
            else ''
        end as awards_phrase,
        case when award_count = 1 then ' demonstrates it' else ' demonstrate it' end as demonstrate_phrase,
        case
            when observation_count = 1 then ' alone gives'
            when rater_count < 2 and year_count = 1 then ' in 1 school year alone give'
            else ' alone give'
        end as give_phrase,
        case
            when result_element_count > 1
                then
                    ' in ' || cast(need_element_count as {{ dbt.type_string() }})
                    || ' of ' || {{ counted_noun('result_element_count', 'rubric element') }}
            else ''
        end as need_elements_phrase
    from evidence
)

select
    evidence.expertise_key,
    evidence.district_id,
    evidence.staff_key,
    evidence.competency_key,
    evidence.rubric_version,
    evidence.observed_result,
    evidence.observed_mean,
    evidence.posterior_mean,
    evidence.posterior_sd,
    evidence.probability_expert,
    evidence.probability_need,
    evidence.is_need_by_latest_two,
    evidence.observation_count,
    evidence.rater_count,
    evidence.year_count,
    evidence.latest_observation_date,
    evidence.award_count,
    evidence.latest_award_date,
    evidence.is_demonstrated,
    evidence.band,
    bands.band_order,
    cast(
        row_number() over (
            partition by evidence.district_id, evidence.competency_key, evidence.band
            order by
                case when evidence.posterior_mean is null then 1 else 0 end,
                -- nine places: equal evidence must not be ranked by an error of binary fractions
                cast(evidence.posterior_mean as decimal(18, 9)) desc,
                evidence.award_count desc,
                case when evidence.latest_award_date is null then 1 else 0 end,
                evidence.latest_award_date desc,
                evidence.staff_key
        ) as integer
    ) as rank_in_band,
    case evidence.band
        when 'need' then
            'Need: '
            || case
                when is_need_by_latest_two
                    then 'the latest two of ' || observations_phrase || ' lie below the level of need'
                else observations_phrase || ' put this practice below the level of need'
            end
            || need_elements_phrase
            || case
                when is_demonstrated then ', although ' || awards_phrase || demonstrate_phrase || '.'
                else '.'
            end
        when 'expert' then
            'Expert: ' || observations_phrase || ' put this practice at expert level and {{ top_share }}, and '
            || awards_phrase || demonstrate_phrase || '.'
        when 'strong practice' then
            'Strong practice: ' || observations_phrase
            || ' put this practice at expert level and {{ top_share }}; no micro-credential that counts demonstrates it.'
        -- who may see strengths only reads this sentence too: whether there are observations, none of which
        -- can then have come to expert level, is told by the evidence alone
        when 'demonstrated' then 'Demonstrated: ' || awards_phrase || demonstrate_phrase || '.'
        when 'developing' then
            'Developing: ' || observations_phrase || ' show no need, and not surely enough an expert level '
            || '{{ top_share }}; no micro-credential that counts demonstrates it.'
        else
            'Not enough evidence: '
            || case
                when observation_count > 0 then observations_phrase || give_phrase || ' no observed result'
                else 'it has not been observed'
            end
            || ', and no micro-credential that counts demonstrates it.'
    end as explanation
from evidence_with_band as evidence
inner join {{ ref('expertise_bands') }} as bands on evidence.band = bands.band
