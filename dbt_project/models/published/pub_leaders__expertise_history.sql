-- names, schools and who is active are today's: what was withdrawn since is withdrawn from the past too
select
    history.expertise_history_key,
    history.district_id,
    history.staff_key,
    case when staff.is_naming_allowed then staff.staff_name end as staff_name,
    staff.school_key,
    schools.school_id,
    schools.school_name,
    history.competency_key,
    coalesce(competencies.competency_code, history.competency_code) as competency_code,
    coalesce(competencies.competency_name, history.competency_name) as competency_name,
    history.band,
    bands.band_order,
    history.observation_count,
    history.award_count,
    history.explanation,
    history.known_from_date,
    history.known_to_date,
    coalesce(staff.is_active, false) as is_active
from {{ ref('fct_expertise_history') }} as history
left join {{ ref('expertise_bands') }} as bands on history.band = bands.band
left join {{ ref('dim_staff') }} as staff on history.staff_key = staff.staff_key
left join {{ ref('dim_schools') }} as schools on staff.school_key = schools.school_key
left join {{ ref('dim_competencies') }} as competencies on history.competency_key = competencies.competency_key
