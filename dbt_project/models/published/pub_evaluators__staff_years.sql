with

assignments_best_first as (
    select
        staff_key,
        district_id,
        school_year,
        school_key,
        grade_band,
        years_experience,
        left_school_year,
        status,
        row_number() over (
            partition by staff_key, school_year
            order by
                case when left_school_year is null or left_school_year > school_year then 0 else 1 end,
                begin_date desc,
                school_key,
                classification
        ) as assignment_order
    from {{ ref('int_staff__school_years_covered') }}
),

assignments_by_year as (
    select
        staff_key,
        district_id,
        school_year,
        school_key,
        grade_band,
        years_experience,
        left_school_year,
        status,
        lead(school_year) over (partition by staff_key order by school_year) as next_school_year,
        lead(left_school_year) over (partition by staff_key order by school_year) as left_school_year_of_next
    from assignments_best_first
    where assignment_order = 1
),

-- an assignment that ends is no leaving where another follows in the next year
staff_years as (
    select
        staff_key,
        district_id,
        school_year,
        school_key,
        grade_band,
        years_experience,
        (
            coalesce(left_school_year > school_year, true)
            or coalesce(
                next_school_year = school_year + 1 and coalesce(left_school_year_of_next >= next_school_year, true),
                false
            )
        )
        and coalesce(status, '') not in ({{ sql_list(var('inactive_statuses')) }}) as is_active
    from assignments_by_year
),

-- scales are never mixed: the rubric version with most observations of the year gives the mean
scores_by_version as (
    select
        staff_key,
        school_year,
        rubric_version,
        avg(score) as mean_score,
        count(distinct observation_key) as observation_count,
        row_number() over (
            partition by staff_key, school_year
            order by count(distinct observation_key) desc, rubric_version desc
        ) as version_order
    from {{ ref('fct_evaluation_scores') }}
    where is_usable and staff_key is not null
    group by staff_key, school_year, rubric_version
),

earned_awards as (
    select
        staff_key,
        school_year,
        issued_date
    from {{ ref('fct_credential_awards') }}
    where staff_key is not null and is_earned and not is_reissue
),

awards_by_year as (
    select
        staff_key,
        school_year,
        count(*) as award_count
    from earned_awards
    group by staff_key, school_year
),

first_awards as (
    select
        staff_key,
        min(issued_date) as first_award_date
    from earned_awards
    group by staff_key
),

cumulative_awards as (
    select
        staff_years.staff_key,
        staff_years.school_year,
        sum(awards_by_year.award_count) as cumulative_award_count
    from staff_years
    inner join awards_by_year
        on staff_years.staff_key = awards_by_year.staff_key
        and awards_by_year.school_year <= staff_years.school_year
    group by staff_years.staff_key, staff_years.school_year
),

hours_by_year as (
    select
        staff_key,
        school_year,
        sum(attended_hours) as pd_hours
    from {{ ref('fct_pd_participation') }}
    where staff_key is not null
    group by staff_key, school_year
)

select
    staff_years.staff_key,
    staff_years.district_id,
    staff_years.school_year,
    staff_years.school_key,
    staff_years.grade_band,
    staff_years.years_experience,
    scores.rubric_version,
    scores.mean_score,
    cast(coalesce(scores.observation_count, 0) as integer) as observation_count,
    cast(coalesce(awards_by_year.award_count, 0) as integer) as award_count,
    cast(coalesce(cumulative_awards.cumulative_award_count, 0) as integer) as cumulative_award_count,
    first_awards.first_award_date,
    hours_by_year.pd_hours,
    staff_years.is_active
from staff_years
left join scores_by_version as scores
    on staff_years.staff_key = scores.staff_key
    and staff_years.school_year = scores.school_year
    and scores.version_order = 1
left join awards_by_year
    on staff_years.staff_key = awards_by_year.staff_key
    and staff_years.school_year = awards_by_year.school_year
left join cumulative_awards
    on staff_years.staff_key = cumulative_awards.staff_key
    and staff_years.school_year = cumulative_awards.school_year
left join first_awards on staff_years.staff_key = first_awards.staff_key
left join hours_by_year
    on staff_years.staff_key = hours_by_year.staff_key
    and staff_years.school_year = hours_by_year.school_year
