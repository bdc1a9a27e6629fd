{%- set price_columns = [
    'arm', 'ingredient', 'category', 'payer', 'unit', 'unit_price_usd', 'price_year', 'source',
] | join(', ') -%}
with

staff_years as (
    select
        staff_key,
        district_id,
        school_year,
        coalesce(school_key, '') as school_key,
        is_teacher and has_worked as is_studied,
        pd_hours,
        attempt_count,
        cumulative_award_count
    from {{ ref('int_study__staff_years') }}
),

schools as (
    select distinct
        district_id,
        school_year,
        school_key
    from staff_years
),

district_years as (
    select distinct
        district_id,
        school_year
    from schools
),

-- teachers' average hour: never one person's salary
hour_prices as (
    select
        compensation.district_id,
        compensation.school_year as price_year,
        avg(
            compensation.salary_usd * (1 + compensation.benefit_share)
            / (compensation.contract_days * compensation.hours_per_day)
        ) as unit_price_usd
    from {{ ref('fct_compensation') }} as compensation
    inner join staff_years
        on compensation.staff_key = staff_years.staff_key
        and compensation.school_year = staff_years.school_year
        and staff_years.is_studied
    where
        compensation.salary_usd > 0
        and compensation.benefit_share >= 0
        and compensation.contract_days > 0
        and compensation.hours_per_day > 0
    group by compensation.district_id, compensation.school_year
    having count(distinct compensation.staff_key) >= {{ var('minimum_people_in_a_price') }}
),

-- a school year without its own takes the nearest year's, and says so
hour_prices_nearest_first as (
    select
        district_years.district_id,
        district_years.school_year,
        hour_prices.price_year,
        hour_prices.unit_price_usd,
        row_number() over (
            partition by district_years.district_id, district_years.school_year
            order by abs(hour_prices.price_year - district_years.school_year), hour_prices.price_year
        ) as price_order
    from district_years
    left join hour_prices on district_years.district_id = hour_prices.district_id
),

