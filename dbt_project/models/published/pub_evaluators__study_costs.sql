with

teacher_years as (
    select
        staff_key,
        district_id,
        school_year,
        coalesce(school_key, '') as school_key,
        award_count,
        cumulative_award_count,
        attempt_count,
        coalesce(traditional_pd_hours, 0) as traditional_hours,
        coalesce(pd_hours, 0) - coalesce(traditional_pd_hours, 0) as support_hours,
        coalesce(attempt_hours, 0) as attempt_hours
    from {{ ref('int_study__staff_years') }}
    where is_teacher and has_worked
),

priced as (
    select
        teacher_years.staff_key,
        teacher_years.district_id,
        teacher_years.school_year,
        prices.arm,
        prices.category,
        prices.payer,
        prices.ingredient,
        prices.unit,
        prices.unit_price_usd,
        prices.price_year,
        prices.source,
        cast(
            case
                -- support for a micro-credential is part of the hours that earning it takes; only what goes beyond adds
                when prices.arm = 'micro_credential' and prices.unit = 'hour'
                    then greatest(teacher_years.attempt_hours, teacher_years.support_hours)
                when prices.arm = 'micro_credential' and prices.unit = 'attended hour' then teacher_years.support_hours
                when prices.unit in ('hour', 'attended hour') then teacher_years.traditional_hours
                when prices.unit = 'attempt' then teacher_years.attempt_count
                when prices.unit = 'award' then teacher_years.award_count
                when prices.unit = 'award held' then teacher_years.cumulative_award_count
                when prices.unit = 'teacher' then 1
            end
        as double precision) as quantity
    from teacher_years
    inner join {{ ref('int_study__prices') }} as prices
        on teacher_years.district_id = prices.district_id
        and teacher_years.school_year = prices.school_year
        and teacher_years.school_key = prices.school_key
)

select
    staff_key,
    district_id,
    school_year,
    arm,
    category,
    payer,
    ingredient,
    quantity,
    unit,
    unit_price_usd,
    price_year,
    quantity * unit_price_usd as amount_usd,
    source
from priced
where quantity > 0
