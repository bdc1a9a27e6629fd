with

roster_records as (
    select
        roster_record_key,
        district_id,
        roster_platform,
        roster_id,
        first_school_year,
        last_school_year,
        is_deleted,
        max(last_school_year) over (partition by district_id, roster_platform, connection) as newest_school_year
    from {{ ref('int_identity__roster_records') }}
),

roster_files as (
    select
        roster_records.roster_record_key,
        roster_records.district_id,
        roster.employee_id,
        nullif(trim(roster.state_id), '') as state_id,
        {{ normalised_email('roster.email') }} as email,
        roster.school_year as first_school_year,
        roster.school_year as last_school_year,
        roster.school_year = roster_records.newest_school_year as is_held_now
    from {{ ref('stg_files__roster') }} as roster
    inner join roster_records
        on roster_records.roster_platform = 'files'
        and roster_records.roster_id = roster.employee_id
    where not roster.is_deleted
),

student_information_systems as (
    select
        roster_records.roster_record_key,
        staffs.district_id,
        staffs.staff_unique_id,
        {{ person_key_of('staffs.person_id', 'staffs.person_source_system', 'staffs.district_id') }} as person_key,
        staffs.emails,
        roster_records.first_school_year,
        roster_records.last_school_year,
        not roster_records.is_deleted
        and roster_records.last_school_year = roster_records.newest_school_year as is_held_now
    from {{ ref('stg_edfi__staffs') }} as staffs
    inner join roster_records
        on roster_records.roster_platform = 'edfi'
        and roster_records.roster_id = staffs.staff_unique_id
    -- of a person who was deleted the last words count, of others only what still stands
    where staffs.is_deleted = coalesce(roster_records.is_deleted, false)
),

emails_of_student_information_systems as (
    {{ unnest_json_array(
        'student_information_systems', 'emails',
        ['roster_record_key', 'district_id', 'first_school_year', 'last_school_year', 'is_held_now']
    ) }}
),

-- newer student information systems keep addresses and employee numbers beside their staff
staff_directories as (
    select
        roster_records.roster_record_key,
        directories.district_id,
        directories.emails,
        roster_records.first_school_year,
        roster_records.last_school_year,
        not roster_records.is_deleted
        and roster_records.last_school_year = roster_records.newest_school_year as is_held_now
    from {{ ref('stg_edfi__staff_directories') }} as directories
    inner join roster_records
        on roster_records.roster_platform = 'edfi'
        and roster_records.roster_id = directories.staff_unique_id
    where not directories.is_deleted
),

emails_of_staff_directories as (
    {{ unnest_json_array(
        'staff_directories', 'emails',
        ['roster_record_key', 'district_id', 'first_school_year', 'last_school_year', 'is_held_now']
    ) }}
),

employee_numbers as (
    select
        roster_records.roster_record_key,
        codes.district_id,
        nullif(codes.identification_code, '') as employee_id
    from {{ ref('stg_edfi__staff_identification_codes') }} as codes
    inner join roster_records
        on roster_records.roster_platform = 'edfi'
        and roster_records.roster_id = codes.staff_unique_id
    where not codes.is_deleted
),

rostering_services as (
    select
        roster_records.roster_record_key,
        users.district_id,
        users.employee_id,
        users.state_id,
        {{ normalised_email('users.email') }} as email
    from {{ ref('stg_oneroster__users') }} as users
    inner join roster_records
        on roster_records.roster_platform = 'oneroster'
        and roster_records.roster_id = users.user_id_oneroster
    where users.is_deleted = coalesce(roster_records.is_deleted, false)
),

identifiers as (
    {%- for kind, value, relation in [
        ('employee_id', 'employee_id', 'roster_files'),
        ('state_id', 'state_id', 'roster_files'),
        ('email', 'email', 'roster_files'),
        ('state_id', 'staff_unique_id', 'student_information_systems'),
        ('person_key', 'person_key', 'student_information_systems'),
        ('email', normalised_email('item'), 'emails_of_student_information_systems'),
        ('email', normalised_email('item'), 'emails_of_staff_directories'),
    ] %}
    select
        roster_record_key,
        district_id,
        '{{ kind }}' as alias_kind,
        {{ value }} as alias_value,
        first_school_year,
        last_school_year,
        is_held_now
    from {{ relation }}
    union all
    {%- endfor %}
    {%- for kind, relation in [
        ('employee_id', 'rostering_services'),
        ('state_id', 'rostering_services'),
        ('email', 'rostering_services'),
        ('employee_id', 'employee_numbers'),
    ] %}
    select
        roster_record_key,
        district_id,
        '{{ kind }}' as alias_kind,
        {{ kind }} as alias_value,
        cast(null as integer) as first_school_year,
        cast(null as integer) as last_school_year,
        cast(null as boolean) as is_held_now
    from {{ relation }}
    {% if not loop.last -%}
    union all
    {%- endif %}
    {%- endfor %}
)

select
    roster_record_key,
    district_id,
    alias_kind,
    alias_value,
    cast(min(first_school_year) as integer) as first_school_year,
    cast(max(last_school_year) as integer) as last_school_year,
    max(case when is_held_now then 1 else 0 end) = 1 as is_held_now
from identifiers
where alias_value is not null
group by roster_record_key, district_id, alias_kind, alias_value
