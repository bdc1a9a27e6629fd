with

settings as (
    select
        school_year_start_month,
        school_year_start_day
    from {{ ref('stg_pipeline__settings') }}
),

participation as (
    select
        participation.pd_participation_key,
        participation.district_id,
        matched.staff_key,
        participation.activity_id,
        participation.activity_title,
        participation.activity_date,
        {{ school_year_of('participation.activity_date') }} as school_year,
        participation.hours,
        participation.status,
        participation.format,
        participation.provider,
        participation.source_system,
        participation.source_record_id,
        -- an export without a status lists attendance
        participation.status is null
        or participation.status in ({{ sql_list(var('attended_statuses')) }}) as is_attended
    from {{ ref('int_pd__participation_referenced') }} as participation
    cross join settings
    left join {{ ref('int_identity__staff_matched') }} as matched
        on participation.reference_key = matched.reference_key
)

select
    pd_participation_key,
    district_id,
    staff_key,
    {{ surrogate_key(['activity_id']) }} as pd_activity_key,
    activity_id,
    activity_title,
    activity_date,
    school_year,
    hours as reported_hours,
    case when is_attended then hours else 0 end as attended_hours,
    status,
    is_attended,
    format,
    provider,
    source_system,
    source_record_id
from participation
