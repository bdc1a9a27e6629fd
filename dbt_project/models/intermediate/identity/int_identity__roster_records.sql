with

settings as (
    select
        as_of_date,
        school_year_start_month,
        school_year_start_day
    from {{ ref('stg_pipeline__settings') }}
),

roster_sources as (
    select
        platform,
        connection,
        min(roster_rank) as roster_rank
    from {{ ref('stg_pipeline__configured_sources') }}
    where roster_rank is not null
    group by platform, connection
),

-- a file states each year anew: a row struck off corrects it, and who has left is in the older years
people_of_roster_files as (
    select
        roster.district_id,
        'files' as roster_platform,
        roster._connection as connection,
        roster_sources.roster_rank,
        roster.employee_id as roster_id,
        roster.first_name,
        roster.last_name,
        roster.school_year as first_school_year,
        roster.school_year as last_school_year,
        false as is_deleted
    from {{ ref('stg_files__roster') }} as roster
    inner join roster_sources
        on roster_sources.platform = 'files'
        and roster_sources.connection = roster._connection
    where not roster.is_deleted
),

years_in_student_information_systems as (
    select
        assignments._connection as connection,
        assignments.staff_unique_id,
        min({{ school_year_of('assignments.begin_date') }}) as first_school_year,
        max(
            case
                when assignments.end_date < settings.as_of_date then {{ school_year_of('assignments.end_date') }}
                else {{ school_year_of('settings.as_of_date') }}
            end
        ) as last_school_year
    from {{ ref('stg_edfi__staff_assignments') }} as assignments
    cross join settings
    group by assignments._connection, assignments.staff_unique_id
),

-- whom these systems delete has left, and what they earned stays theirs
people_of_student_information_systems as (
    select
        staffs.district_id,
        'edfi' as roster_platform,
        staffs._connection as connection,
        roster_sources.roster_rank,
        staffs.staff_unique_id as roster_id,
        staffs.first_name,
        staffs.last_name,
        years.first_school_year,
        years.last_school_year,
        staffs.is_deleted
    from {{ ref('stg_edfi__staffs') }} as staffs
    inner join roster_sources
        on roster_sources.platform = 'edfi'
        and roster_sources.connection = staffs._connection
    left join years_in_student_information_systems as years
        on years.connection = staffs._connection
        and years.staff_unique_id = staffs.staff_unique_id
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
        cast(null as integer) as first_school_year,
        cast(null as integer) as last_school_year,
        users.is_deleted
    from {{ ref('stg_oneroster__users') }} as users
    inner join roster_sources
        on roster_sources.platform = 'oneroster'
        and roster_sources.connection = users._connection
),

{% set columns = [
    'district_id', 'roster_platform', 'connection', 'roster_rank', 'roster_id', 'first_name', 'last_name',
    'first_school_year', 'last_school_year', 'is_deleted',
] | join(', ') -%}
people as (
    select {{ columns }} from people_of_roster_files
    union all
    select {{ columns }} from people_of_student_information_systems
    union all
    select {{ columns }} from people_of_rostering_services
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
        min(first_school_year) over (partition by district_id, roster_platform, roster_id) as first_school_year,
        max(last_school_year) over (partition by district_id, roster_platform, roster_id) as last_school_year,
        is_deleted,
        row_number() over (
            partition by district_id, roster_platform, roster_id
            order by
                case when is_deleted then 1 else 0 end,
                roster_rank,
                last_school_year desc,
                connection,
                last_name,
                first_name
        ) as recency
    from people
    -- a delete of a record that was never seen tells of nobody
    where not is_deleted or last_name is not null
)

select
    {{ surrogate_key(['roster_platform', 'roster_id']) }} as roster_record_key,
    district_id,
    roster_platform,
    connection,
    roster_rank,
    roster_id,
    first_name,
    last_name,
    cast(first_school_year as integer) as first_school_year,
    cast(last_school_year as integer) as last_school_year,
    is_deleted
from people_newest_first
where recency = 1
