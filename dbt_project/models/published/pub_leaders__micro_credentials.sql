with

settings as (
    select
        district_id,
        as_of_date
    from {{ ref('stg_pipeline__settings') }}
),

alignments_in_force as (
    select
        alignments.item_key as micro_credential_key,
        alignments.competency_key
    from {{ ref('bridge_alignments') }} as alignments
    inner join settings
        on alignments.district_id = settings.district_id
        and coalesce(alignments.valid_from_date <= settings.as_of_date, true)
        and coalesce(alignments.valid_to_date >= settings.as_of_date, true)
    where alignments.item_type = 'micro_credential' and alignments.status = 'approved'
),

approval_counts as (
    select count(*) as approval_count
    from {{ ref('int_credentials__issuer_approvals_matched') }}
),

definitions_approved as (
    select distinct definitions.micro_credential_key
    from {{ ref('dim_micro_credentials') }} as definitions
    inner join settings on definitions.district_id = settings.district_id
    inner join {{ ref('int_credentials__issuers_unioned') }} as issuers
        on definitions.issuer_key = issuers.issuer_key
    inner join {{ ref('int_credentials__issuer_approvals_matched') }} as approvals
        on definitions.district_id = approvals.district_id
        and {{ approval_covers(
            'approvals', 'issuers.comparable_name', 'definitions.micro_credential_id', 'settings.as_of_date'
        ) }}
),

-- no platform states the order of a stack: the issuer's own ids tell it, shorter ones first (9 before 10)
definitions_in_stacks as (
    select
        micro_credential_key,
        row_number() over (
            partition by issuer_key, stack_name
            order by length(micro_credential_id), micro_credential_id
        ) as stack_step,
        count(*) over (partition by issuer_key, stack_name) as stack_size
    from {{ ref('dim_micro_credentials') }}
    where is_defined and stack_name is not null
)

select
    {{ surrogate_key(
        ['definitions.micro_credential_key', 'alignments_in_force.competency_key'], district_id='definitions.district_id'
    ) }} as offer_key,
    definitions.micro_credential_key,
    definitions.district_id,
    definitions.micro_credential_id,
    definitions.micro_credential_name,
    definitions.issuer_key,
    issuers.issuer_name,
    definitions.stack_name,
    cast(definitions_in_stacks.stack_step as integer) as stack_step,
    cast(definitions_in_stacks.stack_size as integer) as stack_size,
    definitions.hours_to_earn,
    definitions.criteria_url,
    case
        when approval_counts.approval_count > 0 then definitions_approved.micro_credential_key is not null
    end as is_approved,
    alignments_in_force.competency_key
from {{ ref('dim_micro_credentials') }} as definitions
inner join alignments_in_force on definitions.micro_credential_key = alignments_in_force.micro_credential_key
cross join approval_counts
left join {{ ref('dim_issuers') }} as issuers on definitions.issuer_key = issuers.issuer_key
left join definitions_in_stacks on definitions.micro_credential_key = definitions_in_stacks.micro_credential_key
left join definitions_approved on definitions.micro_credential_key = definitions_approved.micro_credential_key
where definitions.is_defined
