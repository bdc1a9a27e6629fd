with

settings as (
    select district_id
    from {{ ref('stg_pipeline__settings') }}
),

rubric_elements as (
    select
        settings.district_id,
        'rubric_element' as item_type,
        elements.rubric_version || '|' || elements.element_code as item_id,
        {{ surrogate_key(
            ['elements.rubric_version', 'elements.element_code'], district_id='settings.district_id'
        ) }} as item_key,
        elements.element_title as item_title,
        cast(null as {{ dbt.type_string() }}) as description,
        elements.domain_title as listed_under
    from {{ ref('rubric_elements') }} as elements
    cross join settings
),

micro_credentials as (
    select
        district_id,
        'micro_credential' as item_type,
        micro_credential_id as item_id,
        micro_credential_key as item_key,
        micro_credential_name as item_title,
        description,
        stack_name as listed_under
    from {{ ref('int_credentials__micro_credentials_unioned') }}
),

activities as (
    select
        district_id,
        'pd_activity' as item_type,
        activity_id as item_id,
        pd_activity_key as item_key,
        activity_title as item_title,
        cast(null as {{ dbt.type_string() }}) as description,
        provider as listed_under
    from {{ ref('int_pd__activities') }}
),

case_statements as (
    select
        district_id,
        lower(trim(item_id_case)) as case_identifier,
        min(full_statement) as full_statement
    from {{ ref('stg_case__items') }}
    where not is_deleted
    group by district_id, lower(trim(item_id_case))
),

-- an item of a CASE package is a competency of its own framework: the crosswalk maps it to one of another
case_items as (
    select
        competencies.district_id,
        'case_item' as item_type,
        competencies.case_identifier as item_id,
        competencies.competency_key as item_key,
        competencies.competency_name as item_title,
        case_statements.full_statement as description,
        competencies.framework as listed_under
    from {{ ref('int_competencies__competencies_unioned') }} as competencies
    left join case_statements
        on competencies.district_id = case_statements.district_id
        and lower(trim(competencies.case_identifier)) = case_statements.case_identifier
    where competencies.case_identifier is not null
),

{% set columns = [
    'district_id', 'item_type', 'item_id', 'item_key', 'item_title', 'description', 'listed_under',
] | join(', ') -%}
items as (
    select {{ columns }} from rubric_elements
    union all
    select {{ columns }} from micro_credentials
    union all
    select {{ columns }} from activities
    union all
    select {{ columns }} from case_items
)

select
    {{ surrogate_key(['item_type', 'item_key']) }} as crosswalk_item_key,
    {{ columns }}
from items
