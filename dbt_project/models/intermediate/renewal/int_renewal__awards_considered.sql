with

settings as (
    select
        district_id,
        as_of_date
    from {{ ref('stg_pipeline__settings') }}
),

dated_cycles as (
    select
        staff_key,
        jurisdiction,
        renewal_cycle_key,
        begins_date,
        ends_date
    from {{ ref('int_renewal__licence_cycles') }}
    where begins_date is not null
),

cycle_spans as (
    select
        staff_key,
        jurisdiction,
        min(begins_date) as first_begins_date
    from dated_cycles
    group by staff_key, jurisdiction
),

approval_counts as (
    select count(*) as approval_count
    from {{ ref('int_credentials__issuer_approvals_matched') }}
),

approved_awards as (
    select distinct awards.credential_award_key
    from {{ ref('fct_credential_awards') }} as awards
    inner join {{ ref('dim_micro_credentials') }} as definitions
        on awards.micro_credential_key = definitions.micro_credential_key
    inner join {{ ref('int_credentials__issuers_unioned') }} as issuers
        on awards.issuer_key = issuers.issuer_key
    inner join {{ ref('int_renewal__issuer_approvals') }} as approvals
        on awards.district_id = approvals.district_id
        and {{ approval_covers(
            'approvals', 'issuers.comparable_name', 'definitions.micro_credential_id', 'awards.issued_date'
        ) }}
)

select
    awards.credential_award_key,
    awards.district_id,
    awards.staff_key,
    people.jurisdiction,
    cycles.renewal_cycle_key,
    awards.micro_credential_key,
    awards.issued_at,
    awards.issued_date,
    awards.expires_date,
    awards.is_revoked,
    awards.verification,
    awards.issued_date > settings.as_of_date as is_in_future,
    -- without any approval on file, approval is not applied
    approval_counts.approval_count = 0
    or approved_awards.credential_award_key is not null as is_issuer_approved,
    people.has_licence,
    cycle_spans.staff_key is not null as has_dated_cycle,
    coalesce(awards.expires_date < cycle_spans.first_begins_date, false) as is_expired_before_cycle,
    policies.renewal_policy_key,
    rules.rule_id,
    rules.unit_name,
    policies.is_for_approved_issuers_only or rules.is_for_approved_issuers_only as is_for_approved_issuers_only,
    policies.is_for_goal_or_need_only or rules.is_for_goal_or_need_only as is_for_goal_or_need_only,
    policies.is_refused_to_experts,
    policies.is_hours_counted_once,
    case
        when policies.most_units_per_award < earned.units then policies.most_units_per_award
        else earned.units
    end as units,
    coalesce(ties.has_goal_or_need, false) as has_goal_or_need,
    coalesce(ties.is_already_expert, false) as is_already_expert
from {{ ref('fct_credential_awards') }} as awards
inner join settings on awards.district_id = settings.district_id
inner join {{ ref('int_renewal__people') }} as people on awards.staff_key = people.staff_key
cross join approval_counts
left join approved_awards on awards.credential_award_key = approved_awards.credential_award_key
left join cycle_spans
    on awards.staff_key = cycle_spans.staff_key
    and people.jurisdiction = cycle_spans.jurisdiction
left join dated_cycles as cycles
    on awards.staff_key = cycles.staff_key
    and people.jurisdiction = cycles.jurisdiction
    and awards.issued_date >= cycles.begins_date
    and awards.issued_date <= cycles.ends_date
-- the rule and the policy of the day of the award hold, also where they changed within the cycle
left join {{ ref('int_renewal__policies') }} as policies
    on people.district_id = policies.district_id
    and people.jurisdiction = policies.jurisdiction
    and coalesce(policies.effective_from_date <= awards.issued_date, true)
    and coalesce(policies.effective_to_date >= awards.issued_date, true)
left join {{ ref('fct_renewal_rules') }} as rules
    on people.district_id = rules.district_id
    and people.jurisdiction = rules.jurisdiction
    and coalesce(rules.effective_from_date <= awards.issued_date, true)
    and coalesce(rules.effective_to_date >= awards.issued_date, true)
left join {{ ref('int_renewal__micro_credential_values') }} as earned
    on awards.micro_credential_key = earned.micro_credential_key
    and rules.rule_id = earned.rule_id
left join {{ ref('int_renewal__awards_tied') }} as ties on awards.credential_award_key = ties.credential_award_key
