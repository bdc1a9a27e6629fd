with

settings as (
    select
        district_id,
        school_year_start_month,
        school_year_start_day
    from {{ ref('stg_pipeline__settings') }}
),

-- who left in a year worked in it; whom a roster lists on after that did not, nor who is inactive since nobody knows when
assignments_best_first as (
    select
        staff_key,
        district_id,
        school_year,
        school_key,
        classification,
        grade_band,
        years_experience,
        left_school_year,
        status,
        max(
            case
                when left_school_year >= school_year then 1
                when left_school_year is null and coalesce(status, '') not in ({{ sql_list(var('inactive_statuses')) }})
                    then 1
                else 0
            end
        ) over (partition by staff_key, school_year) as has_worked,
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
        classification,
        grade_band,
        years_experience,
        left_school_year,
        status,
        has_worked,
        lead(school_year) over (partition by staff_key order by school_year) as next_school_year,
        lead(left_school_year) over (partition by staff_key order by school_year) as left_school_year_of_next,
        lead(has_worked) over (partition by staff_key order by school_year) as has_worked_in_next
    from assignments_best_first
    where assignment_order = 1
),

rostered_years as (
    select distinct
        district_id,
        school_year
    from assignments_by_year
),

staff_years as (
    select
        years.staff_key,
        years.district_id,
        years.school_year,
        years.school_key,
        years.classification,
        years.grade_band,
        years.years_experience,
        years.has_worked = 1 as has_worked,
        -- an assignment that ends is no leaving where another follows in the next year
        (
            coalesce(years.left_school_year > years.school_year, true)
            or coalesce(
                years.next_school_year = years.school_year + 1
                and coalesce(years.left_school_year_of_next >= years.next_school_year, true),
                false
            )
        )
        and coalesce(years.status, '') not in ({{ sql_list(var('inactive_statuses')) }}) as is_active,
        -- a year without a roster of its own says nothing of who stayed
        case
            when rostered_years.school_year is not null
                then coalesce(years.next_school_year = years.school_year + 1 and years.has_worked_in_next = 1, false)
        end as is_retained
    from assignments_by_year as years
    left join rostered_years
        on years.district_id = rostered_years.district_id
        and years.school_year + 1 = rostered_years.school_year
),

-- one pass over the scores; what follows counts observations, of which there are twenty times fewer
observations as (
    select
        staff_key,
        school_year,
        rubric_version,
        observation_key,
        sum(score) as score_total,
        count(score) as score_count
    from {{ ref('fct_evaluation_scores') }}
    where is_usable and staff_key is not null
    group by staff_key, school_year, rubric_version, observation_key
),

