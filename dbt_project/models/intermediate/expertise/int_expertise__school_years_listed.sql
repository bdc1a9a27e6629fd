with

settings as (
    select
        district_id,
        as_of_date,
        school_year_start_month,
        school_year_start_day,
        {{ school_year_of('as_of_date') }} as current_school_year
    from {{ ref('stg_pipeline__settings') }} as settings
),

years_with_evidence as (
    select
        district_id,
        school_year
    from {{ ref('int_expertise__observations_numbered') }}
    union
    select
        district_id,
        school_year
    from {{ ref('int_credentials__awards_assessed') }}
    where staff_key is not null and is_earned
),

-- a past year is told as its last day saw it, the current one as today does
years as (
    select
        settings.district_id,
        years_with_evidence.school_year,
        cast({{ dbt.dateadd('day', -1, school_year_start('years_with_evidence.school_year + 1')) }} as date) as as_of_date,
        false as is_current
    from years_with_evidence
    inner join settings
        on years_with_evidence.district_id = settings.district_id
        and years_with_evidence.school_year < settings.current_school_year
    union all
    select
        district_id,
        current_school_year as school_year,
        as_of_date,
        true as is_current
    from settings
)

select
    district_id,
    school_year,
    as_of_date,
    cast({{ dbt.dateadd('year', -1 * var('observation_years'), 'as_of_date') }} as date) as oldest_date,
    is_current
from years
