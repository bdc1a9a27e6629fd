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
    pd_category,
    is_pd,
    is_mapped,
    payer,
    programme
from {{ ref('fct_pd_spending') }}
