with

settings as (
    select
        district_id,
        as_of_date,
        school_year_start_month,
        school_year_start_day
    from {{ ref('stg_pipeline__settings') }}
),

-- a level without a date is of the last day of its school year; of several of a year the newest holds
levels as (
    select
        summaries.district_id,
        summaries.staff_key,
        summaries.school_year,
        summaries.value,
        coalesce(
            summaries.rated_date,
            cast({{ dbt.dateadd('day', -1, school_year_start('summaries.school_year + 1')) }} as date)
        ) as rated_date,
        row_number() over (
            partition by summaries.staff_key, summaries.school_year
            order by
                case when summaries.rated_date is null then 1 else 0 end,
                summaries.rated_date desc,
                summaries.evaluation_summary_key
        ) as level_order
    from {{ ref('fct_evaluation_summaries') }} as summaries
    cross join settings
    where
        summaries.staff_key is not null
        and summaries.measure = {{ quoted(var('effectiveness_measure')) }}
        and summaries.value is not null
)

select
    {{ surrogate_key(['cycles.renewal_cycle_key', 'levels.school_year'], district_id='levels.district_id') }} as effectiveness_units_key,
    levels.district_id,
    levels.staff_key,
    cycles.jurisdiction,
    cycles.renewal_cycle_key,
    levels.school_year,
    cast(
        case levels.value
            when 5 then coalesce(rules.units_at_effectiveness_5, 0)
            when 4 then coalesce(rules.units_at_effectiveness_4, 0)
            when 3 then coalesce(rules.units_at_effectiveness_3, 0)
            else 0
        end
    as decimal(18, 2)) as units
from levels
inner join settings on levels.district_id = settings.district_id
inner join {{ ref('int_renewal__licence_cycles') }} as cycles
    on levels.staff_key = cycles.staff_key
    and levels.rated_date >= cycles.begins_date
    and levels.rated_date <= cycles.ends_date
inner join {{ ref('fct_renewal_rules') }} as rules
    on cycles.district_id = rules.district_id
    and cycles.jurisdiction = rules.jurisdiction
    and coalesce(rules.effective_from_date <= levels.rated_date, true)
    and coalesce(rules.effective_to_date >= levels.rated_date, true)
where
    levels.level_order = 1
    and levels.rated_date <= settings.as_of_date
    and (
        rules.units_at_effectiveness_5 is not null
        or rules.units_at_effectiveness_4 is not null
        or rules.units_at_effectiveness_3 is not null
    )
