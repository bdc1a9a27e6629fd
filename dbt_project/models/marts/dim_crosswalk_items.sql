with

adopted_frameworks as (
    select framework
    from {{ ref('competencies') }}
    union
    select framework
    from {{ ref('trusted_frameworks') }}
),

approved_alignments as (
    select
        item_type,
        item_key
    from {{ ref('bridge_alignments') }}
    where status = 'approved'
    group by item_type, item_key
),

-- an item of a framework that something is approved for by itself is in use as the competency that it is
competencies_in_use as (
    select competency_key
    from {{ ref('bridge_alignments') }}
    where status = 'approved' and item_type <> 'case_item'
    group by competency_key
),

records as (
    select
        item_type,
        item_key,
        sum(record_count) as record_count,
        count(staff_key) as staff_count
    from {{ ref('int_crosswalk__records_held') }}
    group by item_type, item_key
)

select
    items.crosswalk_item_key,
    items.district_id,
    items.item_type,
    items.item_id,
    items.item_key,
    items.item_title,
    items.description,
    items.listed_under,
    cast(coalesce(records.record_count, 0) as bigint) as record_count,
    cast(coalesce(records.staff_count, 0) as bigint) as staff_count,
    approved_alignments.item_key is not null as is_mapped,
    items.item_type <> 'case_item'
    or (adopted_frameworks.framework is null and competencies_in_use.competency_key is null) as needs_mapping
from {{ ref('int_crosswalk__items') }} as items
left join approved_alignments
    on items.item_type = approved_alignments.item_type
    and items.item_key = approved_alignments.item_key
left join adopted_frameworks
    on items.item_type = 'case_item'
    and items.listed_under = adopted_frameworks.framework
left join competencies_in_use
    on items.item_type = 'case_item'
    and items.item_key = competencies_in_use.competency_key
left join records
    on items.item_type = records.item_type
    and items.item_key = records.item_key
