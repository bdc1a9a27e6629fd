select
    district_id,
    fiscal_year,
    school_key,
    pd_category as category,
    cost_category,
    is_pd,
    payer,
    programme,
    cast(count(*) as integer) as line_count,
    cast(sum(amount_usd) as decimal(18, 2)) as amount_usd
from {{ ref('fct_pd_spending') }}
where is_mapped
group by
    district_id,
    fiscal_year,
    school_key,
    pd_category,
    cost_category,
    is_pd,
    payer,
    programme
