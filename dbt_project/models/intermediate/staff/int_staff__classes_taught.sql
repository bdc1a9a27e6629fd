with

settings as (
    select
        district_id,
        school_year_start_month,
        school_year_start_day
    from {{ ref('stg_pipeline__settings') }}
),

classes as (
    select
        district_id,
        _connection as connection,
        class_id_oneroster as class_id,
        org_id_oneroster as org_id,
        subjects,
        grades,
        term_ids
    from {{ ref('stg_oneroster__classes') }}
    where not is_deleted
),

terms_of_classes as (
    {{ unnest_json_array('classes', 'term_ids', ['connection', 'class_id']) }}
),

school_years_of_classes as (
    select distinct
        terms.connection,
        terms.class_id,
        coalesce(sessions.school_year, {{ school_year_of('sessions.start_date') }}) as school_year
    from terms_of_classes as terms
    inner join {{ ref('stg_oneroster__academic_sessions') }} as sessions
        on terms.connection = sessions._connection
        and terms.item = sessions.session_id_oneroster
    inner join settings on sessions.district_id = settings.district_id
),

taught_classes as (
    select distinct
        enrollments.district_id,
        enrollments._connection as connection,
        enrollments.user_id_oneroster as roster_user_id,
        classes.org_id,
        classes.class_id,
        coalesce(school_years.school_year, {{ school_year_of('enrollments.begin_date') }}) as school_year
    from {{ ref('stg_oneroster__enrollments') }} as enrollments
    inner join settings on enrollments.district_id = settings.district_id
    inner join classes
        on enrollments._connection = classes.connection
        and enrollments.class_id_oneroster = classes.class_id
    left join school_years_of_classes as school_years
        on classes.connection = school_years.connection
        and classes.class_id = school_years.class_id
    where not enrollments.is_deleted
),

subjects_of_classes as (
    {{ unnest_json_array('classes', 'subjects', ['connection', 'class_id']) }}
),

grades_of_classes as (
    {{ unnest_json_array('classes', 'grades', ['connection', 'class_id']) }}
),

bands_of_classes as (
    select distinct
        grades.connection,
        grades.class_id,
        grade_bands.grade_band
    from grades_of_classes as grades
    inner join {{ ref('grade_bands') }} as grade_bands on upper(trim(grades.item)) = grade_bands.grade
),

-- the subject, and the grade band, of most of the classes that somebody teaches in a year
subjects_most_first as (
    select
        taught.connection,
        taught.roster_user_id,
        taught.org_id,
        taught.school_year,
        trim(subjects.item) as subject,
        row_number() over (
            partition by taught.connection, taught.roster_user_id, taught.org_id, taught.school_year
            order by count(distinct taught.class_id) desc, trim(subjects.item)
        ) as subject_order
    from taught_classes as taught
    inner join subjects_of_classes as subjects
        on taught.connection = subjects.connection
        and taught.class_id = subjects.class_id
    where nullif(trim(subjects.item), '') is not null
    group by taught.connection, taught.roster_user_id, taught.org_id, taught.school_year, trim(subjects.item)
),

bands_most_first as (
    select
        taught.connection,
        taught.roster_user_id,
        taught.org_id,
        taught.school_year,
        bands.grade_band,
        row_number() over (
            partition by taught.connection, taught.roster_user_id, taught.org_id, taught.school_year
            order by count(distinct taught.class_id) desc, bands.grade_band
        ) as band_order
    from taught_classes as taught
    inner join bands_of_classes as bands
        on taught.connection = bands.connection
        and taught.class_id = bands.class_id
    group by taught.connection, taught.roster_user_id, taught.org_id, taught.school_year, bands.grade_band
),

teaching as (
    select
        district_id,
        connection,
        roster_user_id,
        org_id,
        school_year,
        cast(count(distinct class_id) as integer) as class_count
    from taught_classes
    where org_id is not null and school_year is not null
    group by district_id, connection, roster_user_id, org_id, school_year
)

select
    teaching.district_id,
    teaching.connection,
    teaching.roster_user_id,
    teaching.org_id,
    teaching.school_year,
    teaching.class_count,
    subjects.subject,
    bands.grade_band
from teaching
left join subjects_most_first as subjects
    on teaching.connection = subjects.connection
    and teaching.roster_user_id = subjects.roster_user_id
    and teaching.org_id = subjects.org_id
    and teaching.school_year = subjects.school_year
    and subjects.subject_order = 1
left join bands_most_first as bands
    on teaching.connection = bands.connection
    and teaching.roster_user_id = bands.roster_user_id
    and teaching.org_id = bands.org_id
    and teaching.school_year = bands.school_year
    and bands.band_order = 1
