with

decisions as (
    select
        district_id,
        decision_id,
        decision_kind,
        subject_source,
        subject_id,
        target_source,
        target_id,
        decision,
        detail,
        reason,
        decided_by,
        decided_at,
        recorded_at,
        recorded_order,
        revocation_reason,
        revoked_by,
        revoked_at,
        revoked_at is not null as is_revoked
    from {{ ref('stg_pipeline__decisions') }}
),

-- of the decisions on one thing, those that stand first, newest first; of one instant the one recorded last
ranked as (
    select
        decision_id,
        district_id,
        row_number() over (
            partition by district_id, decision_kind, subject_source, subject_id, target_source, target_id
            order by case when is_revoked then 1 else 0 end, decided_at desc, recorded_order desc
        ) as recency
    from decisions
)

select
    {{ surrogate_key(['decisions.decision_id'], district_id='decisions.district_id') }} as decision_key,
    decisions.district_id,
    decisions.decision_id,
    decisions.decision_kind,
    decisions.subject_source,
    decisions.subject_id,
    decisions.target_source,
    decisions.target_id,
    decisions.decision,
    decisions.detail,
    decisions.reason,
    decisions.decided_by,
    decisions.decided_at,
    decisions.recorded_at,
    decisions.recorded_order,
    decisions.is_revoked,
    decisions.revocation_reason,
    decisions.revoked_by,
    decisions.revoked_at,
    ranked.recency = 1 and not decisions.is_revoked as is_newest
from decisions
inner join ranked
    on decisions.district_id = ranked.district_id
    and decisions.decision_id = ranked.decision_id
