select
    issuer_quality_key as assessor_quality_key,
    district_id,
    assessor_id,
    decided_count,
    first_decision_count,
    first_time_award_share,
    first_time_award_low,
    first_time_award_high,
    first_time_award_share_of_others,
    median_days_to_decision,
    p90_days_to_decision
from {{ ref('fct_issuer_quality') }}
where subject_kind = 'assessor'
