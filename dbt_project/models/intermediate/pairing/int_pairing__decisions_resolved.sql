with

settings as (
    select
        district_id,
        timezone,
        school_year_start_month,
        school_year_start_day
    from {{ ref('stg_pipeline__settings') }}
),

decisions as (
    select
        decisions.district_id,
        decisions.decision,
        decisions.reason,
        decisions.decided_by,
        decisions.decided_at,
        {{ school_year_of(local_date('decisions.decided_at', 'settings.timezone')) }} as school_year,
        {{ surrogate_key(['decisions.subject_source', 'decisions.subject_id'], district_id='decisions.district_id') }} as target_record_key,
        {{ surrogate_key(['decisions.target_source', 'decisions.target_id'], district_id='decisions.district_id') }} as partner_record_key,
        {{ surrogate_key(
            [json_text('decisions.detail', ['partner_source']), json_text('decisions.detail', ['partner_id'])],
            district_id='decisions.district_id'
        ) }} as wanted_record_key,
        {{ json_text('decisions.detail', ['focus']) }} as focus
    from {{ ref('fct_decisions') }} as decisions
    inner join settings on decisions.district_id = settings.district_id
    where decisions.decision_kind = 'pairing' and decisions.is_newest
),

-- to edit a pair is to reject it for another
words_on_pairs as (
    select
        district_id, target_record_key, partner_record_key, reason, decided_by, decided_at, school_year,
        case when decision = 'edited' then 'rejected' else decision end as decision,
        decision = 'edited' as is_replaced,
        case when decision <> 'edited' then focus end as focus
    from decisions
    union all
    select
        district_id, target_record_key, wanted_record_key as partner_record_key, reason, decided_by, decided_at,
        school_year, decision, false as is_replaced, focus
    from decisions
    where decision = 'edited'
),

-- a record that has left the roster altogether keeps the key that it would have
pairs as (
    select
        words.district_id,
        coalesce(targets.staff_key, words.target_record_key) as target_staff_key,
        coalesce(partners.staff_key, words.partner_record_key) as partner_staff_key,
        words.decision,
        words.is_replaced,
        words.reason,
        words.decided_by,
        words.decided_at,
        words.school_year,
        words.focus
    from words_on_pairs as words
    left join {{ ref('int_identity__roster_records_merged') }} as targets
        on words.target_record_key = targets.roster_record_key
    left join {{ ref('int_identity__roster_records_merged') }} as partners
        on words.partner_record_key = partners.roster_record_key
),

pairs_newest_first as (
    select
        {{ surrogate_key(['target_staff_key', 'partner_staff_key']) }} as pairing_key,
        district_id,
        target_staff_key,
        partner_staff_key,
        decision,
        is_replaced,
        reason,
        decided_by,
        decided_at,
        school_year,
        focus,
        row_number() over (
            partition by district_id, target_staff_key, partner_staff_key
            order by decided_at desc, case when is_replaced then 1 else 0 end, decision, reason
        ) as recency
    from pairs
    where target_staff_key <> partner_staff_key
),

pairs_with_newest as (
    select
        pairs.pairing_key,
        pairs.district_id,
        pairs.target_staff_key,
        pairs.partner_staff_key,
        pairs.decision,
        pairs.is_replaced,
        pairs.reason,
        pairs.decided_by,
        pairs.decided_at,
        pairs.school_year,
        pairs.focus,
        pairs.decision <> 'rejected' as is_chosen,
        row_number() over (
            partition by pairs.target_staff_key, case when pairs.decision = 'rejected' then 0 else 1 end
            order by pairs.decided_at desc, pairs.pairing_key
        ) as choice_order
    from pairs_newest_first as pairs
    where pairs.recency = 1
)

select
    pairs.pairing_key,
    pairs.district_id,
    pairs.target_staff_key,
    pairs.partner_staff_key,
    case
        when not pairs.is_chosen then 'rejected'
        when
            pairs.choice_order > 1 or targets.staff_key is null or partners.staff_key is null
            or targets.unavailable_reason is not null or partners.unavailable_reason is not null
            or evaluators.staff_key is not null
            then 'ended'
        when pairs.decision = 'edited' then 'edited'
        else 'accepted'
    end as status,
    case
        when not pairs.is_chosen and pairs.is_replaced then 'another partner was chosen: ' || pairs.reason
        when not pairs.is_chosen then pairs.reason
        when pairs.choice_order > 1 then 'another partner was chosen later'
        when targets.staff_key is null then 'the teacher with the focus is no longer on the active roster as a teacher'
        when partners.staff_key is null then 'the partner is no longer on the active roster as a teacher'
        when targets.unavailable_reason is not null then 'the teacher with the focus ' || targets.unavailable_reason
        when partners.unavailable_reason is not null then 'the partner ' || partners.unavailable_reason
        when evaluators.staff_key is not null then 'one of the two has evaluated the other'
        else pairs.reason
    end as status_reason,
    pairs.decided_by,
    pairs.decided_at,
    pairs.school_year,
    pairs.focus
from pairs_with_newest as pairs
left join {{ ref('int_pairing__teachers') }} as targets on pairs.target_staff_key = targets.staff_key
left join {{ ref('int_pairing__teachers') }} as partners on pairs.partner_staff_key = partners.staff_key
left join {{ ref('int_pairing__evaluators') }} as evaluators
    on pairs.target_staff_key = evaluators.staff_key
    and pairs.partner_staff_key = evaluators.colleague_staff_key
