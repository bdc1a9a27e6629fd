-- vendors, descriptions and names of accounts may name people
select
    pd_spending_key,
    district_id,
    fiscal_year,
    posted_date,
    amount_usd,
    fund_code,
    function_code,
    object_code,
    program_code,
    grant_code,
    school_key,
    payer,
    programme
from {{ ref('fct_pd_spending') }}
where not is_mapped
