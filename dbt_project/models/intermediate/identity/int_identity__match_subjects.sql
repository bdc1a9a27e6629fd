{%- set text = dbt.type_string() -%}
with

settings as (
    select
        as_of_date,
        school_year_start_month,
        school_year_start_day
    from {{ ref('stg_pipeline__settings') }}
),

aliases as (
    select district_id, staff_key, alias_kind, alias_value, is_ambiguous
    from {{ ref('int_identity__staff_aliases') }}
),

roster_platforms as (
    select platform
    from {{ ref('stg_pipeline__configured_sources') }}
    where roster_rank is not null
    group by platform
),


-- an address says more of a person than a number that no roster knows
unmatched_references as (
    select
        refs.reference_key,
        refs.district_id,
        case
            when refs.reference_email is not null then 'email'
            when refs.reference_employee_id is not null then 'employee_id'
            when refs.reference_state_id is not null then 'state_id'
            when refs.reference_person_key is not null then 'person_key'
        end as alias_kind,
        coalesce(
            refs.reference_email, refs.reference_employee_id, refs.reference_state_id, refs.reference_person_key
        ) as alias_value,
        refs.reference_school_year,
        matched.unmatched_reason
    from {{ ref('int_identity__staff_matched') }} as matched
    inner join {{ ref('int_identity__person_references') }} as refs on matched.reference_key = refs.reference_key
    where matched.unmatched_reason in ('no_match', 'ambiguous')
),

records_by_reference as (
    select
        reference_key,
        min(source_system) as source_system,
        count(*) as record_count
    from {{ ref('int_identity__records_referenced') }}
    group by reference_key
),

-- an id that nobody has, without a name or an address, leaves nothing to judge by
subjects_by_identifier as (
    select
        refs.district_id,
        min(records.source_system) || '.' || refs.alias_kind as subject_source,
        refs.alias_value as subject_id,
        refs.alias_kind,
        refs.alias_value,
        min(refs.unmatched_reason) as reason,
        cast(null as {{ text }}) as first_name,
        cast(null as {{ text }}) as last_name,
        case when refs.alias_kind = 'email' then refs.alias_value end as email,
        cast(sum(records.record_count) as integer) as record_count,
        min(refs.reference_school_year) as first_school_year,
        max(refs.reference_school_year) as last_school_year,
        cast(null as {{ text }}) as roster_record_key,
        cast(null as integer) as roster_rank
    from unmatched_references as refs
    inner join records_by_reference as records on refs.reference_key = records.reference_key
    -- a hash can't be read by anybody
    where refs.alias_kind is not null and (refs.alias_kind = 'email' or refs.unmatched_reason = 'ambiguous')
    group by refs.district_id, refs.alias_kind, refs.alias_value
),

staff_of_student_information_systems as (
    select
        staffs.district_id,
        staffs.staff_unique_id,
        staffs.first_name,
        staffs.last_name,
        nullif({{ json_text('staffs.emails', [0]) }}, '') as email,
        row_number() over (
            partition by staffs.district_id, staffs.staff_unique_id
            order by staffs._connection, staffs.staff_resource_id_edfi
        ) as copy_number
    from {{ ref('stg_edfi__staffs') }} as staffs
    left join roster_platforms on roster_platforms.platform = 'edfi'
    where not staffs.is_deleted and roster_platforms.platform is null
),

school_years_of_staff as (
    select
        assignments.district_id,
        assignments.staff_unique_id,
        min({{ school_year_of('assignments.begin_date') }}) as first_school_year,
        max(
            case
                when assignments.end_date < settings.as_of_date then {{ school_year_of('assignments.end_date') }}
                else {{ school_year_of('settings.as_of_date') }}
            end
        ) as last_school_year,
        count(*) as record_count
    from {{ ref('stg_edfi__staff_assignments') }} as assignments
    cross join settings
    where not assignments.is_deleted
    group by assignments.district_id, assignments.staff_unique_id
),

-- staff of an information system that is no roster, whom no id links
subjects_by_staff_record as (
    select
        staffs.district_id,
        'edfi.staff_unique_id' as subject_source,
        staffs.staff_unique_id as subject_id,
        'state_id' as alias_kind,
        staffs.staff_unique_id as alias_value,
        case when count(aliases.staff_key) > 1 then 'ambiguous' else 'no_match' end as reason,
        min(staffs.first_name) as first_name,
        min(staffs.last_name) as last_name,
        min({{ normalised_email('staffs.email') }}) as email,
        cast(coalesce(min(years.record_count), 0) as integer) as record_count,
        min(years.first_school_year) as first_school_year,
        max(years.last_school_year) as last_school_year,
        cast(null as {{ text }}) as roster_record_key,
        cast(null as integer) as roster_rank
    from staff_of_student_information_systems as staffs
    left join aliases
        on staffs.district_id = aliases.district_id
        and aliases.alias_kind = 'state_id'
        and aliases.alias_value = staffs.staff_unique_id
    left join school_years_of_staff as years
        on staffs.district_id = years.district_id
        and staffs.staff_unique_id = years.staff_unique_id
    where staffs.copy_number = 1
    group by staffs.district_id, staffs.staff_unique_id
    having count(aliases.staff_key) <> 1
),

newest_emails as (
    select
        roster_record_key,
        alias_value as email,
        row_number() over (
            partition by roster_record_key
            order by case when coalesce(is_held_now, false) then 0 else 1 end, last_school_year desc, alias_value
        ) as recency
    from {{ ref('int_identity__roster_identifiers') }}
    where alias_kind = 'email'
),

-- every record that stands alone may be a second one of somebody; only those with a candidate are listed
subjects_by_roster_record as (
    select
        merged.district_id,
        merged.roster_platform as subject_source,
        merged.roster_id as subject_id,
        cast(null as {{ text }}) as alias_kind,
        cast(null as {{ text }}) as alias_value,
        case merged.outcome when 'ambiguous' then 'ambiguous' else 'two_records' end as reason,
        records.first_name,
        records.last_name,
        newest_emails.email,
        1 as record_count,
        records.first_school_year,
        records.last_school_year,
        merged.roster_record_key,
        records.roster_rank
    from {{ ref('int_identity__roster_records_merged') }} as merged
    inner join {{ ref('int_identity__roster_records') }} as records
        on merged.roster_record_key = records.roster_record_key
    left join newest_emails
        on merged.roster_record_key = newest_emails.roster_record_key
        and newest_emails.recency = 1
    where merged.outcome in ('own', 'ambiguous')
),

{% set columns = [
    'district_id', 'subject_source', 'subject_id', 'alias_kind', 'alias_value', 'reason', 'first_name', 'last_name',
    'email', 'record_count', 'first_school_year', 'last_school_year', 'roster_record_key', 'roster_rank',
] | join(', ') -%}
subjects as (
    select {{ columns }} from subjects_by_identifier
    union all
    select {{ columns }} from subjects_by_staff_record
    union all
    select {{ columns }} from subjects_by_roster_record
)

select
    {{ surrogate_key(['subject_source', 'subject_id']) }} as match_subject_key,
    {{ columns }}
from subjects
