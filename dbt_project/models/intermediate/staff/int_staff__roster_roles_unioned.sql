with

settings as (
    select
        district_id,
        as_of_date,
        school_year_start_month,
        school_year_start_day
    from {{ ref('stg_pipeline__settings') }}
),

users as (
    select
        district_id,
        _connection as connection,
        user_id_oneroster as roster_user_id,
        is_enabled,
        role,
        roles,
        case when coalesce(roles, '[]') = '[]' then org_ids end as org_ids
    from {{ ref('stg_oneroster__users') }}
    where not is_deleted
),

-- 1.2 by REST: a user holds a list of roles
roles_of_users as (
    {{ unnest_json_array('users', 'roles', ['district_id', 'connection', 'roster_user_id']) }}
),

-- 1.1: a user holds one role, at each of some organisations, and no dates
organisations_of_users as (
    {{ unnest_json_array('users', 'org_ids', ['district_id', 'connection', 'roster_user_id', 'role']) }}
),

roles as (
    select
        district_id,
        connection,
        roster_user_id,
        {{ json_text('item', ['org', 'sourcedId']) }} as org_id,
        {{ json_text('item', ['role']) }} as role,
        lower({{ json_text('item', ['roleType']) }}) as role_type,
        {{ date_from_text(json_text('item', ['beginDate'])) }} as begin_date,
        {{ date_from_text(json_text('item', ['endDate'])) }} as day_after
    from roles_of_users
    union all
    select
        district_id,
        connection,
        roster_user_id,
        item as org_id,
        role,
        cast(null as {{ dbt.type_string() }}) as role_type,
        cast(null as date) as begin_date,
        cast(null as date) as day_after
    from organisations_of_users
    union all
    -- 1.2 by CSV: roles stand in a file of their own
    select
        district_id,
        _connection as connection,
        user_id_oneroster as roster_user_id,
        org_id_oneroster as org_id,
        role,
        role_type,
        begin_date,
        end_date as day_after
    from {{ ref('stg_oneroster__roles') }}
    where not is_deleted
),

current_school_years as (
    select
        sessions._connection as connection,
        max(sessions.start_date) as start_date
    from {{ ref('stg_oneroster__academic_sessions') }} as sessions
    inner join settings
        on sessions.district_id = settings.district_id
        and sessions.start_date <= settings.as_of_date
    where not sessions.is_deleted and sessions.session_type = 'schoolyear'
    group by sessions._connection
),

roles_with_last_day as (
    select
        roles.district_id,
        roles.connection,
        roles.roster_user_id,
        roles.org_id,
        roles.role,
        roles.role_type,
        roles.begin_date,
        cast({{ dbt.dateadd('day', -1, 'roles.day_after') }} as date) as end_date,
        users.is_enabled
    from roles
    inner join users
        on roles.connection = users.connection
        and roles.roster_user_id = users.roster_user_id
    where roles.org_id is not null and roles.role is not null
),

-- a role without its first day is known for the school year it ended in, or for the current one
dated_roles as (
    select
        roles.district_id,
        roles.connection,
        roles.roster_user_id,
        roles.org_id,
        roles.role,
        roles.role_type,
        coalesce(
            roles.begin_date,
            case
                when roles.end_date < settings.as_of_date
                    then {{ school_year_start(school_year_of('roles.end_date')) }}
            end,
            current_school_years.start_date,
            {{ school_year_start(school_year_of('settings.as_of_date')) }}
        ) as begin_date,
        roles.end_date,
        roles.is_enabled
    from roles_with_last_day as roles
    inner join settings on roles.district_id = settings.district_id
    left join current_school_years on roles.connection = current_school_years.connection
),

roles_once as (
    select
        district_id,
        connection,
        roster_user_id,
        org_id,
        role,
        role_type,
        begin_date,
        end_date,
        is_enabled,
        row_number() over (
            partition by connection, roster_user_id, org_id, role, begin_date
            order by case when end_date is null then 0 else 1 end, end_date desc, role_type
        ) as copy_number
    from dated_roles
)

select
    {{ surrogate_key(['connection', 'roster_user_id', 'org_id', 'role', 'begin_date']) }} as roster_role_key,
    district_id,
    connection,
    roster_user_id,
    org_id,
    -- in the words of Ed-Fi's staff classifications; a word of the district's own is kept
    case lower(role)
        when 'teacher' then 'Teacher'
        when 'principal' then 'Principal'
        when 'administrator' then 'School Administrator'
        when 'siteadministrator' then 'School Administrator'
        when 'districtadministrator' then 'LEA Administrator'
        when 'systemadministrator' then 'LEA System Administrator'
        when 'aide' then 'Instructional Aide'
        when 'counselor' then 'Counselor'
        else replace(role, 'ext:', '')
    end as classification,
    begin_date,
    end_date,
    case role_type when 'primary' then 1 when 'secondary' then 2 end as role_order,
    -- whoever is switched off holds none of the roles that have no end
    case when end_date is null and not is_enabled then 'inactive' end as status
from roles_once
where copy_number = 1
