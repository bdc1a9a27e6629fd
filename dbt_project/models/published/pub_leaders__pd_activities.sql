with

settings as (
    select
        district_id,
        as_of_date
    from {{ ref('stg_pipeline__settings') }}
),

alignments_in_force as (
    select
        alignments.item_key as pd_activity_key,
        alignments.competency_key
    from {{ ref('bridge_alignments') }} as alignments
    inner join settings
        on alignments.district_id = settings.district_id
        and coalesce(alignments.valid_from_date <= settings.as_of_date, true)
        and coalesce(alignments.valid_to_date >= settings.as_of_date, true)
    where alignments.item_type = 'pd_activity' and alignments.status = 'approved'
),

hours_of_activities as (
    select
        pd_activity_key,
        max(reported_hours) as longest_hours
    from {{ ref('fct_pd_participation') }}
    group by pd_activity_key
)

select
    {{ surrogate_key(
        ['activities.pd_activity_key', 'alignments_in_force.competency_key'], district_id='activities.district_id'
    ) }} as offer_key,
    activities.pd_activity_key,
    activities.district_id,
    activities.activity_id,
    activities.activity_title,
    activities.format,
    activities.provider,
    activities.first_activity_date,
    activities.latest_activity_date,
    hours_of_activities.longest_hours,
    alignments_in_force.competency_key
from {{ ref('dim_pd_activities') }} as activities
inner join alignments_in_force on activities.pd_activity_key = alignments_in_force.pd_activity_key
left join hours_of_activities on activities.pd_activity_key = hours_of_activities.pd_activity_key
