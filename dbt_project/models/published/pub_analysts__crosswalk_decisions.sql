select
    decisions.decision_id,
    decisions.item_type,
    decisions.cited as item_id,
    decisions.item_count,
    decisions.framework,
    decisions.competency_code,
    competencies.competency_name,
    decisions.status as decision,
    decisions.valid_from_date,
    decisions.valid_to_date,
    decisions.decided_at,
    decisions.unapplied_reason
from {{ ref('int_crosswalk__decisions') }} as decisions
left join {{ ref('dim_competencies') }} as competencies on decisions.competency_key = competencies.competency_key
