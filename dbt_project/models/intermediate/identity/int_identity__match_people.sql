with

people as (
    select
        roster_record_key,
        staff_key
    from {{ ref('int_identity__roster_records_merged') }}
    where staff_key is not null
),

-- every name that a person ever had in a roster
names as (
    select
        people.staff_key,
        roster.first_name,
        roster.last_name
    from {{ ref('stg_files__roster') }} as roster
    inner join {{ ref('int_identity__roster_records') }} as records
        on records.roster_platform = 'files'
        and records.roster_id = roster.employee_id
    inner join people on records.roster_record_key = people.roster_record_key
    where not roster.is_deleted
    union
    select
        people.staff_key,
        records.first_name,
        records.last_name
    from {{ ref('int_identity__roster_records') }} as records
    inner join people on records.roster_record_key = people.roster_record_key
)

select
    {{ surrogate_key(['names.staff_key', "coalesce(names.first_name, '')", "coalesce(names.last_name, '')"], district_id='records.district_id') }} as match_person_key,
    records.district_id,
    names.staff_key,
    names.first_name,
    names.last_name
from names
inner join {{ ref('int_identity__roster_records') }} as records on names.staff_key = records.roster_record_key
where names.first_name is not null or names.last_name is not null
