with

settings as (
    select
        district_id,
        as_of_date,
        school_year_start_month,
        school_year_start_day
    from {{ ref('stg_pipeline__settings') }}
),

teacher_years as (
    select
        staff_key,
        district_id,
        school_year,
        school_key,
        grade_band,
        licence_type,
        years_experience,
        first_award_date,
        first_award_school_year,
        award_count,
        cumulative_award_count,
        attempt_count,
        pd_hours,
        traditional_pd_hours,
        rubric_version,
        observation_count,
        mean_score,
        is_retained
    from {{ ref('int_study__staff_years') }}
    where is_teacher and has_worked
),

-- where nobody's hours are on record nothing is known; elsewhere nothing on record is none attended
years_with_hours as (
    select distinct
        district_id,
        school_year
    from {{ ref('fct_pd_participation') }}
),

teacher_years_with_hours as (
    select
        teacher_years.staff_key,
        teacher_years.district_id,
        teacher_years.school_year,
        case when known.school_year is not null then coalesce(teacher_years.pd_hours, 0) end as pd_hours,
        case
            when known.school_year is not null then coalesce(teacher_years.traditional_pd_hours, 0)
        end as traditional_pd_hours
    from teacher_years
    left join years_with_hours as known
        on teacher_years.district_id = known.district_id
        and teacher_years.school_year = known.school_year
),

mean_hours as (
    select
        hours.staff_key,
        hours.district_id,
        cast(avg(hours.traditional_pd_hours) as decimal(18, 6)) as traditional_pd_hours
    from teacher_years_with_hours as hours
    group by hours.staff_key, hours.district_id
),

earners as (
    select distinct staff_key
    from teacher_years
    where first_award_school_year is not null
),

earners_median as (
    select
        mean_hours.district_id,
        percentile_cont(0.5) within group (order by cast(mean_hours.traditional_pd_hours as double precision))
            as traditional_pd_hours
    from mean_hours
    inner join earners on mean_hours.staff_key = earners.staff_key
    where mean_hours.traditional_pd_hours is not null
    group by mean_hours.district_id
),

high_hours as (
    select mean_hours.staff_key
    from mean_hours
    inner join earners_median
        on mean_hours.district_id = earners_median.district_id
        and mean_hours.traditional_pd_hours >= cast(earners_median.traditional_pd_hours as decimal(18, 6))
    left join earners on mean_hours.staff_key = earners.staff_key
    where earners.staff_key is null
),

distributions as (
    select
        district_id,
        school_year,
        rubric_version,
        avg(mean_score) as mean_score,
        stddev_samp(mean_score) as sd_score
    from teacher_years
    where mean_score is not null
    group by district_id, school_year, rubric_version
),

responses as (
    select
        responses.staff_key,
        responses.district_id,
        {{ school_year_of('responses.survey_date') }} as school_year,
        responses.response,
        coalesce(responses.scale_max, 0) as scale_max
    from {{ ref('fct_survey_responses') }} as responses
    inner join settings on responses.district_id = settings.district_id
    where responses.staff_key is not null and responses.response is not null
),

-- scales are never mixed: the one with most responses of the district's year
survey_scales as (
    select
        district_id,
        school_year,
        scale_max,
        row_number() over (
            partition by district_id, school_year
            order by count(*) desc, scale_max desc
        ) as scale_order
    from responses
    group by district_id, school_year, scale_max
),

survey_scores as (
    select
        responses.staff_key,
        responses.school_year,
        avg(responses.response) as survey_score
    from responses
    inner join survey_scales
        on responses.district_id = survey_scales.district_id
        and responses.school_year = survey_scales.school_year
        and responses.scale_max = survey_scales.scale_max
        and survey_scales.scale_order = 1
    group by responses.staff_key, responses.school_year
),

costs as (
    select
        staff_key,
        school_year,
        sum(amount_usd) as cost_usd,
        count(*) - count(amount_usd) as unpriced_count
    from {{ ref('pub_evaluators__study_costs') }}
    group by staff_key, school_year
),

priced_years as (
    select distinct
        district_id,
        school_year
    from {{ ref('int_study__prices') }}
    where unit_price_usd is not null
)

select
    teacher_years.staff_key,
    teacher_years.district_id,
    teacher_years.school_year,
    teacher_years.school_key,
    teacher_years.grade_band,
    teacher_years.licence_type,
    teacher_years.years_experience,
    teacher_years.first_award_date,
    teacher_years.first_award_school_year,
    -- an award in the middle of a year, or on its first day, counts from the next
    teacher_years.first_award_school_year + 1 as first_treated_year,
    teacher_years.award_count,
    teacher_years.cumulative_award_count,
    teacher_years.attempt_count as submission_count,
    hours.pd_hours,
    hours.traditional_pd_hours,
    teacher_years.rubric_version,
    teacher_years.observation_count,
    teacher_years.mean_score,
    -- equal means differ in their last digits
    case
        when distributions.sd_score > 0.000000001
            then (teacher_years.mean_score - distributions.mean_score) / distributions.sd_score
    end as outcome_score,
    teacher_years.is_retained,
    survey_scores.survey_score,
    high_hours.staff_key is not null as is_never_earner_high_hours,
    case
        when costs.unpriced_count > 0 then null
        when costs.staff_key is not null then costs.cost_usd
        when priced_years.school_year is not null then 0
    end as cost_usd,
    teacher_years.school_year >= {{ school_year_of('settings.as_of_date') }} as is_current
from teacher_years
inner join settings on teacher_years.district_id = settings.district_id
inner join teacher_years_with_hours as hours
    on teacher_years.staff_key = hours.staff_key
    and teacher_years.school_year = hours.school_year
left join distributions
    on teacher_years.district_id = distributions.district_id
    and teacher_years.school_year = distributions.school_year
    and teacher_years.rubric_version = distributions.rubric_version
left join survey_scores
    on teacher_years.staff_key = survey_scores.staff_key
    and teacher_years.school_year = survey_scores.school_year
left join high_hours on teacher_years.staff_key = high_hours.staff_key
left join costs
    on teacher_years.staff_key = costs.staff_key
    and teacher_years.school_year = costs.school_year
left join priced_years
    on teacher_years.district_id = priced_years.district_id
    and teacher_years.school_year = priced_years.school_year
