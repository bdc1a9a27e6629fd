{%- set rounds = 3 -%}
with

-- the better roster before the worse, the longer known before the newer: whose key a merge keeps
roster_records as (
    select
        roster_record_key,
        district_id,
        roster_platform,
        roster_rank,
        roster_id,
        row_number() over (
            order by
                roster_rank,
                case when first_school_year is null then 1 else 0 end,
                first_school_year,
                roster_platform,
                roster_id,
                district_id
        ) as record_order
    from {{ ref('int_identity__roster_records') }}
),

links as (
    select
        roster_record_key,
        other_record_key
    from {{ ref('int_identity__roster_records_linked') }}
),

-- everybody takes the best order among those they are linked with; a chain of {{ rounds + 1 }} records is followed to its end
reached_0 as (
    select roster_record_key, record_order as best_order
    from roster_records
),
{% for round in range(1, rounds + 1) %}
reached_{{ round }} as (
    select
        own.roster_record_key,
        case
            when min(others.best_order) < min(own.best_order) then min(others.best_order)
            else min(own.best_order)
        end as best_order
    from reached_{{ round - 1 }} as own
    left join links on own.roster_record_key = links.roster_record_key
    left join reached_{{ round - 1 }} as others on links.other_record_key = others.roster_record_key
    group by own.roster_record_key
),
{% endfor %}
-- one person: the records that one roster, or a decision, says are the same
people as (
    select
        roster_records.roster_record_key,
        best.roster_rank as person_rank,
        best.roster_record_key as person_record_key
    from roster_records
    inner join reached_{{ rounds }} as reached on roster_records.roster_record_key = reached.roster_record_key
    inner join roster_records as best on reached.best_order = best.record_order
),

refused_pairs as (
    select
        subjects.person_record_key,
        targets.person_record_key as other_person_key
    from {{ ref('int_identity__decisions_read') }} as decisions
    inner join people as subjects on decisions.subject_record_key = subjects.roster_record_key
    inner join people as targets on decisions.target_record_key = targets.roster_record_key
    where decisions.decision = 'different'
    union
    select
        targets.person_record_key,
        subjects.person_record_key
    from {{ ref('int_identity__decisions_read') }} as decisions
    inner join people as subjects on decisions.subject_record_key = subjects.roster_record_key
    inner join people as targets on decisions.target_record_key = targets.roster_record_key
    where decisions.decision = 'different'
),

identifiers as (
    select
        people.person_record_key,
        people.person_rank,
        identifiers.district_id,
        identifiers.alias_kind,
        identifiers.alias_value,
        identifiers.first_school_year,
        case when coalesce(identifiers.is_held_now, false) then 9999 else identifiers.last_school_year end as last_school_year
    from {{ ref('int_identity__roster_identifiers') }} as identifiers
    inner join people on identifiers.roster_record_key = people.roster_record_key
),

-- an id that both rosters carry decides before an e-mail does; an address of other years is another's
shared_identifiers as (
    select
        later.person_record_key,
        earlier.person_record_key as anchor_key,
        case when later.alias_kind = 'email' then 1000 else 0 end + earlier.person_rank as strength_order
    from identifiers as later
    inner join identifiers as earlier
        on later.district_id = earlier.district_id
        and later.alias_kind = earlier.alias_kind
        and later.alias_value = earlier.alias_value
        and later.person_rank > earlier.person_rank
    where later.alias_kind <> 'email'
        or later.first_school_year is null
        or earlier.first_school_year is null
        or (
            later.first_school_year <= earlier.last_school_year
            and earlier.first_school_year <= later.last_school_year
        )
),

allowed_identifiers as (
    select
        shared.person_record_key,
        shared.anchor_key,
        shared.strength_order
    from shared_identifiers as shared
    left join refused_pairs as refused
        on shared.person_record_key = refused.person_record_key
        and shared.anchor_key = refused.other_person_key
    where refused.person_record_key is null
),

strongest_order as (
    select
        person_record_key,
        min(strength_order) as strength_order
    from allowed_identifiers
    group by person_record_key
),

anchors as (
    select
        allowed_identifiers.person_record_key,
        min(allowed_identifiers.anchor_key) as anchor_key,
        count(distinct allowed_identifiers.anchor_key) as anchor_count
    from allowed_identifiers
    inner join strongest_order
        on allowed_identifiers.person_record_key = strongest_order.person_record_key
        and allowed_identifiers.strength_order = strongest_order.strength_order
    group by allowed_identifiers.person_record_key
),

merged_once as (
    select
        roster_records.roster_record_key,
        roster_records.district_id,
        roster_records.roster_platform,
        roster_records.roster_id,
        case
            when anchors.anchor_count > 1 then 'ambiguous'
            when anchors.anchor_count = 1 or people.person_record_key <> roster_records.roster_record_key then 'merged'
            else 'own'
        end as outcome,
        case
            when anchors.anchor_count is null then people.person_record_key
            when anchors.anchor_count = 1 then anchors.anchor_key
        end as staff_key
    from roster_records
    inner join people on roster_records.roster_record_key = people.roster_record_key
    left join anchors on people.person_record_key = anchors.person_record_key
)

-- the anchor may itself be merged into a better-ranked roster's record
select
    merged_once.roster_record_key,
    merged_once.district_id,
    merged_once.roster_platform,
    merged_once.roster_id,
    case when merged_once.outcome = 'merged' and anchor.staff_key is null then 'ambiguous' else merged_once.outcome end as outcome,
    case when merged_once.outcome = 'merged' then anchor.staff_key else merged_once.staff_key end as staff_key
from merged_once
left join merged_once as anchor on merged_once.staff_key = anchor.roster_record_key
