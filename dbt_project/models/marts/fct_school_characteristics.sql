with

-- of several lists of one school and year the one told last, then the connection's name
newest_first as (
    select
        district_id,
        trim(school_id) as school_id,
        cast(school_year as integer) as school_year,
        economically_disadvantaged_share,
        lowest_grade,
        highest_grade,
        enrolment_count,
        _connection as connection,
        row_number() over (
            partition by district_id, trim(school_id), school_year
            order by _extracted_at desc, _connection
        ) as recency
    from {{ ref('stg_files__school_characteristics') }}
    where not is_deleted and nullif(trim(school_id), '') is not null
)

select
    {{ surrogate_key(['school_id', 'school_year']) }} as school_characteristics_key,
    district_id,
    {{ surrogate_key(['school_id']) }} as school_key,
    school_year,
    economically_disadvantaged_share,
    lowest_grade,
    highest_grade,
    cast(enrolment_count as integer) as enrolment_count,
    'files' as source_system,
    connection
from newest_first
where recency = 1
