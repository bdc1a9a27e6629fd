with

settings as (
    select district_id
    from {{ ref('stg_pipeline__settings') }}
)

select
    {{ surrogate_key(['rubric_elements.rubric_version', 'rubric_elements.element_code'], district_id='settings.district_id') }} as rubric_element_key,
    {{ surrogate_key(['rubric_elements.rubric_version'], district_id='settings.district_id') }} as rubric_version_key,
    settings.district_id,
    rubric_elements.rubric_version,
    rubric_elements.element_code,
    rubric_elements.element_title,
    rubric_elements.domain_title,
    rubric_elements.sort_order
from {{ ref('rubric_elements') }} as rubric_elements
cross join settings
