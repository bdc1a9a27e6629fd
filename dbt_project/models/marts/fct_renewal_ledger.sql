with

-- the first reason that applies; whatever is left counts, once per micro-credential and cycle
judged_awards as (
    select
        credential_award_key,
        district_id,
        staff_key,
        jurisdiction,
        renewal_cycle_key,
        rule_id,
        unit_name,
        micro_credential_key,
        issued_at,
        issued_date,
        expires_date,
        verification,
        units,
        case
            when is_revoked then 'revoked'
            when verification not in ({{ sql_list(var('counted_verifications')) }}) then 'not verified'
            when is_in_future then 'in the future'
            when renewal_policy_key is null or rule_id is null then 'no rule in force'
            when is_for_approved_issuers_only and not is_issuer_approved then 'issuer not approved'
            when not has_licence then 'no licence on file'
            when not has_dated_cycle then 'licence without dates'
            when renewal_cycle_key is null and is_expired_before_cycle then 'expired before the cycle'
            when renewal_cycle_key is null then 'outside the cycle'
            when units is null then 'rule names no rate'
            when is_for_goal_or_need_only and not has_goal_or_need then 'no goal or need'
            when is_refused_to_experts and is_already_expert then 'already expert'
        end as reason_before_repeats
    from {{ ref('int_renewal__awards_considered') }}
),

ordered_awards as (
    select
        credential_award_key,
        district_id,
        staff_key,
        jurisdiction,
        renewal_cycle_key,
        rule_id,
        unit_name,
        micro_credential_key,
        issued_date,
        expires_date,
        verification,
        units,
        reason_before_repeats,
        row_number() over (
            partition by renewal_cycle_key, coalesce(micro_credential_key, credential_award_key), reason_before_repeats
            order by issued_at, credential_award_key
        ) as repeat_number
    from judged_awards
),

ledger as (
    select
        credential_award_key,
        district_id,
        staff_key,
        jurisdiction,
        renewal_cycle_key,
        rule_id,
        unit_name,
        micro_credential_key,
        issued_date,
        expires_date,
        verification,
        units,
        case
            when reason_before_repeats is not null then reason_before_repeats
            when repeat_number > 1 then 'counted already'
            else 'counts'
        end as reason
    from ordered_awards
)

select
    {{ surrogate_key(['credential_award_key', 'jurisdiction', "coalesce(renewal_cycle_key, '')"]) }} as renewal_ledger_key,
    district_id,
    staff_key,
    jurisdiction,
    renewal_cycle_key,
    rule_id,
    credential_award_key,
    micro_credential_key,
    issued_date,
    reason = 'counts' as is_counted,
    reason,
    unit_name,
    cast(case when reason = 'counts' then units else 0 end as decimal(18, 2)) as units,
    case reason
        when 'counts' then 'Earns ' || {{ plain_number('units') }} || ' ' || unit_name
            || case when units = 1 then '' else 's' end || '.'
        when 'revoked' then 'Does not count: it was revoked.'
        when 'not verified' then 'Does not count: it is ' || verification || '.'
        when 'in the future' then 'Does not count: it is dated in the future.'
        when 'no rule in force' then 'Does not count: no renewal rule of ' || jurisdiction || ' was in force on '
            || {{ iso_date('issued_date') }} || '.'
        when 'issuer not approved' then 'Does not count: its issuer was not approved for licence renewal on the day of the award.'
        when 'no licence on file' then 'Does not count: no licence is on file.'
        when 'licence without dates' then 'Does not count: no licence on file says from when to when it holds.'
        when 'expired before the cycle' then 'Does not count: it expired on ' || {{ iso_date('expires_date') }}
            || ', before the cycle began.'
        when 'outside the cycle' then 'Does not count: it was awarded in no renewal cycle of a licence on file.'
        when 'rule names no rate' then 'Does not count: what a micro-credential earns in ' || jurisdiction
            || ' is not on file.'
        when 'no goal or need' then 'Does not count: it is tied to no growth goal and no observed need.'
        when 'already expert' then 'Does not count: the practice was observed as expert before.'
        when 'counted already' then 'Does not count: the same micro-credential counts already in this cycle.'
    end as remark
from ledger
