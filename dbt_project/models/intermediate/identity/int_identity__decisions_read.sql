{%- set text = dbt.type_string() -%}
with

decisions as (
    select
        decision_id,
        district_id,
        subject_source,
        subject_id,
        target_source,
        target_id,
        decision,
        decided_by,
        decided_at
    from {{ ref('int_decisions__decisions_ranked') }}
    where decision_kind = 'identity' and is_newest
),

-- `badgr.email` names an identifier, `files` a roster record
read_decisions as (
    select
        decision_id,
        district_id,
        subject_source,
        subject_id,
        target_source,
        target_id,
        decision,
        decided_by,
        decided_at,
        case
            when subject_source not like '%.%' then null
            when {{ dbt.split_part('subject_source', "'.'", 2) }} = 'staff_unique_id' then 'state_id'
            else {{ dbt.split_part('subject_source', "'.'", 2) }}
        end as alias_kind,
        case
            when subject_source not like '%.%'
                then {{ surrogate_key(['subject_source', 'subject_id']) }}
        end as subject_record_key,
        {{ surrogate_key(['target_source', 'target_id']) }} as target_record_key
    from decisions
),

decisions_of_known_people as (
    select
        decisions.decision_id,
        decisions.district_id,
        decisions.subject_source,
        decisions.subject_id,
        decisions.target_source,
        decisions.target_id,
        decisions.decision,
        decisions.decided_by,
        decisions.decided_at,
        decisions.alias_kind,
        case
            when decisions.alias_kind in ('email', 'email_hash') then {{ normalised_email('decisions.subject_id') }}
            when decisions.alias_kind is not null then trim(decisions.subject_id)
        end as alias_value,
        decisions.subject_record_key,
        decisions.target_record_key,
        targets.roster_record_key is not null
        and (decisions.subject_record_key is null or subjects.roster_record_key is not null) as is_known
    from read_decisions as decisions
    left join {{ ref('int_identity__roster_records') }} as targets
        on decisions.target_record_key = targets.roster_record_key
    left join {{ ref('int_identity__roster_records') }} as subjects
        on decisions.subject_record_key = subjects.roster_record_key
),

-- of one roster record two people can't both be the same; of an identifier that is seen once the rosters are merged
people_named as (
    select
        district_id,
        subject_record_key,
        count(distinct target_record_key) as target_count
    from decisions_of_known_people
    where subject_record_key is not null and decision = 'same' and is_known
    group by district_id, subject_record_key
)

select
    decisions.decision_id,
    decisions.district_id,
    decisions.subject_source,
    decisions.subject_id,
    decisions.target_source,
    decisions.target_id,
    decisions.decision,
    decisions.decided_by,
    decisions.decided_at,
    decisions.alias_kind,
    decisions.alias_value,
    decisions.subject_record_key,
    decisions.target_record_key,
    decisions.is_known,
    decisions.decision = 'same' and coalesce(people_named.target_count, 1) > 1 as is_contradicted
from decisions_of_known_people as decisions
left join people_named
    on decisions.district_id = people_named.district_id
    and decisions.subject_record_key = people_named.subject_record_key
