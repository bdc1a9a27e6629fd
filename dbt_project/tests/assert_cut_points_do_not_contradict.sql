/*
    What: of a measure and a school year each level has one cut, no two levels begin at the same score, and the
        first school year of a cut is not after its last.
    When it matters: a mean would have two levels, and which of them is shown would be chance.
    How to resolve: end the older cut's last_school_year in the seed evaluation_cut_points.
*/
with

cut_points as (
    select
        {{ normalised_name('measure') }} as measure,
        level,
        lowest_score,
        first_school_year,
        last_school_year
    from {{ ref('evaluation_cut_points') }}
)

select
    one.measure,
    one.level,
    one.first_school_year
from cut_points as one
where one.first_school_year > one.last_school_year
union all
select
    one.measure,
    one.level,
    one.first_school_year
from cut_points as one
inner join cut_points as other
    on one.measure = other.measure
    and one.first_school_year <= other.last_school_year
    and other.first_school_year <= one.last_school_year
    and (
        (one.level = other.level and one.first_school_year < other.first_school_year)
        or (one.level < other.level and one.lowest_score = other.lowest_score)
    )
