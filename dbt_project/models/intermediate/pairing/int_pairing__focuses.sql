with

listed_pairs as (
    select pairing_key, target_staff_key, partner_staff_key
    from {{ ref('int_pairing__pairs_solved') }}
    union
    select pairing_key, target_staff_key, partner_staff_key
    from {{ ref('int_pairing__decisions_resolved') }}
),

shared as (
    select
        listed_pairs.pairing_key,
        rubric_elements.district_id,
        rubric_elements.element_title,
        rubric_elements.sort_order,
        rubric_elements.rubric_element_key,
        needs.is_priority
    from listed_pairs
    inner join {{ ref('int_pairing__elements') }} as needs
        on listed_pairs.target_staff_key = needs.staff_key
        and needs.side = 'need'
    inner join {{ ref('int_pairing__elements') }} as strengths
        on listed_pairs.partner_staff_key = strengths.staff_key
        and strengths.side = 'strong'
        and needs.rubric_element_key = strengths.rubric_element_key
    inner join {{ ref('dim_rubric_elements') }} as rubric_elements
        on needs.rubric_element_key = rubric_elements.rubric_element_key
    where not needs.is_disputed and not strengths.is_disputed
)

select
    pairing_key,
    count(*) as match_count,
    sum(case when is_priority then 1 else 0 end) as priority_count,
    {{ dbt.listagg('element_title', "'; '", 'order by case when is_priority then 0 else 1 end, sort_order, rubric_element_key') }} as focus
from shared
group by pairing_key
