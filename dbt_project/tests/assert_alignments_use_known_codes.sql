/*
    What: every competency code in the district's own crosswalks exists in the seed competencies or in a CASE
        framework, by its code, identifier or URI, every element code in rubric_elements, every rubric version in
        rubric_versions. A CASE identifier is not looked for while no CASE item is loaded.
    When it matters: a mistyped code quietly takes a competency's evidence away.
    How to resolve: correct the code in the seed named below.
*/
with

coded_rows as (
    select 'rubric_element_competencies' as seed, framework, trim(competency_code) as code
    from {{ ref('rubric_element_competencies') }}
    union
    select 'micro_credential_competencies' as seed, framework, trim(competency_code) as code
    from {{ ref('micro_credential_competencies') }}
    union
    select 'pd_activity_competencies' as seed, framework, trim(competency_code) as code
    from {{ ref('pd_activity_competencies') }}
    union
    select 'case_item_competencies' as seed, framework, trim(competency_code) as code
    from {{ ref('case_item_competencies') }}
),

case_items as (
    select count(*) as item_count
    from {{ ref('stg_case__items') }}
    where not is_deleted
)

select
    coded_rows.seed,
    coded_rows.code
from coded_rows
cross join case_items
left join {{ ref('int_competencies__competencies_unioned') }} as competencies
    on coded_rows.framework = competencies.framework
    and coded_rows.code = competencies.competency_code
left join {{ ref('int_competencies__references') }} as identifiers on lower(coded_rows.code) = identifiers.reference
where
    competencies.competency_key is null
    and identifiers.competency_key is null
    and not (
        case_items.item_count = 0
        and (coded_rows.code like '%://%' or coded_rows.code like '________-____-____-____-____________')
    )
union all
select
    'rubric_element_competencies' as seed,
    crosswalk.element_code as code
from {{ ref('rubric_element_competencies') }} as crosswalk
left join {{ ref('rubric_elements') }} as elements
    on crosswalk.rubric_version = elements.rubric_version
    and crosswalk.element_code = elements.element_code
where elements.element_code is null
union all
select
    'rubric_elements' as seed,
    elements.rubric_version as code
from {{ ref('rubric_elements') }} as elements
left join {{ ref('rubric_versions') }} as versions on elements.rubric_version = versions.rubric_version
where versions.rubric_version is null
