with

settings as (
    select
        district_id,
        as_of_date,
        school_year_start_month,
        school_year_start_day
    from {{ ref('stg_pipeline__settings') }}
),

pairs as (
    select
        solved.pairing_key,
        teachers.district_id,
        solved.target_staff_key,
        solved.partner_staff_key,
        'suggested' as status,
        cast(null as {{ dbt.type_string() }}) as status_reason,
        cast(null as {{ dbt.type_string() }}) as decided_by,
        cast(null as {{ dbt.type_timestamp() }}) as decided_at,
        {{ school_year_of('settings.as_of_date') }} as school_year,
        cast(null as {{ dbt.type_string() }}) as decided_focus
    from {{ ref('int_pairing__pairs_solved') }} as solved
    inner join {{ ref('int_pairing__teachers') }} as teachers on solved.target_staff_key = teachers.staff_key
    inner join settings on teachers.district_id = settings.district_id
    union all
    select
        pairing_key,
        district_id,
        target_staff_key,
        partner_staff_key,
        status,
        status_reason,
        decided_by,
        decided_at,
        school_year,
        focus as decided_focus
    from {{ ref('int_pairing__decisions_resolved') }}
),

pairs_described as (
    select
        pairs.pairing_key,
        pairs.district_id,
        pairs.target_staff_key,
        pairs.partner_staff_key,
        targets.school_key,
        partners.school_key as partner_school_key,
        pairs.school_year,
        pairs.status,
        pairs.status in ('suggested', 'accepted', 'edited') as is_live,
        pairs.status_reason,
        pairs.decided_by,
        pairs.decided_at,
        coalesce(focuses.focus, pairs.decided_focus) as focus,
        cast(coalesce(focuses.match_count, 0) as integer) as match_count,
        cast(coalesce(focuses.priority_count, 0) as integer) as priority_count,
        coalesce(targets.grade_band = partners.grade_band, false) as is_same_grade_band,
        coalesce(targets.subject = partners.subject, false) as is_same_subject,
        coalesce(candidates.has_aligned_credential, false) as has_aligned_credential,
        coalesce(target_teachers.has_unidentified_rater, false)
        or coalesce(partner_teachers.has_unidentified_rater, false) as has_unidentified_rater,
        coalesce(candidates.soft_value, 0) as soft_value
    from pairs
    left join {{ ref('dim_staff') }} as targets on pairs.target_staff_key = targets.staff_key
    left join {{ ref('dim_staff') }} as partners on pairs.partner_staff_key = partners.staff_key
    left join {{ ref('int_pairing__teachers') }} as target_teachers
        on pairs.target_staff_key = target_teachers.staff_key
    left join {{ ref('int_pairing__teachers') }} as partner_teachers
        on pairs.partner_staff_key = partner_teachers.staff_key
    left join {{ ref('int_pairing__focuses') }} as focuses on pairs.pairing_key = focuses.pairing_key
    left join {{ ref('int_pairing__candidates') }} as candidates on pairs.pairing_key = candidates.pairing_key
)

select
    pairing_key,
    district_id,
    target_staff_key,
    partner_staff_key,
    school_key,
    partner_school_key,
    school_year,
    status,
    is_live,
    status_reason,
    decided_by,
    decided_at,
    focus,
    match_count,
    priority_count,
    is_same_grade_band,
    is_same_subject,
    has_aligned_credential,
    has_unidentified_rater,
    soft_value,
    is_live and row_number() over (
        partition by district_id, school_key, is_live
        order by match_count, priority_count, soft_value, pairing_key
    ) = 1 as is_weakest_match
from pairs_described
