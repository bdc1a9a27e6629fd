with

roster_records as (
    select
        roster_record_key,
        district_id,
        roster_platform,
        roster_rank,
        lower(first_name) as first_name,
        lower(last_name) as last_name,
        first_school_year,
        last_school_year
    from {{ ref('int_identity__roster_records') }}
),

decisions as (
    select
        subject_record_key,
        target_record_key,
        decision
    from {{ ref('int_identity__decisions_read') }}
    where subject_record_key is not null and is_known and not is_contradicted
),

ids as (
    select
        identifiers.roster_record_key,
        identifiers.district_id,
        roster_records.roster_platform,
        identifiers.alias_kind,
        identifiers.alias_value
    from {{ ref('int_identity__roster_identifiers') }} as identifiers
    inner join roster_records on identifiers.roster_record_key = roster_records.roster_record_key
    where identifiers.alias_kind <> 'email'
),

-- an id that many people of one roster carry is a stand-in, such as 999999
ids_of_few as (
    select
        district_id,
        roster_platform,
        alias_kind,
        alias_value
    from ids
    group by district_id, roster_platform, alias_kind, alias_value
    having count(*) between 2 and 3
),

holders as (
    select
        ids.roster_record_key,
        ids.district_id,
        ids.roster_platform,
        ids.alias_kind,
        ids.alias_value
    from ids
    inner join ids_of_few
        on ids.district_id = ids_of_few.district_id
        and ids.roster_platform = ids_of_few.roster_platform
        and ids.alias_kind = ids_of_few.alias_kind
        and ids.alias_value = ids_of_few.alias_value
),

-- an id mistyped into a stranger's record must not make one of two people: the names have to agree, or one of the
-- two where no school year lists both
links_by_shared_id as (
    select
        one.roster_record_key,
        other.roster_record_key as other_record_key
    from holders as one
    inner join holders as other
        on one.district_id = other.district_id
        and one.roster_platform = other.roster_platform
        and one.alias_kind = other.alias_kind
        and one.alias_value = other.alias_value
        and one.roster_record_key <> other.roster_record_key
    inner join roster_records as one_person on one.roster_record_key = one_person.roster_record_key
    inner join roster_records as other_person on other.roster_record_key = other_person.roster_record_key
    where (one_person.first_name = other_person.first_name and one_person.last_name = other_person.last_name)
        or (
            (one_person.first_name = other_person.first_name or one_person.last_name = other_person.last_name)
            and (
                one_person.last_school_year < other_person.first_school_year
                or other_person.last_school_year < one_person.first_school_year
            )
        )
),

decided_pairs as (
    select subject_record_key as roster_record_key, target_record_key as other_record_key, decision
    from decisions
    union
    select target_record_key, subject_record_key, decision
    from decisions
),

links as (
    select roster_record_key, other_record_key, 'shared id in one roster' as link_rule, 2 as rule_order
    from links_by_shared_id
    union
    select roster_record_key, other_record_key, 'decision', 1
    from decided_pairs
    where decision = 'same'
)

select
    links.roster_record_key,
    links.other_record_key,
    case when min(links.rule_order) = 1 then 'decision' else min(links.link_rule) end as link_rule
from links
left join decided_pairs as refused
    on links.roster_record_key = refused.roster_record_key
    and links.other_record_key = refused.other_record_key
    and refused.decision = 'different'
where links.rule_order = 1 or refused.roster_record_key is null
group by links.roster_record_key, links.other_record_key
