with

roster_records as (
    select
        roster_record_key,
        district_id,
        roster_platform,
        roster_rank,
        roster_id
    from {{ ref('int_identity__roster_records') }}
),

identifiers as (
    select
        identifiers.roster_record_key,
        identifiers.district_id,
        identifiers.alias_kind,
        identifiers.alias_value,
        roster_records.roster_rank
    from {{ ref('int_identity__roster_identifiers') }} as identifiers
    inner join roster_records on identifiers.roster_record_key = roster_records.roster_record_key
),

-- an id that both rosters carry decides before an e-mail does
shared_identifiers as (
    select
        later.roster_record_key,
        earlier.roster_record_key as anchor_key,
        case when later.alias_kind = 'email' then 1000 else 0 end + earlier.roster_rank as strength_order
    from identifiers as later
    inner join identifiers as earlier
        on later.district_id = earlier.district_id
        and later.alias_kind = earlier.alias_kind
        and later.alias_value = earlier.alias_value
        and later.roster_rank > earlier.roster_rank
),

strongest_order as (
    select
        roster_record_key,
        min(strength_order) as strength_order
    from shared_identifiers
    group by roster_record_key
),

anchors as (
    select
        shared_identifiers.roster_record_key,
        min(shared_identifiers.anchor_key) as anchor_key,
        count(distinct shared_identifiers.anchor_key) as anchor_count
    from shared_identifiers
    inner join strongest_order
        on shared_identifiers.roster_record_key = strongest_order.roster_record_key
        and shared_identifiers.strength_order = strongest_order.strength_order
    group by shared_identifiers.roster_record_key
),

merged_once as (
    select
        roster_records.roster_record_key,
        roster_records.district_id,
        roster_records.roster_platform,
        roster_records.roster_id,
        case
            when anchors.anchor_count is null then 'own'
            when anchors.anchor_count = 1 then 'merged'
            else 'ambiguous'
        end as outcome,
        case
            when anchors.anchor_count is null then roster_records.roster_record_key
            when anchors.anchor_count = 1 then anchors.anchor_key
        end as staff_key
    from roster_records
    left join anchors on roster_records.roster_record_key = anchors.roster_record_key
)

-- the anchor may itself be merged into a better-ranked roster's record
select
    merged_once.roster_record_key,
    merged_once.district_id,
    merged_once.roster_platform,
    merged_once.roster_id,
    merged_once.outcome,
    case when merged_once.outcome = 'merged' then anchor.staff_key else merged_once.staff_key end as staff_key
from merged_once
left join merged_once as anchor on merged_once.staff_key = anchor.roster_record_key
