with

settings as (
    select
        district_id,
        as_of_date,
        school_year_start_month,
        school_year_start_day
    from {{ ref('stg_pipeline__settings') }}
),

-- of the years before the first of which anything is known there would be nothing to say
known_years as (
    select
        district_id,
        min(school_year) as first_school_year
    from {{ ref('fct_expertise_by_year') }}
    group by district_id
),

-- today's staff make the current school year, whether its roster has arrived or not
current_staff as (
    select
        staff.staff_key,
        staff.district_id,
        {{ school_year_of('settings.as_of_date') }} as school_year,
        true as is_current,
        staff.school_key,
        staff.classification,
        staff.grade_band
    from {{ ref('dim_staff') }} as staff
    inner join settings on staff.district_id = settings.district_id
    where staff.is_active
),

-- who left in a year worked in it; whom a roster lists on after that did not, nor who is inactive since nobody knows when
assignments_best_first as (
    select
        covered.staff_key,
        covered.district_id,
        covered.school_year,
        covered.school_key,
        covered.classification,
        covered.grade_band,
        row_number() over (
            partition by covered.staff_key, covered.school_year
            order by
                case
                    when covered.left_school_year is null or covered.left_school_year > covered.school_year then 0
                    else 1
                end,
                covered.begin_date desc,
                covered.school_key,
                covered.classification
        ) as assignment_order
    from {{ ref('int_staff__school_years_covered') }} as covered
    inner join settings on covered.district_id = settings.district_id
    inner join known_years
        on covered.district_id = known_years.district_id
        and covered.school_year >= known_years.first_school_year
    where
        covered.school_year < {{ school_year_of('settings.as_of_date') }}
        and (covered.left_school_year is null or covered.left_school_year >= covered.school_year)
        and (
            covered.left_school_year is not null
            or coalesce(covered.status, '') not in ({{ sql_list(var('inactive_statuses')) }})
        )
),

staff_years as (
    select
        staff_key,
        district_id,
        school_year,
        is_current,
        school_key,
        classification,
        grade_band
    from current_staff
    union all
    select
        staff_key,
        district_id,
        school_year,
        false as is_current,
        school_key,
        classification,
        grade_band
    from assignments_best_first
    where assignment_order = 1
)

select
    staff_years.staff_key,
    staff_years.district_id,
    staff_years.school_year,
    staff_years.is_current,
    staff_years.school_key,
    coalesce(staff_groups.staff_group, 'other staff') as staff_group,
    staff_years.grade_band
from staff_years
left join {{ ref('staff_groups') }} as staff_groups
    on lower(trim(staff_years.classification)) = staff_groups.classification
