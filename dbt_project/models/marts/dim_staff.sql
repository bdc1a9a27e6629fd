with

staff as (
    select
        roster_records.roster_record_key as staff_key,
        roster_records.district_id,
        roster_records.roster_platform,
        roster_records.roster_id,
        roster_records.first_name,
        roster_records.last_name
    from {{ ref('int_identity__roster_records') }} as roster_records
    inner join {{ ref('int_identity__roster_records_merged') }} as merged
        on roster_records.roster_record_key = merged.roster_record_key
        and merged.outcome = 'own'
),

hire_dates as (
    select
        people.staff_key,
        min(roster.hire_date) as hire_date
    from {{ ref('stg_files__roster') }} as roster
    inner join {{ ref('int_identity__staff_aliases') }} as people
        on people.district_id = roster.district_id
        and people.alias_kind = 'employee_id'
        and people.alias_value = roster.employee_id
        and not people.is_ambiguous
    where not roster.is_deleted
    group by people.staff_key
),

naming_refusals as (
    select staff_key
    from {{ ref('fct_consents') }}
    where consent_kind = {{ quoted(var('naming_consent_kind')) }} and is_newest and not is_granted and staff_key is not null
)

select
    staff.staff_key,
    staff.district_id,
    staff.roster_platform,
    staff.roster_id,
    staff.first_name,
    staff.last_name,
    staff.first_name || ' ' || staff.last_name as staff_name,
    assignments.school_key,
    assignments.school_id,
    assignments.classification,
    assignments.grade_band,
    assignments.subject,
    assignments.years_experience,
    assignments.school_year as last_school_year,
    hire_dates.hire_date,
    assignments.left_date,
    coalesce(assignments.is_active, false) as is_active,
    naming_refusals.staff_key is null as is_naming_allowed
from staff
left join {{ ref('int_staff__current_assignments') }} as assignments on staff.staff_key = assignments.staff_key
left join hire_dates on staff.staff_key = hire_dates.staff_key
left join naming_refusals on staff.staff_key = naming_refusals.staff_key
