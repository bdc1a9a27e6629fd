with

issuers_by_name as (
    select
        district_id,
        comparable_name,
        min(issuer_key) as issuer_key
    from {{ ref('int_credentials__issuers_unioned') }}
    where comparable_name is not null
    group by district_id, comparable_name
),

approvals as (
    select
        district_id,
        _connection as connection,
        approval_id,
        issuer_name,
        {{ normalised_name('issuer_name') }} as comparable_issuer_name,
        nullif(trim(micro_credential_id), '') as micro_credential_id,
        approved_from as approved_from_date,
        approved_to as approved_to_date,
        approved_for
    from {{ ref('stg_files__issuer_approvals') }}
    where not is_deleted
)

select
    {{ surrogate_key(["'files'", 'approvals.connection', 'approvals.approval_id'], district_id='approvals.district_id') }} as issuer_approval_key,
    approvals.district_id,
    approvals.connection,
    approvals.approval_id,
    issuers_by_name.issuer_key,
    approvals.issuer_name,
    approvals.comparable_issuer_name,
    approvals.micro_credential_id,
    approvals.approved_from_date,
    approvals.approved_to_date,
    approvals.approved_for
from approvals
left join issuers_by_name
    on approvals.district_id = issuers_by_name.district_id
    and approvals.comparable_issuer_name = issuers_by_name.comparable_name
