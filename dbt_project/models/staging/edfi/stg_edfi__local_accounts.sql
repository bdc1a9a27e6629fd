with

newest_versions as (
    {{ newest_records(source('edfi', 'local_accounts'), key=['id'], modified='_lastModifiedDate') }}
)

select
    _district_id as district_id,
    id as local_account_id_edfi,
    accountIdentifier as account_identifier,
    cast(educationOrganizationId as {{ dbt.type_string() }}) as education_organization_id,
    fiscalYear as fiscal_year,
    accountName as account_name,
    chartAccountIdentifier as chart_account_identifier,
    cast(chartEducationOrganizationId as {{ dbt.type_string() }}) as chart_education_organization_id,
    chartFiscalYear as chart_fiscal_year,
    _lastModifiedDate as modified_at,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
