with

case_statements as (
    select
        item_key as competency_key,
        description
    from {{ ref('dim_crosswalk_items') }}
    where item_type = 'case_item'
)

select
    competencies.competency_key,
    competencies.framework,
    competencies.competency_code,
    competencies.competency_name,
    competencies.domain,
    case_statements.description,
    competencies.case_identifier,
    competencies.is_in_use
from {{ ref('dim_competencies') }} as competencies
left join case_statements on competencies.competency_key = case_statements.competency_key
