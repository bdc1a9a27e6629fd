select
    practice.element_expertise_key as practice_key,
    practice.district_id,
    practice.staff_key,
    practice.rubric_element_key,
    practice.rubric_version,
    elements.element_code,
    elements.element_title,
    elements.domain_title,
    elements.sort_order,
    case practice.observed_result
        when 'observed_need' then 'need'
        when 'observed_developing' then 'developing'
        when 'observed_expert' then 'expert'
        else 'not enough observations'
    end as observed_result,
    cast(practice.observation_count as integer) as observation_count,
    cast(practice.rater_count as integer) as rater_count,
    cast(practice.latest_observed_date as date) as latest_observed_date
from {{ ref('fct_element_expertise') }} as practice
inner join {{ ref('dim_staff') }} as staff
    on practice.staff_key = staff.staff_key
    and staff.is_active
inner join {{ ref('dim_rubric_elements') }} as elements
    on practice.rubric_element_key = elements.rubric_element_key
where practice.is_current
