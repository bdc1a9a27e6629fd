with

settings as (
    select
        school_year_start_month,
        school_year_start_day
    from {{ ref('stg_pipeline__settings') }}
),

file_participation as (
    select
        {{ surrogate_key(["'files'", '_connection', 'employee_id', 'activity_id', 'activity_date']) }} as pd_participation_key,
        district_id,
        'files' as source_system,
        _connection as connection,
        'pd_participation' as stream,
        employee_id || '|' || activity_id || '|' || cast(activity_date as {{ dbt.type_string() }}) as source_record_id,
        activity_id,
        activity_title,
        activity_date,
        hours,
        status,
        format,
        provider,
        competency_code,
        {{ person_reference(employee_id='employee_id', email='email', school_year=school_year_of('activity_date')) }}
    from {{ ref('stg_files__pd_participation') }}
    cross join settings
    where not is_deleted
),

events as (
    select
        _connection as connection,
        event_namespace,
        event_title,
        max(total_hours) as total_hours,
        min(offered_by) as offered_by
    from {{ ref('stg_edfi__professional_development_events') }}
    where not is_deleted
    group by _connection, event_namespace, event_title
),

event_attendances as (
    select
        district_id,
        _connection as connection,
        professional_development_event_attendance_id_edfi as source_record_id,
        event_namespace,
        event_title,
        person_id,
        person_source_system,
        {{ person_key_of() }} as person_key,
        attendance_date,
        lower(trim(attendance_category)) as attendance_category,
        lower(trim(attendance_category)) in ({{ sql_list(var('present_attendance_categories')) }}) as is_present,
        lower(trim(attendance_category)) in ({{ sql_list(var('partial_attendance_categories')) }}) as is_partial
    from {{ ref('stg_edfi__professional_development_event_attendances') }}
    where not is_deleted
),

-- the hours are the event's: a person has them once, on the first day of it that they were there
event_attendances_in_order as (
    select
        district_id,
        connection,
        source_record_id,
        event_namespace,
        event_title,
        person_key,
        attendance_date,
        attendance_category,
        is_present,
        is_partial,
        row_number() over (
            partition by connection, event_namespace, event_title, person_id, person_source_system
            order by
                case when is_present then 0 when is_partial then 1 else 2 end,
                attendance_date,
                source_record_id
        ) as presence_order
    from event_attendances
),

event_participation as (
    select
        {{ surrogate_key(["'edfi'", 'attendances.connection', 'attendances.source_record_id'], district_id='attendances.district_id') }} as pd_participation_key,
        attendances.district_id,
        'edfi' as source_system,
        attendances.connection,
        'professional_development_event_attendances' as stream,
        attendances.source_record_id,
        attendances.event_namespace || '|' || attendances.event_title as activity_id,
        attendances.event_title as activity_title,
        attendances.attendance_date as activity_date,
        -- how long somebody stayed who attended in part is not told
        cast(
            case
                when attendances.presence_order > 1 then 0
                when attendances.is_present then events.total_hours
                when not attendances.is_partial then 0
            end
        as double precision) as hours,
        case
            when attendances.is_present or attendances.is_partial then 'attended'
            else attendances.attendance_category
        end as status,
        cast(null as {{ dbt.type_string() }}) as format,
        events.offered_by as provider,
        cast(null as {{ dbt.type_string() }}) as competency_code,
        {{ person_reference(person_key='attendances.person_key') }}
    from event_attendances_in_order as attendances
    left join events
        on attendances.connection = events.connection
        and attendances.event_namespace = events.event_namespace
        and attendances.event_title = events.event_title
),

{% set columns = [
    'pd_participation_key', 'district_id', 'source_system', 'connection', 'stream', 'source_record_id', 'activity_id',
    'activity_title', 'activity_date', 'hours', 'status', 'format', 'provider', 'competency_code',
    'reference_employee_id', 'reference_state_id', 'reference_person_key', 'reference_email', 'reference_email_hash',
    'reference_email_salt', 'reference_school_year', 'reference_key',
] | join(', ') -%}
participation as (
    select {{ columns }} from file_participation
    union all
    select {{ columns }} from event_participation
)

select {{ columns }}
from participation
