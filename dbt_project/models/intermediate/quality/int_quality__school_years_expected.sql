with

settings as (
    select
        as_of_date,
        school_year_start_month,
        school_year_start_day
    from {{ ref('stg_pipeline__settings') }}
),

-- forty years are more than any source goes back; a year mistyped further off expects nothing
school_years as (
    select {{ school_year_of('settings.as_of_date') }} + 1 - cast(numbers.generated_number as integer) as school_year
    from ({{ dbt.generate_series(40) }}) as numbers
    cross join settings
),

current_year as (
    select
        max(school_year) as last_year,
        min(school_year) as first_year
    from school_years
),

-- of streams that have ever arrived: one that never did is told as such
dated_streams as (
    select
        configured.connection,
        configured.platform as source_system,
        configured.stream,
        configured.first_school_year,
        configured.last_school_year,
        dated.due_after_days
    from {{ ref('stg_pipeline__configured_sources') }} as configured
    inner join {{ ref('school_year_streams') }} as dated
        on configured.platform = dated.platform
        and configured.stream = dated.stream
    where exists (
        select 1
        from {{ ref('stg_pipeline__runs') }} as runs
        where runs.connection = configured.connection
            and runs.platform = configured.platform
            and runs.stream = configured.stream
            and runs.verdict = 'accepted'
    )
),

present_years as (
    select
        staged.connection,
        staged.source_system,
        staged.stream,
        staged.school_year,
        sum(staged.live_count) as record_count
    from {{ ref('int_quality__records_staged') }} as staged
    inner join {{ ref('school_year_streams') }} as dated
        on staged.source_system = dated.platform
        and staged.stream = dated.stream
    where staged.school_year is not null
    group by staged.connection, staged.source_system, staged.stream, staged.school_year
    having sum(staged.live_count) > 0
),

first_years as (
    select
        present_years.connection,
        present_years.source_system,
        min(present_years.school_year) as first_present_year
    from present_years
    cross join current_year
    where present_years.school_year between current_year.first_year and current_year.last_year
    group by present_years.connection, present_years.source_system
),

-- a year that a stream of another platform delivers of the same entity is not missed
years_from_elsewhere as (
    select distinct
        own.platform as source_system,
        own.stream,
        present_years.school_year
    from {{ ref('entities') }} as own
    inner join {{ ref('entities') }} as other
        on own.entity = other.entity
        and own.platform <> other.platform
    inner join present_years
        on other.platform = present_years.source_system
        and other.stream = present_years.stream
),

years_to_look_at as (
    select
        streams.connection,
        streams.source_system,
        streams.stream,
        school_years.school_year
    from dated_streams as streams
    cross join school_years
    left join first_years
        on streams.connection = first_years.connection
        and streams.source_system = first_years.source_system
    where school_years.school_year >= first_years.first_present_year
        or school_years.school_year >= streams.first_school_year
    union
    select connection, source_system, stream, school_year
    from present_years
),

years_judged as (
    select
        years.connection,
        years.source_system,
        years.stream,
        years.school_year,
        coalesce(present_years.record_count, 0) as record_count,
        case
            when years.school_year < coalesce(streams.first_school_year, first_years.first_present_year)
                then 'before the first school year of this source'
            when years.school_year > streams.last_school_year
                then 'after the last school year of this source'
            when settings.as_of_date
                < {{ dbt.dateadd('day', 'streams.due_after_days', school_year_start('years.school_year')) }}
                then 'not due yet'
            when elsewhere.school_year is not null
                then 'another source delivers it'
        end as why_not_expected
    from years_to_look_at as years
    cross join settings
    left join dated_streams as streams
        on years.connection = streams.connection
        and years.source_system = streams.source_system
        and years.stream = streams.stream
    left join first_years
        on years.connection = first_years.connection
        and years.source_system = first_years.source_system
    left join years_from_elsewhere as elsewhere
        on years.source_system = elsewhere.source_system
        and years.stream = elsewhere.stream
        and years.school_year = elsewhere.school_year
    left join present_years
        on years.connection = present_years.connection
        and years.source_system = present_years.source_system
        and years.stream = present_years.stream
        and years.school_year = present_years.school_year
)

select
    connection,
    source_system,
    stream,
    school_year,
    why_not_expected is null as is_expected,
    record_count > 0 as is_present,
    record_count,
    case
        when record_count > 0 then 'present'
        when why_not_expected is null then 'missing'
        else 'not expected'
    end as state,
    why_not_expected
from years_judged
