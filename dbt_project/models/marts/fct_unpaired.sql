with

live_targets as (
    select distinct target_staff_key as staff_key
    from {{ ref('fct_pairings') }}
    where is_live
),

needs as (
    select
        elements.staff_key,
        min(case when elements.is_disputed then 1 else 0 end) = 1 as is_all_disputed,
        {{ dbt.listagg(
            'rubric_elements.element_title', "'; '",
            'order by rubric_elements.sort_order, rubric_elements.rubric_element_key'
        ) }} as focus
    from {{ ref('int_pairing__elements') }} as elements
    inner join {{ ref('dim_rubric_elements') }} as rubric_elements
        on elements.rubric_element_key = rubric_elements.rubric_element_key
    where elements.side = 'need'
    group by elements.staff_key
),

observed as (
    select distinct staff_key
    from {{ ref('fct_element_expertise') }}
    where
        is_current
        {%- if var('pairing_rule') == 'raw' %}
        and latest_year_mean_score is not null
        {%- else %}
        and observed_result is not null
        {%- endif %}
),

colleagues as (
    select
        target_staff_key as staff_key,
        max(case when exclusion is null then 1 else 0 end) = 1 as has_partner,
        max(case when exclusion = 'evaluator' then 1 else 0 end) = 1 as has_evaluator,
        max(case when exclusion = 'rejected' then 1 else 0 end) = 1 as has_rejected
    from {{ ref('int_pairing__candidates') }}
    group by target_staff_key
)

select
    teachers.staff_key,
    teachers.district_id,
    teachers.school_key,
    needs.focus,
    -- of several reasons the one that a decision could change soonest
    case
        when needs.staff_key is null then 'not enough evidence'
        when needs.is_all_disputed then 'open dispute'
        when teachers.unavailable_reason is not null then teachers.unavailable_reason
        when colleagues.staff_key is null then 'no partner with the strength'
        when colleagues.has_partner then 'all partners taken'
        when colleagues.has_rejected then 'partners rejected'
        when colleagues.has_evaluator then 'only evaluators available'
        else 'no partner available'
    end as reason
from {{ ref('int_pairing__teachers') }} as teachers
left join needs on teachers.staff_key = needs.staff_key
left join observed on teachers.staff_key = observed.staff_key
left join live_targets on teachers.staff_key = live_targets.staff_key
left join colleagues on teachers.staff_key = colleagues.staff_key
where
    live_targets.staff_key is null
    and (needs.staff_key is not null or observed.staff_key is null)
