select
    staff_assignment_key,
    district_id,
    staff_key,
    school_key,
    source_system,
    source_record_id,
    classification,
    grade_band,
    subject,
    years_experience,
    school_year,
    begin_date,
    end_date,
    left_date,
    status,
    full_time_share
from {{ ref('int_staff__assignments_unioned') }}
