with

settings as (
    select
        as_of_date,
        school_year_start_month,
        school_year_start_day
    from {{ ref('stg_pipeline__settings') }}
),

roster_platforms as (
    select platform
    from {{ ref('stg_pipeline__configured_sources') }}
    where roster_rank is not null
    group by platform
),

-- the first and the last year of an assignment are enough to say `same school, same year`
years_of_assignments as (
    select
        district_id,
        staff_unique_id,
        education_organization_id,
        {{ school_year_of('begin_date') }} as school_year
    from {{ ref('stg_edfi__staff_assignments') }}
    cross join settings
    where not is_deleted
    union
    select
        district_id,
        staff_unique_id,
        education_organization_id,
        case
            when end_date < as_of_date then {{ school_year_of('end_date') }}
            else {{ school_year_of('as_of_date') }}
        end as school_year
    from {{ ref('stg_edfi__staff_assignments') }}
    cross join settings
    where not is_deleted
),

places as (
    select
        {{ surrogate_key(["'edfi.staff_unique_id'", 'years.staff_unique_id'], district_id='years.district_id') }} as person_key,
        {{ surrogate_key(['years.education_organization_id'], district_id='years.district_id') }} as school_key,
        years.school_year
    from years_of_assignments as years
    left join roster_platforms on roster_platforms.platform = 'edfi'
    where roster_platforms.platform is null
    union
    select
        covered.staff_key as person_key,
        covered.school_key,
        covered.school_year
    from {{ ref('int_staff__school_years_covered') }} as covered
)

select
    person_key,
    school_key,
    school_year
from places
where person_key is not null and school_key is not null and school_year is not null
