with

newest_versions as (
    {{ newest_records(source('files', 'pd_spending'), key=['ledger_line_id'], modified='as_of_date') }}
)

select
    _district_id as district_id,
    ledger_line_id,
    fiscal_year,
    posted_date,
    amount_usd,
    fund_code,
    function_code,
    object_code,
    program_code,
    school_id,
    account_name,
    description,
    vendor_name,
    grant_code,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
