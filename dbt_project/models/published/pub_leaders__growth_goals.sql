with

settings as (
    select
        as_of_date,
        school_year_start_month,
        school_year_start_day
    from {{ ref('stg_pipeline__settings') }}
),

school_years as (
    select {{ school_year_of('as_of_date') }} as current_school_year
    from settings
)

select
    goals.growth_goal_key,
    goals.district_id,
    goals.staff_key,
    goals.school_year,
    goals.competency_key,
    coalesce(competencies.competency_name, goals.competency_code) as goal,
    goals.set_date,
    goals.status,
    -- what nobody closed for more than a year is forgotten, not under way
    coalesce(lower(trim(goals.status)) not in ({{ sql_list(var('closed_goal_statuses')) }}), true)
    and goals.school_year >= school_years.current_school_year - 1 as is_open
from {{ ref('fct_growth_goals') }} as goals
cross join school_years
inner join {{ ref('dim_staff') }} as staff
    on goals.staff_key = staff.staff_key
    and staff.is_active
left join {{ ref('dim_competencies') }} as competencies on goals.competency_key = competencies.competency_key
