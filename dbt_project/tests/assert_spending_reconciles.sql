/*
    What: the dollars of fct_pd_spending are the dollars of the landed ledger lines.
    When it matters: a crosswalk row that matches a line twice would double its dollars.
    How to resolve: look for ledger lines that stand more than once in int_spending__lines_categorised.
*/
with

landed as (
    select coalesce(sum(amount_usd), 0) as amount_usd
    from {{ ref('stg_files__pd_spending') }}
    where not is_deleted
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
