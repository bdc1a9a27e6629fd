select
    decisions.decision_id,
    decisions.district_id,
    decisions.decision_kind,
    decisions.decision,
    decisions.decided_at,
    unapplied.cited_as,
    unapplied.why
from {{ ref('int_decisions__decisions_unapplied') }} as unapplied
inner join {{ ref('fct_decisions') }} as decisions on unapplied.decision_key = decisions.decision_key
