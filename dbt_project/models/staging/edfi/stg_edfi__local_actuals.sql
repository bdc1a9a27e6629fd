with

newest_versions as (
    {{ newest_records(source('edfi', 'local_actuals'), key=['id'], modified='_lastModifiedDate') }}
)

select
    _district_id as district_id,
    id as local_actual_id_edfi,
    accountIdentifier as account_identifier,
    cast(educationOrganizationId as {{ dbt.type_string() }}) as education_organization_id,
    fiscalYear as fiscal_year,
    asOfDate as as_of_date,
    amount as amount_usd,
    {{ descriptor_code('financialCollectionDescriptor') }} as financial_collection,
    _lastModifiedDate as modified_at,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
