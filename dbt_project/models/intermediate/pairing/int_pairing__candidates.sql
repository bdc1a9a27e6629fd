with

elements as (
    select
        elements.staff_key,
        elements.rubric_element_key,
        elements.side,
        elements.is_priority,
        elements.is_demonstrated,
        teachers.district_id,
        teachers.pool_key
    from {{ ref('int_pairing__elements') }} as elements
    inner join {{ ref('int_pairing__teachers') }} as teachers on elements.staff_key = teachers.staff_key
    where not elements.is_disputed
),

-- an element belongs to one rubric version, so nothing is matched across rubrics
matches as (
    select
        needs.district_id,
        needs.pool_key,
        needs.staff_key as target_staff_key,
        strengths.staff_key as partner_staff_key,
        count(*) as match_count,
        sum(case when needs.is_priority then 1 else 0 end) as priority_count,
        max(case when strengths.is_demonstrated then 1 else 0 end) = 1 as has_aligned_credential
    from elements as needs
    inner join elements as strengths
        on needs.pool_key = strengths.pool_key
        and needs.district_id = strengths.district_id
        and needs.rubric_element_key = strengths.rubric_element_key
    where needs.side = 'need' and strengths.side = 'strong'
    group by needs.district_id, needs.pool_key, needs.staff_key, strengths.staff_key
),

chosen_targets as (
    select distinct target_staff_key
    from {{ ref('int_pairing__decisions_resolved') }}
    where status in ('accepted', 'edited')
),

pairs as (
    select
        {{ surrogate_key(
            ['matches.target_staff_key', 'matches.partner_staff_key'], district_id='matches.district_id'
        ) }} as pairing_key,
        matches.district_id,
        matches.pool_key,
        matches.target_staff_key,
        matches.partner_staff_key,
        matches.match_count,
        matches.priority_count,
        matches.has_aligned_credential,
        coalesce(targets.grade_band = partners.grade_band, false) as is_same_grade_band,
        coalesce(targets.subject = partners.subject, false) as is_same_subject,
        case
            when targets.unavailable_reason is not null then 'target unavailable'
            when partners.unavailable_reason is not null then 'partner unavailable'
            when evaluators.staff_key is not null then 'evaluator'
            when decided.status = 'rejected' then 'rejected'
        end as exclusion,
        chosen_targets.target_staff_key is not null as is_target_paired
    from matches
    inner join {{ ref('int_pairing__teachers') }} as targets on matches.target_staff_key = targets.staff_key
    inner join {{ ref('int_pairing__teachers') }} as partners on matches.partner_staff_key = partners.staff_key
    left join {{ ref('int_pairing__evaluators') }} as evaluators
        on matches.target_staff_key = evaluators.staff_key
        and matches.partner_staff_key = evaluators.colleague_staff_key
    left join {{ ref('int_pairing__decisions_resolved') }} as decided
        on matches.target_staff_key = decided.target_staff_key
        and matches.partner_staff_key = decided.partner_staff_key
    left join chosen_targets on matches.target_staff_key = chosen_targets.target_staff_key
)

select
    pairing_key,
    district_id,
    pool_key,
    target_staff_key,
    partner_staff_key,
    cast(match_count as integer) as match_count,
    cast(priority_count as integer) as priority_count,
    is_same_grade_band,
    is_same_subject,
    has_aligned_credential,
    -- in this order of weight, none outweighed by those after it
    4 * case when is_same_grade_band then 1 else 0 end
    + 2 * case when is_same_subject then 1 else 0 end
    + case when has_aligned_credential then 1 else 0 end as soft_value,
    exclusion,
    exclusion is null and not is_target_paired as is_open
from pairs
