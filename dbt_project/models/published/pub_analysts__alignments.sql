with

settings as (
    select
        district_id,
        as_of_date
    from {{ ref('stg_pipeline__settings') }}
)

select
    alignments.alignment_key,
    alignments.item_type,
    items.item_id,
    items.item_title,
    items.listed_under,
    alignments.framework,
    alignments.competency_code,
    competencies.competency_name,
    alignments.status,
    alignments.valid_from_date,
    alignments.valid_to_date,
    alignments.status = 'approved'
    and competencies.competency_key is not null
    and coalesce(alignments.valid_from_date <= settings.as_of_date, true)
    and coalesce(alignments.valid_to_date >= settings.as_of_date, true) as is_in_force,
    alignments.stated_by,
    items.record_count,
    items.staff_count
from {{ ref('int_credentials__alignments_unioned') }} as alignments
inner join settings on alignments.district_id = settings.district_id
inner join {{ ref('dim_crosswalk_items') }} as items
    on alignments.item_type = items.item_type
    and alignments.item_key = items.item_key
left join {{ ref('dim_competencies') }} as competencies
    on alignments.competency_key = competencies.competency_key
