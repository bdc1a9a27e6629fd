with

schools as (
    select distinct
        district_id,
        school_key,
        school_year,
        is_current
    from {{ ref('int_coverage__staff_years') }}
    where school_key is not null
),

-- the bands from the lowest to the highest grade that the school offers
spans_told as (
    select
        characteristics.school_key,
        characteristics.school_year,
        lowest.grade_band as lowest_band,
        highest.grade_band as highest_band
    from {{ ref('fct_school_characteristics') }} as characteristics
    inner join {{ ref('grade_bands') }} as lowest on characteristics.lowest_grade = lowest.grade
    inner join {{ ref('grade_bands') }} as highest on characteristics.highest_grade = highest.grade
),

-- where no source tells: what the roster says of the school's staff
spans_of_staff as (
    select
        school_key,
        school_year,
        case
            when count(distinct grade_band) = 1 then min(grade_band)
            else 'several grade bands'
        end as grade_span
    from {{ ref('int_coverage__staff_years') }}
    where school_key is not null and grade_band is not null
    group by school_key, school_year
),

traits as (
    select
        school_key,
        school_year,
        'poverty' as characteristic,
        economically_disadvantaged_share as share,
        cast(null as {{ dbt.type_string() }}) as grade_span,
        1 as source_order
    from {{ ref('fct_school_characteristics') }}
    where economically_disadvantaged_share is not null
    union all
    select
        school_key,
        school_year,
        'staffing stability' as characteristic,
        retained_share as share,
        cast(null as {{ dbt.type_string() }}) as grade_span,
        1 as source_order
    from {{ ref('int_coverage__teachers_retained') }}
    union all
    select
        school_key,
        school_year,
        'grade span' as characteristic,
        cast(null as double precision) as share,
        case when lowest_band = highest_band then lowest_band else lowest_band || ' to ' || highest_band end as grade_span,
        1 as source_order
    from spans_told
    union all
    select
        school_key,
        school_year,
        'grade span' as characteristic,
        cast(null as double precision) as share,
        grade_span,
        2 as source_order
    from spans_of_staff
),

-- of each school year what was last known by its end
newest_first as (
    select
        schools.district_id,
        schools.school_key,
        schools.school_year,
        schools.is_current,
        traits.characteristic,
        traits.share,
        traits.grade_span,
        traits.school_year as known_school_year,
        row_number() over (
            partition by schools.school_key, schools.school_year, traits.characteristic
            order by traits.source_order, traits.school_year desc
        ) as recency
    from schools
    inner join traits
        on schools.school_key = traits.school_key
        and schools.school_year >= traits.school_year
)

select
    district_id,
    school_key,
    school_year,
    is_current,
    characteristic,
    share,
    grade_span,
    known_school_year
from newest_first
where recency = 1
