with

merged_records as (
    select
        roster_record_key,
        district_id,
        roster_platform,
        outcome,
        staff_key
    from {{ ref('int_identity__roster_records_merged') }}
    where staff_key is not null
),

decisions as (
    select
        decisions.district_id,
        people.staff_key,
        decisions.alias_kind,
        decisions.alias_value,
        decisions.decision
    from {{ ref('int_identity__decisions_read') }} as decisions
    inner join merged_records as people on decisions.target_record_key = people.roster_record_key
    where decisions.alias_kind is not null and decisions.is_known
),

-- an identifier decided to be two people's is decided for nobody
decided_identifiers as (
    select
        district_id,
        alias_kind,
        alias_value,
        min(staff_key) as staff_key
    from decisions
    where decision = 'same'
    group by district_id, alias_kind, alias_value
    having count(distinct staff_key) = 1
),

known_identifiers as (
    select
        merged_records.district_id,
        merged_records.staff_key,
        identifiers.alias_kind,
        identifiers.alias_value,
        identifiers.first_school_year,
        identifiers.last_school_year,
        identifiers.is_held_now,
        merged_records.roster_platform as alias_source,
        false as is_decided
    from {{ ref('int_identity__roster_identifiers') }} as identifiers
    inner join merged_records on identifiers.roster_record_key = merged_records.roster_record_key
),

-- what a person decided stands before what the rosters say
roster_aliases as (
    select
        known.district_id,
        known.staff_key,
        known.alias_kind,
        known.alias_value,
        known.first_school_year,
        known.last_school_year,
        known.is_held_now,
        known.alias_source,
        known.is_decided
    from known_identifiers as known
    left join decided_identifiers as decided
        on known.district_id = decided.district_id
        and known.alias_kind = decided.alias_kind
        and known.alias_value = decided.alias_value
    left join decisions as refused
        on known.district_id = refused.district_id
        and known.staff_key = refused.staff_key
        and known.alias_kind = refused.alias_kind
        and known.alias_value = refused.alias_value
        and refused.decision = 'different'
    where decided.staff_key is null and refused.staff_key is null
    union all
    select
        district_id,
        staff_key,
        alias_kind,
        alias_value,
        cast(null as integer),
        cast(null as integer),
        cast(null as boolean),
        'decision',
        true
    from decided_identifiers
),

-- the key that a merged record would have alone: pairs and decisions made before the merge keep their person
former_staff_keys as (
    select
        district_id,
        staff_key,
        'staff_key' as alias_kind,
        roster_record_key as alias_value,
        cast(null as integer) as first_school_year,
        cast(null as integer) as last_school_year,
        cast(null as boolean) as is_held_now,
        roster_platform as alias_source,
        false as is_decided
    from merged_records
    where outcome = 'merged'
),

state_ids_of_one_person as (
    select
        district_id,
        alias_value as state_id,
        min(staff_key) as staff_key
    from roster_aliases
    where alias_kind = 'state_id'
    group by district_id, alias_value
    having count(distinct staff_key) = 1
),

-- a student information system that is not a roster still links state ids to persons
person_keys_by_state_id as (
    select
        staffs.district_id,
        state_ids_of_one_person.staff_key,
        'person_key' as alias_kind,
        {{ person_key_of('staffs.person_id', 'staffs.person_source_system', 'staffs.district_id') }} as alias_value,
        cast(null as integer) as first_school_year,
        cast(null as integer) as last_school_year,
        cast(null as boolean) as is_held_now,
        'edfi' as alias_source,
        false as is_decided
    from {{ ref('stg_edfi__staffs') }} as staffs
    inner join state_ids_of_one_person
        on staffs.district_id = state_ids_of_one_person.district_id
        and staffs.staff_unique_id = state_ids_of_one_person.state_id
    where not staffs.is_deleted
),

employee_ids_of_one_person as (
    select
        district_id,
        alias_value as employee_id,
        min(staff_key) as staff_key
    from roster_aliases
    where alias_kind = 'employee_id'
    group by district_id, alias_value
    having count(distinct staff_key) = 1
),

-- and so do the employee numbers that newer ones keep beside their staff
person_keys_by_employee_id as (
    select
        staffs.district_id,
        employee_ids_of_one_person.staff_key,
        'person_key' as alias_kind,
        {{ person_key_of('staffs.person_id', 'staffs.person_source_system', 'staffs.district_id') }} as alias_value,
        cast(null as integer) as first_school_year,
        cast(null as integer) as last_school_year,
        cast(null as boolean) as is_held_now,
        'edfi' as alias_source,
        false as is_decided
    from {{ ref('stg_edfi__staff_identification_codes') }} as codes
    inner join {{ ref('stg_edfi__staffs') }} as staffs
        on codes._connection = staffs._connection
        and codes.staff_unique_id = staffs.staff_unique_id
    inner join employee_ids_of_one_person
        on codes.district_id = employee_ids_of_one_person.district_id
        and codes.identification_code = employee_ids_of_one_person.employee_id
    where not codes.is_deleted and not staffs.is_deleted
),

all_aliases as (
    select district_id, staff_key, alias_kind, alias_value, first_school_year, last_school_year, is_held_now, alias_source, is_decided
    from roster_aliases
    union all
    select district_id, staff_key, alias_kind, alias_value, first_school_year, last_school_year, is_held_now, alias_source, is_decided
    from former_staff_keys
    union all
    select district_id, staff_key, alias_kind, alias_value, first_school_year, last_school_year, is_held_now, alias_source, is_decided
    from person_keys_by_state_id
    union all
    select district_id, staff_key, alias_kind, alias_value, first_school_year, last_school_year, is_held_now, alias_source, is_decided
    from person_keys_by_employee_id
),

aliases as (
    select
        district_id,
        staff_key,
        alias_kind,
        alias_value,
        min(first_school_year) as first_school_year,
        max(last_school_year) as last_school_year,
        max(case when is_held_now then 1 else 0 end) = 1 as is_held_now,
        case
            when min(alias_source) = max(alias_source) then min(alias_source)
            else min(alias_source) || ' and ' || max(alias_source)
        end as alias_source,
        max(case when is_decided then 1 else 0 end) = 1 as is_decided
    from all_aliases
    where alias_value is not null
    group by district_id, staff_key, alias_kind, alias_value
),

holders as (
    select
        district_id,
        alias_kind,
        alias_value,
        count(*) as holder_count
    from aliases
    group by district_id, alias_kind, alias_value
)

select
    {{ surrogate_key(['aliases.staff_key', 'aliases.alias_kind', 'aliases.alias_value'], district_id='aliases.district_id') }} as staff_alias_key,
    aliases.district_id,
    aliases.staff_key,
    aliases.alias_kind,
    aliases.alias_value,
    aliases.first_school_year,
    aliases.last_school_year,
    aliases.is_held_now,
    aliases.alias_source,
    aliases.is_decided,
    holders.holder_count > 1 as is_ambiguous
from aliases
inner join holders
    on aliases.district_id = holders.district_id
    and aliases.alias_kind = holders.alias_kind
    and aliases.alias_value = holders.alias_value
