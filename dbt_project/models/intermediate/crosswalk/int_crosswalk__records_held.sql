with

awards as (
    select
        district_id,
        'micro_credential' as item_type,
        micro_credential_key as item_key,
        staff_key,
        count(*) as record_count
    from {{ ref('int_credentials__awards_assessed') }}
    group by district_id, micro_credential_key, staff_key
),

scores as (
    select
        district_id,
        'rubric_element' as item_type,
        rubric_element_key as item_key,
        staff_key,
        count(*) as record_count
    from {{ ref('int_evaluations__scores_interpreted') }}
    where is_usable
    group by district_id, rubric_element_key, staff_key
),

participations as (
    select
        participation.district_id,
        'pd_activity' as item_type,
        {{ surrogate_key(['participation.activity_id'], district_id='participation.district_id') }} as item_key,
        matched.staff_key,
        count(*) as record_count
    from {{ ref('int_pd__participation_referenced') }} as participation
    left join {{ ref('int_identity__staff_matched') }} as matched
        on participation.reference_key = matched.reference_key
    group by participation.district_id, participation.activity_id, matched.staff_key
),

records_of_items as (
    select district_id, item_type, item_key, staff_key, record_count from awards
    union all
    select district_id, item_type, item_key, staff_key, record_count from scores
    union all
    select district_id, item_type, item_key, staff_key, record_count from participations
),

-- an item of a framework holds what names it
records_of_case_items as (
    select
        records.district_id,
        'case_item' as item_type,
        case_items.item_key,
        records.staff_key,
        sum(records.record_count) as record_count
    from {{ ref('int_crosswalk__items') }} as case_items
    inner join {{ ref('int_credentials__alignments_unioned') }} as alignments
        on case_items.district_id = alignments.district_id
        and case_items.item_key = alignments.competency_key
        and alignments.item_type <> 'case_item'
        and alignments.status <> 'rejected'
    inner join records_of_items as records
        on alignments.item_type = records.item_type
        and alignments.item_key = records.item_key
    where case_items.item_type = 'case_item'
    group by records.district_id, case_items.item_key, records.staff_key
),

records as (
    select district_id, item_type, item_key, staff_key, record_count from records_of_items
    union all
    select district_id, item_type, item_key, staff_key, record_count from records_of_case_items
)

select
    {{ surrogate_key(['item_type', 'item_key', "coalesce(staff_key, '')"]) }} as records_held_key,
    district_id,
    item_type,
    item_key,
    staff_key,
    cast(record_count as bigint) as record_count
from records
where item_key is not null
