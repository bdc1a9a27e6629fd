with

subjects as (
    select match_subject_key, district_id, alias_kind, alias_value, roster_record_key
    from {{ ref('int_identity__match_subjects') }}
),

decisions as (
    select district_id, alias_kind, alias_value, subject_record_key, target_record_key
    from {{ ref('int_identity__decisions_read') }}
    where decision = 'different' and is_known
),

people as (
    select roster_record_key, staff_key
    from {{ ref('int_identity__roster_records_merged') }}
    where staff_key is not null
)

select
    subjects.match_subject_key,
    people.staff_key
from decisions
inner join people on decisions.target_record_key = people.roster_record_key
inner join subjects
    on decisions.district_id = subjects.district_id
    and decisions.alias_kind = subjects.alias_kind
    and decisions.alias_value = subjects.alias_value
union
select
    subjects.match_subject_key,
    people.staff_key
from decisions
inner join people on decisions.target_record_key = people.roster_record_key
inner join subjects on decisions.subject_record_key = subjects.roster_record_key
union
-- of two records either may be the one in the queue
select
    subjects.match_subject_key,
    people.staff_key
from decisions
inner join people on decisions.subject_record_key = people.roster_record_key
inner join subjects on decisions.target_record_key = subjects.roster_record_key
