with

settings as (
    select
        district_id,
        as_of_date,
        school_year_start_month,
        school_year_start_day
    from {{ ref('stg_pipeline__settings') }}
),

-- no assignment is older than a century
years_later as (
    select cast(generated_number - 1 as integer) as year_count
    from ({{ dbt.generate_series(100) }}) as numbers
),

-- roster files state each year anew; an information system states the first and the last day
assignments as (
    select
        assignments.staff_assignment_key,
        assignments.district_id,
        assignments.staff_key,
        assignments.school_key,
        assignments.classification,
        assignments.grade_band,
        assignments.years_experience,
        assignments.school_year as first_school_year,
        assignments.begin_date,
        assignments.status,
        {{ school_year_of('assignments.left_date') }} as left_school_year,
        case
            when assignments.end_date < settings.as_of_date then {{ school_year_of('assignments.end_date') }}
            else {{ school_year_of('settings.as_of_date') }}
        end as last_school_year
    from {{ ref('int_staff__assignments_unioned') }} as assignments
    inner join settings on assignments.district_id = settings.district_id
)

select
    assignments.staff_assignment_key,
    assignments.district_id,
    assignments.staff_key,
    assignments.first_school_year + years_later.year_count as school_year,
    assignments.school_key,
    assignments.classification,
    assignments.grade_band,
    assignments.years_experience,
    assignments.begin_date,
    assignments.left_school_year,
    assignments.status
from assignments
inner join years_later
    on years_later.year_count = 0
    or assignments.first_school_year + years_later.year_count <= assignments.last_school_year
