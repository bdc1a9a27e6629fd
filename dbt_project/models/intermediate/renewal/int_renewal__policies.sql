with

settings as (
    select district_id
    from {{ ref('stg_pipeline__settings') }}
)

-- what a district does not say of its approved issuers and of hours is read strictly, the rest as not asked for
select
    {{ surrogate_key(
        ['policies.jurisdiction', "coalesce(policies.effective_from, cast('0001-01-01' as date))"],
        district_id='settings.district_id'
    ) }} as renewal_policy_key,
    settings.district_id,
    policies.jurisdiction,
    policies.effective_from as effective_from_date,
    policies.effective_to as effective_to_date,
    coalesce(policies.only_approved_issuers, true) as is_for_approved_issuers_only,
    coalesce(policies.only_goal_or_need, false) as is_for_goal_or_need_only,
    coalesce(policies.not_if_already_expert, false) as is_refused_to_experts,
    coalesce(policies.no_double_counting_of_hours, true) as is_hours_counted_once,
    policies.most_units_per_award
from {{ ref('renewal_policies') }} as policies
inner join settings on policies.district_id = settings.district_id
