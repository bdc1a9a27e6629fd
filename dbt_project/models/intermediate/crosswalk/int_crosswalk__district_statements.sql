with

items as (
    select
        district_id,
        item_type,
        item_id,
        item_key,
        item_title
    from {{ ref('int_crosswalk__items') }}
),

-- what the district's seeds say; `cited` names the item as the seed does
seed_rows as (
    select
        'rubric_element' as item_type,
        trim(rubric_version) || '|' || trim(element_code) as cited,
        framework,
        trim(competency_code) as competency_code,
        status,
        valid_from as valid_from_date,
        valid_to as valid_to_date
    from {{ ref('rubric_element_competencies') }}
    union all
    select
        'micro_credential' as item_type,
        trim(micro_credential_id) as cited,
        framework,
        trim(competency_code) as competency_code,
        status,
        valid_from as valid_from_date,
        valid_to as valid_to_date
    from {{ ref('micro_credential_competencies') }}
    union all
    select
        'pd_activity' as item_type,
        trim(activity) as cited,
        framework,
        trim(competency_code) as competency_code,
        status,
        valid_from as valid_from_date,
        valid_to as valid_to_date
    from {{ ref('pd_activity_competencies') }}
    union all
    select
        'case_item' as item_type,
        trim(case_identifier) as cited,
        framework,
        trim(competency_code) as competency_code,
        status,
        valid_from as valid_from_date,
        valid_to as valid_to_date
    from {{ ref('case_item_competencies') }}
),

settings as (
    select district_id
    from {{ ref('stg_pipeline__settings') }}
),

citations as (
    select
        settings.district_id,
        seed_rows.item_type,
        seed_rows.cited,
        seed_rows.framework,
        seed_rows.competency_code,
        seed_rows.status,
        seed_rows.valid_from_date,
        seed_rows.valid_to_date,
        'district' as stated_by,
        cast(null as {{ dbt.type_string() }}) as decision_id,
        cast(null as {{ dbt.type_timestamp() }}) as decided_at
    from seed_rows
    cross join settings
    union all
    select
        district_id,
        item_type,
        cited,
        framework,
        competency_code,
        status,
        valid_from_date,
        valid_to_date,
        'decision' as stated_by,
        decision_id,
        decided_at
    from {{ ref('int_crosswalk__decisions') }}
    where unapplied_reason is null
),

-- a title that returns every year is cited once; an id, or the beginning of it, outranks it
citations_of_items as (
    select
        citations.district_id,
        citations.item_type,
        citations.cited,
        citations.framework,
        citations.competency_code,
        citations.status,
        citations.valid_from_date,
        citations.valid_to_date,
        citations.stated_by,
        citations.decision_id,
        citations.decided_at,
        items.item_key,
        {{ crosswalk_citation_rank('citations.item_type', 'citations.cited', 'items.item_id', 'items.item_title') }}
            as citation_rank
    from citations
    inner join items
        on citations.district_id = items.district_id
        and citations.item_type = items.item_type
)

select
    {{ surrogate_key([
        'stated_by', 'item_type', 'item_key', 'cited', 'framework', 'competency_code', "coalesce(decision_id, '')",
    ]) }} as crosswalk_statement_key,
    district_id,
    item_type,
    item_key,
    cited,
    citation_rank,
    framework,
    competency_code,
    status,
    valid_from_date,
    valid_to_date,
    stated_by,
    decision_id,
    decided_at
from citations_of_items
where citation_rank is not null
