with

people_and_competencies as (
    select expertise_key, district_id, staff_key, competency_key
    from {{ ref('int_expertise__observations_summarised') }}
    union
    select expertise_key, district_id, staff_key, competency_key
    from {{ ref('int_expertise__awards_summarised') }}
),

evidence as (
    select
        people_and_competencies.expertise_key,
        people_and_competencies.district_id,
        people_and_competencies.staff_key,
        people_and_competencies.competency_key,
        observations.rubric_version,
        observations.observed_result,
        observations.observed_mean,
        coalesce(observations.observation_count, 0) as observation_count,
        coalesce(observations.rater_count, 0) as rater_count,
        observations.latest_observation_date,
        coalesce(awards.award_count, 0) as award_count,
        awards.latest_award_date,
        coalesce(awards.award_count, 0) > 0 as is_demonstrated
    from people_and_competencies
    left join {{ ref('int_expertise__observations_summarised') }} as observations
        on people_and_competencies.expertise_key = observations.expertise_key
    left join {{ ref('int_expertise__awards_summarised') }} as awards
        on people_and_competencies.expertise_key = awards.expertise_key
),

-- the first that holds; a credential never overrides an observed need
evidence_with_band as (
    select
        expertise_key,
        district_id,
        staff_key,
        competency_key,
        rubric_version,
        observed_result,
        observed_mean,
        observation_count,
        rater_count,
        latest_observation_date,
        award_count,
        latest_award_date,
        is_demonstrated,
        case
            when observed_result = 'observed_need' then 'need'
            when observed_result = 'observed_expert' and is_demonstrated then 'expert'
            when observed_result = 'observed_expert' then 'strong practice'
            when is_demonstrated then 'demonstrated'
            when observed_result = 'observed_developing' then 'developing'
            else 'not enough evidence'
        end as band,
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
        case when observation_count = 1 then ' puts this practice ' else ' put this practice ' end as put_phrase,
        case when observation_count = 1 then ' alone gives' else ' alone give' end as give_phrase
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
    evidence.observation_count,
    evidence.rater_count,
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
                case when evidence.observed_mean is null then 1 else 0 end,
                evidence.observed_mean desc,
                evidence.award_count desc,
                case when evidence.latest_award_date is null then 1 else 0 end,
                evidence.latest_award_date desc,
                evidence.staff_key
        ) as integer
    ) as rank_in_band,
    case evidence.band
        when 'need' then
            'Need: ' || observations_phrase || put_phrase || 'below the level of need'
            || case
                when is_demonstrated then ', although ' || awards_phrase || demonstrate_phrase || '.'
                else '.'
            end
        when 'expert' then
            'Expert: ' || observations_phrase || put_phrase || 'at expert level, and '
            || awards_phrase || demonstrate_phrase || '.'
        when 'strong practice' then
            'Strong practice: ' || observations_phrase || put_phrase
            || 'at expert level; no micro-credential that counts demonstrates it.'
        when 'demonstrated' then
            'Demonstrated: ' || awards_phrase || demonstrate_phrase
            || case
                -- who may see strengths only reads this too: an observed result below expert is not told
                when observed_result is not null then '.'
                when observation_count > 0 then '; ' || observations_phrase || give_phrase || ' no observed result.'
                else '; it has not been observed.'
            end
        when 'developing' then
            'Developing: ' || observations_phrase || put_phrase
            || 'between need and expert level; no micro-credential that counts demonstrates it.'
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
