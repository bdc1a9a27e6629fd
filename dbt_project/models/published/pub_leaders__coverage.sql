select
    coverage.coverage_key,
    coverage.district_id,
    coverage.school_key,
    schools.school_id,
    schools.school_name,
    coverage.competency_key,
    competencies.competency_code,
    competencies.competency_name,
    coverage.school_year,
    coverage.is_current,
    coverage.as_of_date,
    coverage.staff_count,
    coverage.evidence_staff_count,
    coverage.need_count,
    coverage.expert_count,
    coverage.strong_practice_count,
    coverage.demonstrated_count,
    coverage.developing_count,
    coverage.supply_count,
    coverage.gap_size,
    coverage.cover_ratio,
    coverage.no_evidence_share,
    coverage.has_single_expert_risk,
    coverage.cover_state
from {{ ref('fct_coverage') }} as coverage
inner join {{ ref('dim_schools') }} as schools on coverage.school_key = schools.school_key
inner join {{ ref('dim_competencies') }} as competencies on coverage.competency_key = competencies.competency_key
