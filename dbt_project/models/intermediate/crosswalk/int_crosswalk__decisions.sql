with

decisions as (
    select
        district_id,
        decision_id,
        subject_source as item_type,
        trim(subject_id) as cited,
        trim(target_source) as framework,
        trim(target_id) as competency_code,
        decision as status,
        {{ date_from_text(json_text('detail', ['valid_from'])) }} as valid_from_date,
        {{ date_from_text(json_text('detail', ['valid_to'])) }} as valid_to_date,
        decided_at
    from {{ ref('int_decisions__decisions_ranked') }}
    where decision_kind = 'crosswalk' and is_newest
),

items_cited as (
    select
        decisions.district_id,
        decisions.decision_id,
        count(*) as item_count,
        min(items.item_key) as item_key
    from decisions
    inner join {{ ref('int_crosswalk__items') }} as items
        on decisions.district_id = items.district_id
        and decisions.item_type = items.item_type
    where
        {{ crosswalk_citation_rank('decisions.item_type', 'decisions.cited', 'items.item_id', 'items.item_title') }}
        is not null
    group by decisions.district_id, decisions.decision_id
),

competencies as (
    select
        district_id,
        framework,
        competency_code,
        competency_key
    from {{ ref('int_competencies__competencies_unioned') }}
),

decisions_resolved as (
    select
        decisions.district_id,
        decisions.decision_id,
        decisions.item_type,
        decisions.cited,
        decisions.framework,
        decisions.competency_code,
        decisions.status,
        decisions.valid_from_date,
        decisions.valid_to_date,
        decisions.decided_at,
        coalesce(items_cited.item_count, 0) as item_count,
        items_cited.item_key,
        coalesce(competencies.competency_key, identifiers.competency_key) as competency_key
    from decisions
    left join items_cited
        on decisions.district_id = items_cited.district_id
        and decisions.decision_id = items_cited.decision_id
    left join competencies
        on decisions.district_id = competencies.district_id
        and decisions.framework = competencies.framework
        and decisions.competency_code = competencies.competency_code
    left join {{ ref('int_competencies__references') }} as identifiers
        on decisions.district_id = identifiers.district_id
        and lower(decisions.competency_code) = identifiers.reference
)

select
    decision_id,
    district_id,
    item_type,
    cited,
    framework,
    competency_code,
    competency_key,
    status,
    valid_from_date,
    valid_to_date,
    decided_at,
    cast(item_count as integer) as item_count,
    case
        when item_count = 0 then 'no source that is loaded has this item'
        when competency_key is null then 'no framework that is loaded has this competency'
        when item_type = 'case_item' and item_key = competency_key then 'the item is this competency itself'
        when valid_to_date < valid_from_date then 'its last day lies before its first'
    end as unapplied_reason
from decisions_resolved
