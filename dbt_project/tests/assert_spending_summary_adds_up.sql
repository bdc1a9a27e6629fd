/*
    What: the dollars and lines of the spending summary and of the unmapped lines are those of the whole ledger, district
        by district and year by year.
    When it matters: a line that is in neither, or in both, changes what PD is said to cost, and nobody would see it.
    How to resolve: look for ledger lines whose crosswalk row has no category, or that stand in both tables.
*/
with

published as (
    select
        district_id,
        fiscal_year,
        line_count,
        amount_usd
    from {{ ref('pub_evaluators__pd_spending_summary') }}
    union all
    select
        district_id,
        fiscal_year,
        1 as line_count,
        amount_usd
    from {{ ref('pub_evaluators__unmapped_spending') }}
),

published_years as (
    select
        district_id,
        fiscal_year,
        sum(line_count) as line_count,
        sum(amount_usd) as amount_usd
    from published
    group by district_id, fiscal_year
),

ledger_years as (
    select
        district_id,
        fiscal_year,
        count(*) as line_count,
        sum(amount_usd) as amount_usd
    from {{ ref('fct_pd_spending') }}
    group by district_id, fiscal_year
)

select
    ledger_years.district_id,
    ledger_years.fiscal_year,
    ledger_years.amount_usd as ledger_usd,
    published_years.amount_usd as published_usd
from ledger_years
left join published_years
    on ledger_years.district_id = published_years.district_id
    and ledger_years.fiscal_year = published_years.fiscal_year
where
    published_years.district_id is null
    or ledger_years.line_count <> published_years.line_count
    or ledger_years.amount_usd <> published_years.amount_usd
