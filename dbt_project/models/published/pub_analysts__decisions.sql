select
    decision_id,
    district_id,
    decision_kind,
    decision,
    decided_at,
    is_newest as holds,
    is_revoked
from {{ ref('fct_decisions') }}
