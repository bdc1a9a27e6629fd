select
    summaries.evaluation_summary_key,
    summaries.district_id,
    matched.staff_key,
    summaries.person_key,
    summaries.source_system,
    summaries.connection,
    summaries.source_record_id,
    summaries.school_year,
    summaries.measure,
    summaries.value,
    summaries.level,
    summaries.rated_date,
    summaries.declared_maximum
from {{ ref('int_evaluations__summaries_unioned') }} as summaries
left join {{ ref('int_identity__staff_matched') }} as matched
    on summaries.reference_key = matched.reference_key
