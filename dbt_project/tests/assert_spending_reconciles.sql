/*
    What: the dollars of fct_pd_spending are those of the landed ledger lines, and of the newest account balances of years
    that no ledger has.
    When it matters: a crosswalk row that matches a line twice would double its dollars.
    How to resolve: look for ledger lines that stand more than once in int_spending__lines_categorised.
*/
with

ledger as (
    select coalesce(sum(amount_usd), 0) as amount_usd
    from {{ ref('stg_files__pd_spending') }}
    where not is_deleted
),

-- the newest balance of each account, of fiscal years that no ledger has
balances as (
    select coalesce(sum(amount_usd), 0) as amount_usd
    from {{ ref('int_spending__account_balances') }}
    where is_spending
        and fiscal_year not in (
            select fiscal_year
            from {{ ref('stg_files__pd_spending') }}
            where not is_deleted and fiscal_year is not null
        )
),

landed as (
    select ledger.amount_usd + balances.amount_usd as amount_usd
    from ledger
    cross join balances
),

in_the_mart as (
    select coalesce(sum(amount_usd), 0) as amount_usd
    from {{ ref('fct_pd_spending') }}
)

select
    landed.amount_usd as landed_usd,
    in_the_mart.amount_usd as mart_usd
from landed
cross join in_the_mart
where landed.amount_usd <> in_the_mart.amount_usd
