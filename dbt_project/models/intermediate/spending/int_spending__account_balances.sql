-- what a platform tells of an account is cumulative: the newest date of a fiscal year holds all of it
with

balances_newest_first as (
    select
        district_id,
        _connection as connection,
        account_identifier,
        education_organization_id,
        fiscal_year,
        as_of_date,
        amount_usd,
        row_number() over (
            partition by district_id, account_identifier, education_organization_id, fiscal_year
            order by as_of_date desc, modified_at desc, _connection, local_actual_id_edfi
        ) as recency
    from {{ ref('stg_edfi__local_actuals') }}
    where not is_deleted
),

accounts as (
    select
        _connection as connection,
        account_identifier,
        education_organization_id,
        fiscal_year,
        account_name,
        chart_account_identifier,
        chart_education_organization_id,
        chart_fiscal_year,
        row_number() over (
            partition by _connection, account_identifier, education_organization_id, fiscal_year
            order by modified_at desc, local_account_id_edfi
        ) as recency
    from {{ ref('stg_edfi__local_accounts') }}
    where not is_deleted
),

charted_accounts as (
    select
        _connection as connection,
        account_identifier,
        education_organization_id,
        fiscal_year,
        account_type,
        account_name,
        fund_code,
        function_code,
        object_code,
        program_code,
        project_code,
        row_number() over (
            partition by _connection, account_identifier, education_organization_id, fiscal_year
            order by modified_at desc, chart_of_account_id_edfi
        ) as recency
    from {{ ref('stg_edfi__chart_of_accounts') }}
    where not is_deleted
),

schools as (
    select distinct
        _connection as connection,
        school_id
    from {{ ref('stg_edfi__schools') }}
    where not is_deleted
)

select
    {{ surrogate_key(
        [
            "'edfi'",
            'balances.connection',
            'balances.account_identifier',
            'balances.education_organization_id',
            'balances.fiscal_year',
        ],
        district_id='balances.district_id',
    ) }} as account_balance_key,
    balances.district_id,
    'edfi' as source_system,
    balances.connection,
    balances.account_identifier,
    balances.education_organization_id,
    cast(balances.fiscal_year as integer) as fiscal_year,
    balances.as_of_date,
    balances.amount_usd,
    charted_accounts.account_type,
    charted_accounts.fund_code,
    charted_accounts.function_code,
    charted_accounts.object_code,
    charted_accounts.program_code,
    -- a project accounts for money given for one purpose: where grants are kept
    charted_accounts.project_code as grant_code,
    -- an account of the district itself belongs to no school
    schools.school_id,
    coalesce(accounts.account_name, charted_accounts.account_name) as account_name,
    -- an account whose kind is not told is taken for spending, and stays unmapped where it has no codes
    coalesce(lower(trim(charted_accounts.account_type)), '') not in ('revenue', 'balance sheet') as is_spending
from balances_newest_first as balances
left join accounts
    on balances.connection = accounts.connection
    and balances.account_identifier = accounts.account_identifier
    and balances.education_organization_id = accounts.education_organization_id
    and balances.fiscal_year = accounts.fiscal_year
    and accounts.recency = 1
left join charted_accounts
    on accounts.connection = charted_accounts.connection
    and accounts.chart_account_identifier = charted_accounts.account_identifier
    and accounts.chart_education_organization_id = charted_accounts.education_organization_id
    and accounts.chart_fiscal_year = charted_accounts.fiscal_year
    and charted_accounts.recency = 1
left join schools
    on balances.connection = schools.connection
    and balances.education_organization_id = schools.school_id
where balances.recency = 1
