with

settings as (
    select
        district_id,
        as_of_date
    from {{ ref('stg_pipeline__settings') }}
),

assignments_with_newest_year as (
    select
        assignments.staff_key,
        assignments.district_id,
        assignments.source_system,
        assignments.school_key,
        assignments.school_id,
        assignments.classification,
        assignments.grade_band,
        assignments.subject,
        assignments.years_experience,
        assignments.school_year,
        assignments.begin_date,
        assignments.left_date,
        assignments.status,
        assignments.assignment_order,
        settings.as_of_date,
        max(assignments.school_year) over (
            partition by assignments.district_id, assignments.source_system
        ) as newest_school_year
    from {{ ref('int_staff__assignments_unioned') }} as assignments
    inner join settings
        on assignments.district_id = settings.district_id
        and assignments.begin_date <= settings.as_of_date
),

-- roster files state each year anew, so an older year's row says that the person has left
assignments as (
    select
        staff_key,
        district_id,
        school_key,
        school_id,
        classification,
        grade_band,
        subject,
        years_experience,
        school_year,
        begin_date,
        left_date,
        assignment_order,
        (source_system <> 'files' or school_year = newest_school_year)
        and (left_date is null or left_date > as_of_date)
        and coalesce(status, '') not in ({{ sql_list(var('inactive_statuses')) }}) as is_active
    from assignments_with_newest_year
),

assignments_best_first as (
    select
        staff_key,
        district_id,
        school_key,
        school_id,
        classification,
        grade_band,
        subject,
        years_experience,
        school_year,
        left_date,
        is_active,
        row_number() over (
            partition by staff_key
            order by
                case when is_active then 0 else 1 end,
                case when assignment_order is null then 1 else 0 end,
                assignment_order,
                school_year desc,
                begin_date desc,
                school_id,
                classification
        ) as recency
    from assignments
)

select
    staff_key,
    district_id,
    school_key,
    school_id,
    classification,
    grade_band,
    subject,
    years_experience,
    school_year,
    left_date,
    is_active
from assignments_best_first
where recency = 1
