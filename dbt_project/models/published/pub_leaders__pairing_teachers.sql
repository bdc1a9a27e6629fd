with

elements as (
    select
        elements.staff_key,
        elements.side,
        rubric_elements.rubric_version || '|' || rubric_elements.element_code || '|' || rubric_elements.element_title as element,
        rubric_elements.sort_order,
        rubric_elements.rubric_element_key
    from {{ ref('int_pairing__elements') }} as elements
    inner join {{ ref('dim_rubric_elements') }} as rubric_elements
        on elements.rubric_element_key = rubric_elements.rubric_element_key
    where not elements.is_disputed
),

elements_listed as (
    select
        staff_key,
        side,
        {{ dbt.listagg('element', "'; '", 'order by sort_order, rubric_element_key') }} as elements
    from elements
    group by staff_key, side
),

evaluators as (
    select
        staff_key,
        {{ dbt.listagg('colleague_staff_key', "' '", 'order by colleague_staff_key') }} as evaluator_staff_keys
    from {{ ref('int_pairing__evaluators') }}
    group by staff_key
)

select
    teachers.staff_key,
    teachers.district_id,
    case when staff.is_naming_allowed then staff.staff_name end as staff_name,
    staff.roster_platform as roster_source,
    staff.roster_id,
    teachers.school_key,
    schools.school_id,
    schools.school_name,
    focuses.elements as focus_elements,
    strengths.elements as strong_elements,
    teachers.unavailable_reason,
    evaluators.evaluator_staff_keys,
    cast(coalesce(partners.pair_count, 0) as integer) as pair_count,
    cast({{ var('pairing_capacity') | int }} as integer) as capacity,
    {{ quoted(var('pairing_mode')) }} as pairing_mode
from {{ ref('int_pairing__teachers') }} as teachers
inner join {{ ref('dim_staff') }} as staff on teachers.staff_key = staff.staff_key
left join {{ ref('dim_schools') }} as schools on teachers.school_key = schools.school_key
left join elements_listed as focuses on teachers.staff_key = focuses.staff_key and focuses.side = 'need'
left join elements_listed as strengths on teachers.staff_key = strengths.staff_key and strengths.side = 'strong'
left join {{ ref('int_pairing__partners') }} as partners on teachers.staff_key = partners.partner_staff_key
left join evaluators on teachers.staff_key = evaluators.staff_key
