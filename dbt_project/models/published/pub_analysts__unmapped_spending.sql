select
    fiscal_year,
    coalesce(fund_code, '') as fund_code,
    coalesce(function_code, '') as function_code,
    coalesce(object_code, '') as object_code,
    coalesce(program_code, '') as program_code,
    coalesce(grant_code, '') as grant_code,
    cast(count(*) as integer) as line_count,
    cast(sum(amount_usd) as decimal(18, 2)) as amount_usd
from {{ ref('fct_pd_spending') }}
where not is_mapped
group by
    fiscal_year,
    coalesce(fund_code, ''),
    coalesce(function_code, ''),
    coalesce(object_code, ''),
    coalesce(program_code, ''),
    coalesce(grant_code, '')
