with

-- an activity returns every year under a new id: it is mapped by its title
unmapped_items as (
    select
        district_id,
        item_type,
        item_key,
        case when item_type = 'pd_activity' then lower(item_title) else item_key end as group_key,
        case when item_type = 'pd_activity' then item_title else item_id end as item_id,
        item_title,
        description,
        listed_under
    from {{ ref('dim_crosswalk_items') }}
    where needs_mapping and not is_mapped
),

groups as (
    select
        district_id,
        item_type,
        group_key,
        min(item_id) as item_id,
        min(item_title) as item_title,
        min(description) as description,
        min(listed_under) as listed_under,
        count(*) as item_count
    from unmapped_items
    group by district_id, item_type, group_key
),

records as (
    select
        unmapped_items.item_type,
        unmapped_items.group_key,
        sum(held.record_count) as record_count,
        count(distinct held.staff_key) as staff_count
    from unmapped_items
    inner join {{ ref('int_crosswalk__records_held') }} as held
        on unmapped_items.item_type = held.item_type
        and unmapped_items.item_key = held.item_key
    group by unmapped_items.item_type, unmapped_items.group_key
),

proposals as (
    select distinct
        unmapped_items.item_type,
        unmapped_items.group_key,
        competencies.competency_code || ' ' || competencies.competency_name
        || ' (' || alignments.stated_by || ')' as proposal
    from unmapped_items
    inner join {{ ref('bridge_alignments') }} as alignments
        on unmapped_items.item_type = alignments.item_type
        and unmapped_items.item_key = alignments.item_key
        and alignments.status = 'proposed'
    inner join {{ ref('dim_competencies') }} as competencies
        on alignments.competency_key = competencies.competency_key
),

proposals_listed as (
    select
        item_type,
        group_key,
        count(*) as proposal_count,
        {{ dbt.listagg('proposal', "'; '", 'order by proposal') }} as proposals
    from proposals
    group by item_type, group_key
)

select
    {{ surrogate_key(['groups.item_type', 'groups.group_key'], district_id='groups.district_id') }}
        as unmapped_item_key,
    groups.item_type,
    groups.item_id,
    groups.item_title,
    groups.description,
    groups.listed_under,
    cast(groups.item_count as integer) as item_count,
    case groups.item_type
        when 'micro_credential' then 'awards'
        when 'rubric_element' then 'scores'
        when 'pd_activity' then 'participations'
        else 'records'
    end as record_kind,
    cast(coalesce(records.record_count, 0) as bigint) as record_count,
    cast(coalesce(records.staff_count, 0) as bigint) as staff_count,
    cast(coalesce(proposals_listed.proposal_count, 0) as integer) as proposal_count,
    proposals_listed.proposals
from groups
left join records
    on groups.item_type = records.item_type
    and groups.group_key = records.group_key
left join proposals_listed
    on groups.item_type = proposals_listed.item_type
    and groups.group_key = proposals_listed.group_key
