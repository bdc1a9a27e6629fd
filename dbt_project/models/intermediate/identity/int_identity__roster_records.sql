with

roster_sources as (
    select
        platform,
        connection,
        min(roster_rank) as roster_rank
    from {{ ref('stg_pipeline__configured_sources') }}
    where roster_rank is not null
    group by platform, connection
),

people_of_roster_files as (
    select
        roster.district_id,
        'files' as roster_platform,
        roster._connection as connection,
        roster_sources.roster_rank,
        roster.employee_id as roster_id,
        roster.first_name,
        roster.last_name,
        roster.school_year
    from {{ ref('stg_files__roster') }} as roster
    inner join roster_sources
        on roster_sources.platform = 'files'
        and roster_sources.connection = roster._connection
    where not roster.is_deleted
),

people_of_student_information_systems as (
    select
        staffs.district_id,
        'edfi' as roster_platform,
        staffs._connection as connection,
        roster_sources.roster_rank,
        staffs.staff_unique_id as roster_id,
        staffs.first_name,
        staffs.last_name,
        cast(null as integer) as school_year
    from {{ ref('stg_edfi__staffs') }} as staffs
    inner join roster_sources
        on roster_sources.platform = 'edfi'
        and roster_sources.connection = staffs._connection
    where not staffs.is_deleted
),

people_of_rostering_services as (
    select
        users.district_id,
        'oneroster' as roster_platform,
        users._connection as connection,
        roster_sources.roster_rank,
        users.user_id_oneroster as roster_id,
        users.first_name,
        users.last_name,
        cast(null as integer) as school_year
    from {{ ref('stg_oneroster__users') }} as users
    inner join roster_sources
        on roster_sources.platform = 'oneroster'
        and roster_sources.connection = users._connection
    where not users.is_deleted
),

people as (
    select district_id, roster_platform, connection, roster_rank, roster_id, first_name, last_name, school_year
    from people_of_roster_files
    union all
    select district_id, roster_platform, connection, roster_rank, roster_id, first_name, last_name, school_year
    from people_of_student_information_systems
    union all
    select district_id, roster_platform, connection, roster_rank, roster_id, first_name, last_name, school_year
    from people_of_rostering_services
),

people_newest_first as (
    select
        district_id,
        roster_platform,
        connection,
        roster_rank,
        roster_id,
        first_name,
        last_name,
        row_number() over (
            partition by district_id, roster_platform, roster_id
            order by roster_rank, school_year desc, connection, last_name, first_name
        ) as recency
    from people
)

select
    {{ surrogate_key(['roster_platform', 'roster_id']) }} as roster_record_key,
    district_id,
    roster_platform,
    connection,
    roster_rank,
    roster_id,
    first_name,
    last_name
from people_newest_first
where recency = 1