time_prices as (
    {% for arm in ['traditional', 'micro_credential'] -%}
    select
        district_id,
        school_year,
        '{{ arm }}' as arm,
        'participant time' as ingredient,
        'participant' as category,
        {{ quoted(var(arm ~ '_time_payer')) }} as payer,
        'hour' as unit,
        unit_price_usd,
        price_year,
        'estimate' as source
    from hour_prices_nearest_first
    where price_order = 1
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

-- pay for credentials is spread over the awards held: whose pay it is stays out
credential_pay as (
    select
        compensation.district_id,
        compensation.school_year,
        sum(compensation.credential_pay_usd) as amount_usd
    from {{ ref('fct_compensation') }} as compensation
    where compensation.credential_pay_usd > 0
    group by compensation.district_id, compensation.school_year
    having count(distinct compensation.source_record_id) >= {{ var('minimum_people_in_a_price') }}
),

awards_held as (
    select
        district_id,
        school_year,
        sum(cumulative_award_count) as award_count
    from staff_years
    group by district_id, school_year
),

credential_pay_prices as (
    select
        credential_pay.district_id,
        credential_pay.school_year,
        'micro_credential' as arm,
        'pay for credentials' as ingredient,
        'personnel' as category,
        'district' as payer,
        'award held' as unit,
        cast(credential_pay.amount_usd as double precision) / awards_held.award_count as unit_price_usd,
        credential_pay.school_year as price_year,
        'estimate' as source
    from credential_pay
    inner join awards_held
        on credential_pay.district_id = awards_held.district_id
        and credential_pay.school_year = awards_held.school_year
    where awards_held.award_count > 0
),

-- what the ledger spent goes by hours attended, by whomever; what it spent on micro-credentials alone by attempts
attended_hours as (
    select
        district_id,
        school_year,
        sum(attended_hours) as hours
    from {{ ref('fct_pd_participation') }}
    group by district_id, school_year
),

quantities_by_school as (
    select
        district_id,
        school_year,
        school_key,
        sum(coalesce(pd_hours, 0)) as hours,
        sum(attempt_count) as attempts
    from staff_years
    group by district_id, school_year, school_key
),

quantities_by_district as (
    select
        by_school.district_id,
        by_school.school_year,
        attended_hours.hours,
        sum(by_school.attempts) as attempts
    from quantities_by_school as by_school
    left join attended_hours
        on by_school.district_id = attended_hours.district_id
        and by_school.school_year = attended_hours.school_year
    group by by_school.district_id, by_school.school_year, attended_hours.hours
),

ledger_by_school as (
    select
        lines.district_id,
        lines.fiscal_year as school_year,
        coalesce(lines.school_key, '') as school_key,
        coalesce(lines.study_arm, '') = 'micro_credential' as is_by_attempt,
        coalesce(lines.cost_category, 'other') as category,
        lines.payer,
        sum(lines.amount_usd) as amount_usd
    from {{ ref('fct_pd_spending') }} as lines
    where lines.is_pd
    group by
        lines.district_id,
        lines.fiscal_year,
        coalesce(lines.school_key, ''),
        coalesce(lines.study_arm, '') = 'micro_credential',
        coalesce(lines.cost_category, 'other'),
        lines.payer
),

-- dollars of a school go to its own people; where it has none who attended, to the district's
pools as (
    select
        ledger.district_id,
        ledger.school_year,
        case
            when ledger.school_key <> '' and case when ledger.is_by_attempt then by_school.attempts else by_school.hours end > 0
                then ledger.school_key
        end as school_key,
        ledger.is_by_attempt,
        ledger.category,
        ledger.payer,
        ledger.amount_usd,
        case when ledger.is_by_attempt then by_school.attempts else by_school.hours end as school_quantity,
        case when ledger.is_by_attempt then by_district.attempts else by_district.hours end as district_quantity
    from ledger_by_school as ledger
    inner join quantities_by_district as by_district
        on ledger.district_id = by_district.district_id
        and ledger.school_year = by_district.school_year
    left join quantities_by_school as by_school
        on ledger.district_id = by_school.district_id
        and ledger.school_year = by_school.school_year
        and ledger.school_key = by_school.school_key
),

pool_prices_by_school as (
    select
        district_id,
        school_year,
        school_key,
        is_by_attempt,
        category,
        payer,
        cast(amount_usd as double precision) / school_quantity as unit_price_usd
    from pools
    where school_key is not null
    union all
    select
        pools.district_id,
        pools.school_year,
        schools.school_key,
        pools.is_by_attempt,
        pools.category,
        pools.payer,
        cast(pools.amount_usd as double precision) / pools.district_quantity as unit_price_usd
    from pools
    inner join schools
        on pools.district_id = schools.district_id
        and pools.school_year = schools.school_year
    where pools.school_key is null and pools.district_quantity > 0
),

-- one price a school: its own dollars by its own hours, and its part of the district's
pool_prices as (
    select
        district_id,
        school_year,
        school_key,
        is_by_attempt,
        category,
        payer,
        sum(unit_price_usd) as unit_price_usd
    from pool_prices_by_school
    group by district_id, school_year, school_key, is_by_attempt, category, payer
),

ledger_prices as (
    {% for arm, unit, by_attempt in [
        ('traditional', 'attended hour', 'not is_by_attempt'),
        ('micro_credential', 'attended hour', 'not is_by_attempt'),
        ('micro_credential', 'attempt', 'is_by_attempt'),
    ] -%}
    select
        district_id,
        school_year,
        school_key,
        '{{ arm }}' as arm,
        {% if unit == 'attempt' -%}
        'spending on micro-credentials' as ingredient,
        {% else -%}
        'spending on PD' as ingredient,
        {% endif -%}
        category,
        payer,
        '{{ unit }}' as unit,
        unit_price_usd,
        school_year as price_year,
        'ledger' as source
    from pool_prices
    where {{ by_attempt }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

listed_prices as (
    select
        district_years.district_id,
        district_years.school_year,
        prices.arm,
        prices.ingredient,
        prices.category,
        prices.payer,
        prices.unit,
        prices.unit_price_usd,
        prices.price_year,
        coalesce(prices.source, 'price list') as source
    from district_years
    inner join {{ ref('study_prices') }} as prices
        on (prices.first_school_year is null or district_years.school_year >= prices.first_school_year)
        and (prices.last_school_year is null or district_years.school_year <= prices.last_school_year)
),

prices_of_the_district as (
    select district_id, school_year, {{ price_columns }} from time_prices
    union all
    select district_id, school_year, {{ price_columns }} from credential_pay_prices
    union all
    select district_id, school_year, {{ price_columns }} from listed_prices
)

-- a price for each school, so that teachers find theirs by equal keys; who has no school stands under a blank one
select district_id, school_year, school_key, {{ price_columns }}
from ledger_prices
union all
select
    schools.district_id,
    schools.school_year,
    schools.school_key,
    prices.arm,
    prices.ingredient,
    prices.category,
    prices.payer,
    prices.unit,
    prices.unit_price_usd,
    prices.price_year,
    prices.source
from schools
inner join prices_of_the_district as prices
    on schools.district_id = prices.district_id
    and schools.school_year = prices.school_year
