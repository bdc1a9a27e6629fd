with

settings as (
    select
        district_id,
        as_of_date
    from {{ ref('stg_pipeline__settings') }}
)

select
    alignments.alignment_key,
    elements.rubric_element_key,
    elements.district_id,
    elements.rubric_version,
    elements.element_code,
    elements.element_title,
    elements.domain_title,
    elements.sort_order,
    alignments.competency_key
from {{ ref('dim_rubric_elements') }} as elements
inner join settings on elements.district_id = settings.district_id
inner join {{ ref('bridge_alignments') }} as alignments
    on elements.rubric_element_key = alignments.item_key
    and alignments.item_type = 'rubric_element'
    and alignments.status = 'approved'
    and coalesce(alignments.valid_from_date <= settings.as_of_date, true)
    and coalesce(alignments.valid_to_date >= settings.as_of_date, true)
