select
    decision_key,
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
    is_newest,
    is_revoked,
    revoked_at
from {{ ref('int_decisions__decisions_ranked') }}
