with

newest_versions as (
    {{ newest_records(source('edfi', 'chart_of_accounts'), key=['id'], modified='_lastModifiedDate') }}
)

select
    _district_id as district_id,
    id as chart_of_account_id_edfi,
    accountIdentifier as account_identifier,
    cast(educationOrganizationId as {{ dbt.type_string() }}) as education_organization_id,
    fiscalYear as fiscal_year,
    {{ descriptor_code('accountTypeDescriptor') }} as account_type,
    accountName as account_name,
    functionDimensionCode as function_code,
    objectDimensionCode as object_code,
    programDimensionCode as program_code,
    fundDimensionCode as fund_code,
    projectDimensionCode as project_code,
    operationalUnitDimensionCode as operational_unit_code,
    sourceDimensionCode as source_code,
    balanceSheetDimensionCode as balance_sheet_code,
    _lastModifiedDate as modified_at,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
