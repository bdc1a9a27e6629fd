with

people_and_competencies as (
    select expertise_year_key, district_id, staff_key, competency_key, school_year, is_current
    from {{ ref('int_expertise__observations_summarised') }}
    union
    select expertise_year_key, district_id, staff_key, competency_key, school_year, is_current
    from {{ ref('int_expertise__awards_summarised') }}
),

evidence as (
    select
        people_and_competencies.expertise_year_key,
        people_and_competencies.district_id,
        people_and_competencies.staff_key,
        people_and_competencies.competency_key,
        people_and_competencies.school_year,
        people_and_competencies.is_current,
        observations.observed_result,
        coalesce(observations.observation_count, 0) as observation_count,
        coalesce(awards.award_count, 0) as award_count,
        coalesce(awards.award_count, 0) > 0 as is_demonstrated
    from people_and_competencies
    left join {{ ref('int_expertise__observations_summarised') }} as observations
        on people_and_competencies.expertise_year_key = observations.expertise_year_key
    left join {{ ref('int_expertise__awards_summarised') }} as awards
        on people_and_competencies.expertise_year_key = awards.expertise_year_key
),

evidence_with_band as (
    select
        expertise_year_key,
        district_id,
        staff_key,
        competency_key,
        school_year,
        is_current,
        observed_result,
        observation_count,
        award_count,
        is_demonstrated,
        {{ expertise_band() }} as band
    from evidence
)

select
    evidence.expertise_year_key,
    evidence.district_id,
    evidence.staff_key,
    evidence.competency_key,
    evidence.school_year,
    evidence.is_current,
    evidence.band,
    bands.band_order,
    evidence.observed_result,
    evidence.is_demonstrated,
    evidence.award_count,
    evidence.observation_count
from evidence_with_band as evidence
inner join {{ ref('expertise_bands') }} as bands on evidence.band = bands.band
