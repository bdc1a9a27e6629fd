with

subjects as (
    select match_subject_key, district_id, alias_kind, alias_value, reason, roster_record_key
    from {{ ref('int_identity__match_subjects') }}
),

aliases as (
    select district_id, staff_key, alias_kind, alias_value
    from {{ ref('int_identity__staff_aliases') }}
)

select
    subjects.match_subject_key,
    aliases.staff_key
from subjects
inner join aliases
    on subjects.district_id = aliases.district_id
    and subjects.alias_kind = aliases.alias_kind
    and subjects.alias_value = aliases.alias_value
union
-- whose ids and addresses a record of several candidates shares; an id that two share who stand alone is told once
select
    subjects.match_subject_key,
    aliases.staff_key
from subjects
inner join {{ ref('int_identity__roster_identifiers') }} as identifiers
    on subjects.roster_record_key = identifiers.roster_record_key
inner join aliases
    on identifiers.district_id = aliases.district_id
    and identifiers.alias_kind = aliases.alias_kind
    and identifiers.alias_value = aliases.alias_value
where subjects.reason = 'ambiguous'
    or (aliases.alias_kind <> 'email' and subjects.roster_record_key > aliases.staff_key)
