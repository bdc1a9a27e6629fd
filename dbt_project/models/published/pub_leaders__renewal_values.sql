with

settings as (
    select
        district_id,
        as_of_date
    from {{ ref('stg_pipeline__settings') }}
),

policies_in_force as (
    select
        policies.district_id,
        policies.jurisdiction,
        policies.is_for_approved_issuers_only,
        policies.is_for_goal_or_need_only,
        policies.is_refused_to_experts,
        policies.most_units_per_award,
        settings.as_of_date
    from {{ ref('int_renewal__policies') }} as policies
    inner join settings
        on policies.district_id = settings.district_id
        and coalesce(policies.effective_from_date <= settings.as_of_date, true)
        and coalesce(policies.effective_to_date >= settings.as_of_date, true)
),

approval_counts as (
    select count(*) as approval_count
    from {{ ref('int_credentials__issuer_approvals_matched') }}
),

approved_definitions as (
    select distinct definitions.micro_credential_key
    from {{ ref('dim_micro_credentials') }} as definitions
    inner join settings on definitions.district_id = settings.district_id
    inner join {{ ref('int_credentials__issuers_unioned') }} as issuers
        on definitions.issuer_key = issuers.issuer_key
    inner join {{ ref('int_renewal__issuer_approvals') }} as approvals
        on definitions.district_id = approvals.district_id
        and {{ approval_covers(
            'approvals', 'issuers.comparable_name', 'definitions.micro_credential_id', 'settings.as_of_date'
        ) }}
),

earned_values as (
    select
        earned.micro_credential_value_key as renewal_value_key,
        earned.district_id,
        earned.micro_credential_key,
        definitions.micro_credential_id,
        definitions.micro_credential_name,
        earned.jurisdiction,
        earned.rule_id,
        earned.unit_name,
        case
            when policies.most_units_per_award < earned.units then policies.most_units_per_award
            else earned.units
        end as units,
        not (earned.is_for_approved_issuers_only or policies.is_for_approved_issuers_only)
        or approval_counts.approval_count = 0
        or approved_definitions.micro_credential_key is not null as is_issuer_accepted,
        earned.is_for_goal_or_need_only or policies.is_for_goal_or_need_only as is_for_goal_or_need_only,
        policies.is_refused_to_experts
    from {{ ref('int_renewal__micro_credential_values') }} as earned
    inner join policies_in_force as policies
        on earned.district_id = policies.district_id
        and earned.jurisdiction = policies.jurisdiction
        and coalesce(earned.effective_from_date <= policies.as_of_date, true)
        and coalesce(earned.effective_to_date >= policies.as_of_date, true)
    inner join {{ ref('dim_micro_credentials') }} as definitions
        on earned.micro_credential_key = definitions.micro_credential_key
    cross join approval_counts
    left join approved_definitions on earned.micro_credential_key = approved_definitions.micro_credential_key
)

select
    renewal_value_key,
    district_id,
    micro_credential_key,
    micro_credential_id,
    micro_credential_name,
    jurisdiction,
    rule_id,
    unit_name,
    cast(case when is_issuer_accepted then units else 0 end as decimal(18, 2)) as units,
    is_issuer_accepted,
    is_for_goal_or_need_only,
    is_refused_to_experts,
    case
        when not is_issuer_accepted then 'Earns nothing towards renewal in ' || jurisdiction || ': the issuer is not approved for it.'
        when units is null then 'What it earns towards renewal in ' || jurisdiction || ' is not on file.'
        else
            'Earns ' || {{ plain_number('units') }} || ' ' || unit_name || case when units = 1 then '' else 's' end
            || ' towards renewal in ' || jurisdiction
            || case
                when is_for_goal_or_need_only and is_refused_to_experts
                    then ', if it is tied to a growth goal or an observed need and the practice is not observed as expert before.'
                when is_for_goal_or_need_only then ', if it is tied to a growth goal or an observed need.'
                when is_refused_to_experts then ', unless the practice was observed as expert before.'
                else '.'
            end
    end as sentence
from earned_values
