with

roster_records as (
    select
        roster_record_key,
        district_id,
        roster_platform,
        roster_id
    from {{ ref('int_identity__roster_records') }}
),

roster_files as (
    select
        roster_records.roster_record_key,
        roster_records.district_id,
        roster.employee_id,
        nullif(trim(roster.state_id), '') as state_id,
        {{ normalised_email('roster.email') }} as email,
        roster.school_year
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
        staffs.emails
    from {{ ref('stg_edfi__staffs') }} as staffs
    inner join roster_records
        on roster_records.roster_platform = 'edfi'
        and roster_records.roster_id = staffs.staff_unique_id
    where not staffs.is_deleted
),

emails_of_student_information_systems as (
    {{ unnest_json_array('student_information_systems', 'emails', ['roster_record_key', 'district_id']) }}
),

-- newer student information systems keep addresses and employee numbers beside their staff
staff_directories as (
    select
        roster_records.roster_record_key,
        directories.district_id,
        directories.emails
    from {{ ref('stg_edfi__staff_directories') }} as directories
    inner join roster_records
        on roster_records.roster_platform = 'edfi'
        and roster_records.roster_id = directories.staff_unique_id
    where not directories.is_deleted
),

emails_of_staff_directories as (
    {{ unnest_json_array('staff_directories', 'emails', ['roster_record_key', 'district_id']) }}
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
    where not users.is_deleted
),

identifiers as (
    select roster_record_key, district_id, 'employee_id' as alias_kind, employee_id as alias_value, school_year
    from roster_files
    union all
    select roster_record_key, district_id, 'state_id', state_id, school_year
    from roster_files
    union all
    select roster_record_key, district_id, 'email', email, school_year
    from roster_files
    union all
    select roster_record_key, district_id, 'employee_id', employee_id, cast(null as integer)
    from rostering_services
    union all
    select roster_record_key, district_id, 'state_id', state_id, cast(null as integer)
    from rostering_services
    union all
    select roster_record_key, district_id, 'email', email, cast(null as integer)
    from rostering_services
    union all
    select roster_record_key, district_id, 'state_id', staff_unique_id, cast(null as integer)
    from student_information_systems
    union all
    select roster_record_key, district_id, 'person_key', person_key, cast(null as integer)
    from student_information_systems
    union all
    select roster_record_key, district_id, 'email', {{ normalised_email('item') }}, cast(null as integer)
    from emails_of_student_information_systems
    union all
    select roster_record_key, district_id, 'email', {{ normalised_email('item') }}, cast(null as integer)
    from emails_of_staff_directories
    union all
    select roster_record_key, district_id, 'employee_id', employee_id, cast(null as integer)
    from employee_numbers
)

select
    roster_record_key,
    district_id,
    alias_kind,
    alias_value,
    cast(min(school_year) as integer) as first_school_year,
    cast(max(school_year) as integer) as last_school_year
from identifiers
where alias_value is not null
group by roster_record_key, district_id, alias_kind, alias_value
