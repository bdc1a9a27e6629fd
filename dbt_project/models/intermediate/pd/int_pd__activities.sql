with

participation_newest_first as (
    select
        district_id,
        activity_id,
        source_system,
        activity_title,
        format,
        provider,
        row_number() over (
            partition by district_id, activity_id
            order by
                case when activity_title is null then 1 else 0 end,
                activity_date desc,
                pd_participation_key
        ) as participation_order
    from {{ ref('int_pd__participation_referenced') }}
    where activity_id is not null
),

dates_of_activities as (
    select
        district_id,
        activity_id,
        min(activity_date) as first_activity_date,
        max(activity_date) as latest_activity_date
    from {{ ref('int_pd__participation_referenced') }}
    group by district_id, activity_id
)

select
    {{ surrogate_key(['newest.activity_id'], district_id='newest.district_id') }} as pd_activity_key,
    newest.district_id,
    newest.activity_id,
    coalesce(nullif(trim(newest.activity_title), ''), newest.activity_id) as activity_title,
    newest.format,
    newest.provider,
    dates.first_activity_date,
    dates.latest_activity_date,
    newest.source_system
from participation_newest_first as newest
inner join dates_of_activities as dates
    on newest.district_id = dates.district_id
    and newest.activity_id = dates.activity_id
where newest.participation_order = 1
