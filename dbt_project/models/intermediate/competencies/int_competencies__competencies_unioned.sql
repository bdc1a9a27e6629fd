with

settings as (
    select district_id
    from {{ ref('stg_pipeline__settings') }}
),

documents as (
    select
        district_id,
        _connection as connection,
        document_id_case,
        framework,
        valid_from_date,
        valid_to_date,
        changed_at
    from {{ ref('stg_case__documents') }}
    where not is_deleted and framework is not null
),

items as (
    select
        district_id,
        _connection as connection,
        document_id_case,
        item_id_case,
        item_uri,
        coding_scheme,
        coalesce(
            abbreviated_statement,
            case when length(full_statement) > 120 then substring(full_statement, 1, 119) || '…' else full_statement end
        ) as item_title,
        valid_from_date,
        valid_to_date
    from {{ ref('stg_case__items') }}
    where not is_deleted
),

parents as (
    select
        district_id,
        _connection as connection,
        document_id_case,
        origin_id_case as item_id_case,
        destination_id_case as parent_id_case,
        row_number() over (
            partition by district_id, _connection, document_id_case, origin_id_case
            order by sequence_number, destination_id_case
        ) as parent_order
    from {{ ref('stg_case__associations') }}
    where not is_deleted and association_type = 'isChildOf'
),

items_with_children as (
    select distinct
        district_id,
        connection,
        document_id_case,
        parent_id_case as item_id_case
    from parents
),

-- the parent is another item, or the document itself: then there is no domain
items_in_their_framework as (
    select
        items.district_id,
        items.connection,
        items.document_id_case,
        documents.framework,
        documents.changed_at,
        items.item_id_case,
        items.item_uri,
        items.coding_scheme,
        items.item_title,
        parent_items.item_title as domain,
        coalesce(items.valid_from_date, documents.valid_from_date) as valid_from_date,
        coalesce(items.valid_to_date, documents.valid_to_date) as valid_to_date,
        count(*) over (
            partition by items.district_id, items.connection, items.document_id_case, items.coding_scheme
        ) as coding_scheme_count
    from items
    inner join documents
        on items.district_id = documents.district_id
        and items.connection = documents.connection
        and items.document_id_case = documents.document_id_case
    left join parents
        on items.district_id = parents.district_id
        and items.connection = parents.connection
        and items.document_id_case = parents.document_id_case
        and items.item_id_case = parents.item_id_case
        and parents.parent_order = 1
    left join items as parent_items
        on parents.district_id = parent_items.district_id
        and parents.connection = parent_items.connection
        and parents.document_id_case = parent_items.document_id_case
        and parents.parent_id_case = parent_items.item_id_case
    left join items_with_children
        on items.district_id = items_with_children.district_id
        and items.connection = items_with_children.connection
        and items.document_id_case = items_with_children.document_id_case
        and items.item_id_case = items_with_children.item_id_case
    -- what only groups others is a heading: it has children and no code of its own
    where items.coding_scheme is not null or items_with_children.item_id_case is null
),

-- a code that a framework gives twice names neither
coded_items as (
    select
        district_id,
        connection,
        framework,
        changed_at,
        case
            when coding_scheme is not null and coding_scheme_count = 1 then coding_scheme
            else item_id_case
        end as competency_code,
        item_title,
        domain,
        item_id_case,
        item_uri,
        valid_from_date,
        valid_to_date
    from items_in_their_framework
),

-- the same framework in two versions, or by two connections: the one in force, then the newer one
items_of_frameworks as (
    select
        district_id,
        framework,
        competency_code,
        item_title,
        domain,
        item_id_case,
        item_uri,
        valid_from_date,
        valid_to_date,
        row_number() over (
            partition by district_id, framework, competency_code
            order by
                case when valid_to_date is null then 0 else 1 end,
                valid_to_date desc,
                case when changed_at is null then 1 else 0 end,
                changed_at desc,
                connection,
                item_id_case
        ) as copy_number
    from coded_items
),

district_competencies as (
    select
        settings.district_id,
        seed.framework,
        seed.competency_code,
        seed.competency_name,
        seed.domain
    from {{ ref('competencies') }} as seed
    cross join settings
),

-- the district's own list wins; a package adds its identifiers
competencies as (
    select
        own.district_id,
        own.framework,
        own.competency_code,
        own.competency_name,
        own.domain,
        items_of_frameworks.item_id_case as case_identifier,
        items_of_frameworks.item_uri as case_uri,
        cast(null as date) as valid_from_date,
        cast(null as date) as valid_to_date,
        'district' as stated_by
    from district_competencies as own
    left join items_of_frameworks
        on own.district_id = items_of_frameworks.district_id
        and own.framework = items_of_frameworks.framework
        and own.competency_code = items_of_frameworks.competency_code
        and items_of_frameworks.copy_number = 1
    union all
    select
        items_of_frameworks.district_id,
        items_of_frameworks.framework,
        items_of_frameworks.competency_code,
        items_of_frameworks.item_title as competency_name,
        items_of_frameworks.domain,
        items_of_frameworks.item_id_case as case_identifier,
        items_of_frameworks.item_uri as case_uri,
        items_of_frameworks.valid_from_date,
        items_of_frameworks.valid_to_date,
        'case' as stated_by
    from items_of_frameworks
    left join district_competencies as own
        on items_of_frameworks.district_id = own.district_id
        and items_of_frameworks.framework = own.framework
        and items_of_frameworks.competency_code = own.competency_code
    where items_of_frameworks.copy_number = 1 and own.competency_code is null
)

select
    {{ surrogate_key(['framework', 'competency_code']) }} as competency_key,
    district_id,
    framework,
    competency_code,
    competency_name,
    domain,
    case_identifier,
    case_uri,
    valid_from_date,
    valid_to_date,
    stated_by
from competencies
