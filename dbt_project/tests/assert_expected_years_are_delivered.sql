{{ config(severity='warn') }}
/*
    What: every stream that belongs to a school year has records for each year that is expected of its source.
    When it matters: a year that was never delivered looks like a year in which nobody was observed or trained.
    How to resolve: ask for the missing year. Where a source does not cover it, say so: `first_school_year` and
        `last_school_year` of the source in district.yml. When a year is due stands in the seed
        school_year_streams. It warns and does not block, because the years that are there are still true.
*/
select
    connection,
    stream,
    school_year
from {{ ref('pub_analysts__expected_deliveries') }}
where state = 'missing'
