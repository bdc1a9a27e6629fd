with

-- a year without a roster of its own says nothing of who stayed
rostered_years as (
    select distinct
        district_id,
        school_year
    from {{ ref('int_staff__school_years_covered') }}
),

-- who teaches in a year, and whether the same school has them in the next, in whatever role
teachers as (
    select
        earlier.district_id,
        earlier.school_key,
        earlier.school_year + 1 as school_year,
        case when later.staff_key is null then 0 else 1 end as is_retained
    from {{ ref('int_coverage__staff_years') }} as earlier
    inner join rostered_years
        on earlier.district_id = rostered_years.district_id
        and earlier.school_year + 1 = rostered_years.school_year
    left join {{ ref('int_coverage__staff_years') }} as later
        on earlier.staff_key = later.staff_key
        and earlier.school_key = later.school_key
        and earlier.school_year + 1 = later.school_year
    where earlier.school_key is not null and earlier.staff_group = 'teachers'
)

select
    district_id,
    school_key,
    school_year,
    cast(count(*) as integer) as teacher_count,
    cast(sum(is_retained) as integer) as retained_teacher_count,
    cast(sum(is_retained) as double precision) / count(*) as retained_share
from teachers
group by district_id, school_key, school_year
