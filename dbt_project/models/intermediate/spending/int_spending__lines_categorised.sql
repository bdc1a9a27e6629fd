{%- set codes = ['function', 'object', 'program', 'fund', 'grant'] -%}
{%- set payer_codes = ['grant', 'program', 'fund'] -%}
{%- set comparable_codes = [] -%}
{%- for code in codes %}{% do comparable_codes.append('comparable_' ~ code ~ '_code') %}{% endfor -%}
with

ledger_lines as (
    select
        {{ surrogate_key(["'files'", '_connection', 'ledger_line_id']) }} as pd_spending_key,
        district_id,
        'files' as source_system,
        _connection as connection,
        ledger_line_id,
        cast(fiscal_year as integer) as fiscal_year,
        posted_date,
        amount_usd,
        fund_code,
        function_code,
        object_code,
        program_code,
        grant_code,
        school_id,
        account_name,
        description,
        vendor_name
    from {{ ref('stg_files__pd_spending') }}
    where not is_deleted
),

-- the same dollars stand in both: where there is a ledger of a year, it speaks for that year
years_with_ledger as (
    select distinct
        district_id,
        fiscal_year
    from ledger_lines
    where fiscal_year is not null
),

balance_lines as (
    select
        balances.account_balance_key as pd_spending_key,
        balances.district_id,
        balances.source_system,
        balances.connection,
        balances.account_identifier || '|' || balances.education_organization_id as ledger_line_id,
        balances.fiscal_year,
        balances.as_of_date as posted_date,
        balances.amount_usd,
        balances.fund_code,
        balances.function_code,
        balances.object_code,
        balances.program_code,
        balances.grant_code,
        balances.school_id,
        balances.account_name,
        'balance of the account as of ' || {{ iso_date('balances.as_of_date') }} as description,
        cast(null as {{ dbt.type_string() }}) as vendor_name
    from {{ ref('int_spending__account_balances') }} as balances
    left join years_with_ledger
        on balances.district_id = years_with_ledger.district_id
        and balances.fiscal_year = years_with_ledger.fiscal_year
    where balances.is_spending and years_with_ledger.fiscal_year is null
),

{% set line_columns = [
    'pd_spending_key', 'district_id', 'source_system', 'connection', 'ledger_line_id', 'fiscal_year', 'posted_date',
    'amount_usd', 'fund_code', 'function_code', 'object_code', 'program_code', 'grant_code', 'school_id',
    'account_name', 'description', 'vendor_name',
] | join(', ') -%}
all_lines as (
    select {{ line_columns }} from ledger_lines
    union all
    select {{ line_columns }} from balance_lines
),

lines as (
    select
        {{ line_columns }},
        {% for code in codes -%}
        coalesce({{ comparable_code(code ~ '_code') }}, '') as comparable_{{ code }}_code{{ "," if not loop.last }}
        {% endfor %}
    from all_lines
),

-- a blank cell of the crosswalk means any code
crosswalk as (
    select
        crosswalk_id,
        pd_category,
        cost_category,
        study_arm,
        is_pd,
        coalesce(first_fiscal_year, 0) as first_fiscal_year,
        coalesce(last_fiscal_year, 9999) as last_fiscal_year,
        {% for code in codes -%}
        coalesce({{ comparable_code(code ~ '_prefix') }}, '') as {{ code }}_prefix{{ "," if not loop.last }}
        {% endfor %}
    from {{ ref('pd_spending_crosswalk') }}
),

-- a ledger of a million lines has a few hundred combinations of codes, and each is looked up once
combinations as (
    select distinct
        fiscal_year,
        {{ comparable_codes | join(', ') }}
    from lines
),

-- the most specific row of the crosswalk decides: the one with most characters given
matches as (
    select
        combinations.fiscal_year,
        {% for code in comparable_codes -%}
        combinations.{{ code }},
        {% endfor -%}
        crosswalk.crosswalk_id,
        crosswalk.pd_category,
        crosswalk.cost_category,
        crosswalk.study_arm,
        crosswalk.is_pd,
        row_number() over (
            partition by combinations.fiscal_year, {{ comparable_codes | join(', ') }}
            order by
                length(
                    crosswalk.function_prefix || crosswalk.object_prefix || crosswalk.program_prefix
                    || crosswalk.fund_prefix || crosswalk.grant_prefix
                ) desc,
                crosswalk.crosswalk_id
        ) as match_order
    from combinations
    inner join crosswalk
        on combinations.fiscal_year between crosswalk.first_fiscal_year and crosswalk.last_fiscal_year
        {%- for code in codes %}
        and combinations.comparable_{{ code }}_code like crosswalk.{{ code }}_prefix || '%'
        {%- endfor %}
),

payers as (
    select
        payer_id,
        payer,
        programme,
        coalesce(first_fiscal_year, 0) as first_fiscal_year,
        coalesce(last_fiscal_year, 9999) as last_fiscal_year,
        {% for code in payer_codes -%}
        coalesce({{ comparable_code(code ~ '_prefix') }}, '') as {{ code }}_prefix{{ "," if not loop.last }}
        {% endfor %}
    from {{ ref('spending_payers') }}
),

-- a grant says more of who pays than a programme, and that more than a fund; then the one with most characters given
payer_matches as (
    select
        combinations.fiscal_year,
        {% for code in comparable_codes -%}
        combinations.{{ code }},
        {% endfor -%}
        payers.payer,
        payers.programme,
        row_number() over (
            partition by combinations.fiscal_year, {{ comparable_codes | join(', ') }}
            order by
                {% for code in payer_codes -%}
                length(payers.{{ code }}_prefix) desc,
                {% endfor -%}
                payers.payer_id
        ) as match_order
    from combinations
    inner join payers
        on combinations.fiscal_year between payers.first_fiscal_year and payers.last_fiscal_year
        {%- for code in payer_codes %}
        and combinations.comparable_{{ code }}_code like payers.{{ code }}_prefix || '%'
        {%- endfor %}
)

select
    lines.pd_spending_key,
    lines.district_id,
    lines.source_system,
    lines.connection,
    lines.ledger_line_id,
    lines.fiscal_year,
    lines.posted_date,
    lines.amount_usd,
    lines.fund_code,
    lines.function_code,
    lines.object_code,
    lines.program_code,
    lines.grant_code,
    {{ surrogate_key(["nullif(trim(lines.school_id), '')"], district_id='lines.district_id') }} as school_key,
    lines.account_name,
    lines.description,
    lines.vendor_name,
    matches.crosswalk_id,
    matches.pd_category,
    matches.cost_category,
    matches.study_arm,
    matches.is_pd,
    matches.crosswalk_id is not null as is_mapped,
    coalesce(payer_matches.payer, 'unknown') as payer,
    coalesce(payer_matches.programme, 'unknown') as programme
from lines
left join matches
    on lines.fiscal_year = matches.fiscal_year
    {%- for code in comparable_codes %}
    and lines.{{ code }} = matches.{{ code }}
    {%- endfor %}
    and matches.match_order = 1
left join payer_matches
    on lines.fiscal_year = payer_matches.fiscal_year
    {%- for code in comparable_codes %}
    and lines.{{ code }} = payer_matches.{{ code }}
    {%- endfor %}
    and payer_matches.match_order = 1
