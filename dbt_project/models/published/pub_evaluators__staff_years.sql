select
    staff_key,
    district_id,
    school_year,
    school_key,
    grade_band,
    years_experience,
    rubric_version,
    mean_score,
    observation_count,
    award_count,
    cumulative_award_count,
    first_award_date,
    pd_hours,
    is_active
from {{ ref('int_study__staff_years') }}
