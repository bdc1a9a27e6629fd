with

settings as (
    select
        district_id,
        as_of_date
    from {{ ref('stg_pipeline__settings') }}
),

assignments as (
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
        assignments.left_date,
        assignments.status,
        max(assignments.school_year) over (
            partition by assignments.district_id, assignments.source_system
        ) as newest_school_year,
        row_number() over (
            partition by assignments.staff_key
            order by
                assignments.school_year desc,
                case when assignments.left_date is null or assignments.left_date > settings.as_of_date then 0 else 1 end,
                case when assignments.assignment_order is null then 1 else 0 end,
                assignments.assignment_order,
                assignments.begin_date desc,
                assignments.school_id,
                assignments.classification
        ) as recency
    from {{ ref('int_staff__assignments_unioned') }} as assignments
    inner join settings
        on assignments.district_id = settings.district_id
        and assignments.begin_date <= settings.as_of_date
)

-- roster files state each year anew, so an older year's row says that the person has left
select
    assignments.staff_key,
    assignments.district_id,
    assignments.school_key,
    assignments.school_id,
    assignments.classification,
    assignments.grade_band,
    assignments.subject,
    assignments.years_experience,
    assignments.school_year,
    assignments.left_date,
    (assignments.source_system <> 'files' or assignments.school_year = assignments.newest_school_year)
    and (assignments.left_date is null or assignments.left_date > settings.as_of_date)
    and coalesce(assignments.status, '') not in ({{ sql_list(var('inactive_statuses')) }}) as is_active
from assignments
cross join settings
where assignments.recency = 1
