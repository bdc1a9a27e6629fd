with

competencies_by_code as (
    select
        district_id,
        competency_code,
        min(competency_key) as competency_key
    from {{ ref('dim_competencies') }}
    group by district_id, competency_code
    having count(*) = 1
)

select
    goals.growth_goal_key,
    goals.district_id,
    matched.staff_key,
    goals.school_year,
    competencies_by_code.competency_key,
    goals.competency_code,
    goals.set_date,
    goals.status,
    goals.source_system,
    goals.source_record_id
from {{ ref('int_staff__growth_goals_referenced') }} as goals
left join {{ ref('int_identity__staff_matched') }} as matched on goals.reference_key = matched.reference_key
left join competencies_by_code
    on goals.district_id = competencies_by_code.district_id
    and goals.competency_code = competencies_by_code.competency_code
