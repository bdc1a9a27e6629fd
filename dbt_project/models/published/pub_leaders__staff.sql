select
    staff.staff_key,
    staff.district_id,
    case when staff.is_naming_allowed then staff.staff_name end as staff_name,
    staff.school_key,
    schools.school_id,
    schools.school_name,
    staff.grade_band,
    staff.subject,
    staff.is_active
from {{ ref('dim_staff') }} as staff
left join {{ ref('dim_schools') }} as schools on staff.school_key = schools.school_key
where staff.is_active
