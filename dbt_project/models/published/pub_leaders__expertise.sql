select
    expertise.expertise_key,
    expertise.district_id,
    expertise.staff_key,
    case when staff.is_naming_allowed then staff.staff_name end as staff_name,
    staff.school_key,
    schools.school_id,
    schools.school_name,
    staff.grade_band,
    staff.subject,
    expertise.competency_key,
    competencies.competency_code,
    competencies.competency_name,
    expertise.band,
    expertise.band_order,
    expertise.rank_in_band,
    expertise.observation_count,
    expertise.rater_count,
    expertise.award_count,
    expertise.latest_observation_date,
    expertise.latest_award_date,
    expertise.explanation,
    staff.is_active
from {{ ref('fct_expertise') }} as expertise
inner join {{ ref('dim_staff') }} as staff on expertise.staff_key = staff.staff_key
inner join {{ ref('dim_competencies') }} as competencies on expertise.competency_key = competencies.competency_key
left join {{ ref('dim_schools') }} as schools on staff.school_key = schools.school_key
