with

-- place 1 is the most advantaged: fewest poor students, most teachers retained; equal schools share a place
ranked as (
    select
        district_id,
        school_key,
        school_year,
        is_current,
        characteristic,
        known_school_year,
        rank() over (
            partition by district_id, school_year, characteristic
            order by case when characteristic = 'poverty' then share else -share end
        ) as place,
        count(*) over (partition by district_id, school_year, characteristic) as school_count
    from {{ ref('int_coverage__school_traits') }}
    where share is not null
),

-- quarters where eight schools or more can be compared, so that each holds two; halves of fewer
placed as (
    select
        district_id,
        school_key,
        school_year,
        is_current,
        characteristic,
        known_school_year,
        case when school_count >= 8 then 'quarter' else 'half' end as part,
        case when school_count >= 8 then 4 else 2 end as part_count,
        cast(floor(
            case when school_count >= 8 then 4.0 else 2.0 end * (place - 1) / school_count
        ) as integer) + 1 as group_order
    from ranked
    where school_count > 1
),

spans as (
    select
        district_id,
        school_key,
        school_year,
        is_current,
        characteristic,
        known_school_year,
        grade_span,
        case
            when grade_span like 'elementary%' then 1
            when grade_span like 'middle%' then 2
            when grade_span like 'high%' then 3
            else 4
        end
        + case when grade_span like '% to middle' then 10 when grade_span like '% to high' then 20 else 0 end
            as group_order
    from {{ ref('int_coverage__school_traits') }}
    where grade_span is not null
)

select
    district_id,
    school_key,
    school_year,
    is_current,
    characteristic,
    known_school_year,
    case
        when group_order = 1 and characteristic = 'poverty' then 'lowest-poverty ' || part
        when group_order = 1 then 'most stable ' || part
        when group_order = part_count and characteristic = 'poverty' then 'highest-poverty ' || part
        when group_order = part_count then 'least stable ' || part
        when group_order = 2 then 'second quarter'
        else 'third quarter'
    end as school_group,
    group_order,
    true as is_ordered
from placed
union all
select
    district_id,
    school_key,
    school_year,
    is_current,
    characteristic,
    known_school_year,
    grade_span as school_group,
    group_order,
    false as is_ordered
from spans