-- scales are never mixed: the rubric version with most observations of the year gives the mean
scores_by_version as (
    select
        staff_key,
        school_year,
        rubric_version,
        sum(score_total) / sum(score_count) as mean_score,
        count(*) as observation_count,
        row_number() over (
            partition by staff_key, school_year
            order by count(*) desc, rubric_version desc
        ) as version_order
    from observations
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
        min(issued_date) as first_award_date,
        min(school_year) as first_award_school_year
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

mean_hours_to_earn as (
    select
        district_id,
        avg(hours_to_earn) as hours_to_earn
    from {{ ref('dim_micro_credentials') }}
    group by district_id
),

-- an award without a submission on record was started too; what is issued again, or told twice, was started once
attempts as (
    select
        staff_key,
        district_id,
        school_year,
        micro_credential_key
    from {{ ref('fct_credential_submissions') }}
    where staff_key is not null
    union all
    select
        awards.staff_key,
        awards.district_id,
        min(awards.school_year) as school_year,
        awards.micro_credential_key
    from {{ ref('fct_credential_awards') }} as awards
    left join {{ ref('fct_credential_submissions') }} as submissions
        on awards.staff_key = submissions.staff_key
        and awards.micro_credential_key = submissions.micro_credential_key
    where awards.staff_key is not null and submissions.staff_key is null
    group by awards.staff_key, awards.district_id, awards.micro_credential_key
),

attempts_by_year as (
    select
        attempts.staff_key,
        attempts.school_year,
        count(*) as attempt_count,
        sum(coalesce(definitions.hours_to_earn, means.hours_to_earn)) as attempt_hours
    from attempts
    left join {{ ref('dim_micro_credentials') }} as definitions
        on attempts.micro_credential_key = definitions.micro_credential_key
    left join mean_hours_to_earn as means on attempts.district_id = means.district_id
    group by attempts.staff_key, attempts.school_year
),

-- support for a micro-credential, and the micro-credential itself listed as an activity, are not traditional PD
hours_by_year as (
    select
        participation.staff_key,
        participation.school_year,
        sum(participation.attended_hours) as pd_hours,
        sum(
            case
                when participation.format in ({{ sql_list(var('support_formats')) }}) then 0
                when definitions.micro_credential_id is not null then 0
                else participation.attended_hours
            end
        ) as traditional_pd_hours
    from {{ ref('fct_pd_participation') }} as participation
    left join (
        select distinct
            district_id,
            micro_credential_id
        from {{ ref('dim_micro_credentials') }}
    ) as definitions
        on participation.district_id = definitions.district_id
        and participation.activity_id = definitions.micro_credential_id
    where participation.staff_key is not null
    group by participation.staff_key, participation.school_year
),

-- the licence last issued by the end of the school year; where all are younger, the first of them
licences_best_first as (
    select
        staff_years.staff_key,
        staff_years.school_year,
        coalesce(licences.licence_title, licences.licence_type) as licence_type,
        row_number() over (
            partition by staff_years.staff_key, staff_years.school_year
            order by
                case
                    when coalesce(licences.effective_date, licences.issued_date)
                        < {{ school_year_start('staff_years.school_year + 1') }} then 0
                    else 1
                end,
                abs({{ dbt.datediff(
                    'coalesce(licences.effective_date, licences.issued_date)',
                    school_year_start('staff_years.school_year + 1'),
                    'day'
                ) }}),
                licences.licence_key
        ) as licence_order
    from staff_years
    inner join settings on staff_years.district_id = settings.district_id
    inner join {{ ref('fct_licences') }} as licences on staff_years.staff_key = licences.staff_key
    where coalesce(licences.licence_title, licences.licence_type) is not null
)

select
    staff_years.staff_key,
    staff_years.district_id,
    staff_years.school_year,
    staff_years.school_key,
    staff_years.grade_band,
    licences.licence_type,
    staff_years.years_experience,
    coalesce(staff_groups.staff_group = 'teachers', false) as is_teacher,
    staff_years.has_worked,
    staff_years.is_active,
    staff_years.is_retained,
    scores.rubric_version,
    scores.mean_score,
    cast(coalesce(scores.observation_count, 0) as integer) as observation_count,
    cast(coalesce(awards_by_year.award_count, 0) as integer) as award_count,
    cast(coalesce(cumulative_awards.cumulative_award_count, 0) as integer) as cumulative_award_count,
    first_awards.first_award_date,
    first_awards.first_award_school_year,
    cast(coalesce(attempts_by_year.attempt_count, 0) as integer) as attempt_count,
    attempts_by_year.attempt_hours,
    hours_by_year.pd_hours,
    hours_by_year.traditional_pd_hours
from staff_years
left join {{ ref('staff_groups') }} as staff_groups
    on lower(trim(staff_years.classification)) = staff_groups.classification
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
left join attempts_by_year
    on staff_years.staff_key = attempts_by_year.staff_key
    and staff_years.school_year = attempts_by_year.school_year
left join hours_by_year
    on staff_years.staff_key = hours_by_year.staff_key
    and staff_years.school_year = hours_by_year.school_year
left join licences_best_first as licences
    on staff_years.staff_key = licences.staff_key
    and staff_years.school_year = licences.school_year
    and licences.licence_order = 1
