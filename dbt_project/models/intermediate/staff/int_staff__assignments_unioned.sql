with

settings as (
    select
        school_year_start_month,
        school_year_start_day
    from {{ ref('stg_pipeline__settings') }}
),

connection_ranks as (
    select
        connection,
        min(coalesce(roster_rank, 1000)) as roster_rank
    from {{ ref('stg_pipeline__configured_sources') }}
    group by connection
),

people as (
    select
        district_id,
        staff_key,
        alias_kind,
        alias_value
    from {{ ref('int_identity__staff_aliases') }}
    where not is_ambiguous
),

school_years_of_roster_files as (
    select
        roster.district_id,
        people.staff_key,
        roster._connection as connection,
        roster.employee_id || '|' || cast(roster.school_year as {{ dbt.type_string() }})
        || '|' || roster.school_id || '|' || roster.role as source_record_id,
        roster.school_id,
        roster.role as classification,
        nullif(trim(roster.grade_band), '') as grade_band,
        nullif(trim(roster.subject), '') as subject,
        roster.years_experience,
        cast(roster.school_year as integer) as school_year,
        roster.hire_date,
        roster.end_date as left_date,
        roster.status,
        {{ school_year_start('roster.school_year') }} as year_start_date,
        cast({{ dbt.dateadd('day', -1, school_year_start('roster.school_year + 1')) }} as date) as year_end_date
    from {{ ref('stg_files__roster') }} as roster
    cross join settings
    inner join people
        on people.district_id = roster.district_id
        and people.alias_kind = 'employee_id'
        and people.alias_value = roster.employee_id
    where not roster.is_deleted
),

assignments_of_student_information_systems as (
    select
        assignments.district_id,
        people.staff_key,
        assignments._connection as connection,
        assignments.staff_assignment_id_edfi as source_record_id,
        assignments.education_organization_id as school_id,
        assignments.classification,
        assignments.begin_date,
        assignments.end_date,
        assignments.full_time_share,
        assignments.assignment_order,
        staffs.years_experience,
        {{ school_year_of('assignments.begin_date') }} as school_year
    from {{ ref('stg_edfi__staff_assignments') }} as assignments
    cross join settings
    inner join people
        on people.district_id = assignments.district_id
        and people.alias_kind = 'state_id'
        and people.alias_value = assignments.staff_unique_id
    left join {{ ref('stg_edfi__staffs') }} as staffs
        on staffs.district_id = assignments.district_id
        and staffs._connection = assignments._connection
        and staffs.staff_unique_id = assignments.staff_unique_id
        and not staffs.is_deleted
    where not assignments.is_deleted
),

assignments_of_rostering_services as (
    select
        roles.district_id,
        people.staff_key,
        roles.connection,
        roles.roster_role_key as source_record_id,
        coalesce(organisations.school_id, roles.org_id) as school_id,
        roles.classification,
        taught.grade_band,
        taught.subject,
        {{ school_year_of('roles.begin_date') }} as school_year,
        roles.begin_date,
        roles.end_date,
        roles.status,
        roles.role_order
    from {{ ref('int_staff__roster_roles_unioned') }} as roles
    cross join settings
    inner join {{ ref('int_identity__roster_records_merged') }} as people
        on people.district_id = roles.district_id
        and people.roster_platform = 'oneroster'
        and people.roster_id = roles.roster_user_id
        and people.staff_key is not null
    left join {{ ref('stg_oneroster__orgs') }} as organisations
        on organisations._connection = roles.connection
        and organisations.org_id_oneroster = roles.org_id
    left join {{ ref('int_staff__classes_taught') }} as taught
        on taught.connection = roles.connection
        and taught.roster_user_id = roles.roster_user_id
        and taught.org_id = roles.org_id
        and taught.school_year = {{ school_year_of('roles.begin_date') }}
),

assignments as (
    select
        district_id,
        staff_key,
        'files' as source_system,
        connection,
        source_record_id,
        school_id,
        classification,
        grade_band,
        subject,
        years_experience,
        school_year,
        case when hire_date > year_start_date and hire_date <= year_end_date then hire_date else year_start_date end as begin_date,
        case when left_date >= year_start_date and left_date < year_end_date then left_date else year_end_date end as end_date,
        left_date,
        status,
        cast(null as double precision) as full_time_share,
        cast(null as integer) as assignment_order
    from school_years_of_roster_files
    union all
    select
        district_id,
        staff_key,
        'edfi' as source_system,
        connection,
        source_record_id,
        school_id,
        classification,
        cast(null as {{ dbt.type_string() }}) as grade_band,
        cast(null as {{ dbt.type_string() }}) as subject,
        years_experience,
        school_year,
        begin_date,
        end_date,
        end_date as left_date,
        cast(null as {{ dbt.type_string() }}) as status,
        full_time_share,
        assignment_order
    from assignments_of_student_information_systems
    union all
    select
        district_id,
        staff_key,
        'oneroster' as source_system,
        connection,
        source_record_id,
        school_id,
        classification,
        grade_band,
        subject,
        cast(null as double precision) as years_experience,
        school_year,
        begin_date,
        end_date,
        end_date as left_date,
        status,
        cast(null as double precision) as full_time_share,
        role_order as assignment_order
    from assignments_of_rostering_services
),

-- a person's assignments come from the best-ranked roster that has any: two rosters describe the same posts
ranked_assignments as (
    select
        assignments.district_id,
        assignments.staff_key,
        assignments.source_system,
        assignments.connection,
        assignments.source_record_id,
        assignments.school_id,
        assignments.classification,
        assignments.grade_band,
        assignments.subject,
        assignments.years_experience,
        assignments.school_year,
        assignments.begin_date,
        assignments.end_date,
        assignments.left_date,
        assignments.status,
        assignments.full_time_share,
        assignments.assignment_order,
        coalesce(connection_ranks.roster_rank, 1000) as roster_rank,
        min(coalesce(connection_ranks.roster_rank, 1000)) over (partition by assignments.staff_key) as best_roster_rank
    from assignments
    left join connection_ranks on assignments.connection = connection_ranks.connection
),

assignments_of_best_roster as (
    select
        {{ surrogate_key(['staff_key', 'school_id', 'classification', 'begin_date']) }} as staff_assignment_key,
        district_id,
        staff_key,
        source_system,
        connection,
        source_record_id,
        {{ surrogate_key(['school_id']) }} as school_key,
        school_id,
        classification,
        grade_band,
        subject,
        years_experience,
        school_year,
        begin_date,
        end_date,
        left_date,
        status,
        full_time_share,
        assignment_order,
        row_number() over (
            partition by staff_key, school_id, classification, begin_date
            order by connection, source_record_id
        ) as copy_number
    from ranked_assignments
    where roster_rank = best_roster_rank
)

select
    staff_assignment_key,
    district_id,
    staff_key,
    source_system,
    connection,
    source_record_id,
    school_key,
    school_id,
    classification,
    grade_band,
    subject,
    years_experience,
    school_year,
    begin_date,
    end_date,
    left_date,
    status,
    full_time_share,
    assignment_order
from assignments_of_best_roster
where copy_number = 1
