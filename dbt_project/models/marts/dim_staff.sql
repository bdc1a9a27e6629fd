with

-- of two records of one roster the newer one tells the name
records_of_people as (
    select
        merged.staff_key,
        roster_records.roster_platform,
        roster_records.first_name,
        roster_records.last_name,
        roster_records.is_deleted,
        row_number() over (
            partition by merged.staff_key, roster_records.roster_platform
            order by
                case when roster_records.is_deleted then 1 else 0 end,
                coalesce(roster_records.last_school_year, 0) desc,
                case merged.outcome when 'own' then 0 else 1 end,
                roster_records.roster_id
        ) as recency
    from {{ ref('int_identity__roster_records') }} as roster_records
    inner join {{ ref('int_identity__roster_records_merged') }} as merged
        on roster_records.roster_record_key = merged.roster_record_key
        and merged.staff_key is not null
),

deleted_people as (
    select staff_key
    from records_of_people
    group by staff_key
    having min(case when is_deleted then 1 else 0 end) = 1
),

staff as (
    select
        roster_records.roster_record_key as staff_key,
        roster_records.district_id,
        roster_records.roster_platform,
        roster_records.roster_id,
        names.first_name,
        names.last_name,
        deleted_people.staff_key is not null as is_deleted
    from {{ ref('int_identity__roster_records') }} as roster_records
    inner join {{ ref('int_identity__roster_records_merged') }} as merged
        on roster_records.roster_record_key = merged.roster_record_key
        and merged.outcome = 'own'
    inner join records_of_people as names
        on roster_records.roster_record_key = names.staff_key
        and roster_records.roster_platform = names.roster_platform
        and names.recency = 1
    left join deleted_people on roster_records.roster_record_key = deleted_people.staff_key
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
    coalesce(assignments.is_active, false) and not staff.is_deleted as is_active,
    naming_refusals.staff_key is null as is_naming_allowed
from staff
left join {{ ref('int_staff__current_assignments') }} as assignments on staff.staff_key = assignments.staff_key
left join hire_dates on staff.staff_key = hire_dates.staff_key
left join naming_refusals on staff.staff_key = naming_refusals.staff_key
