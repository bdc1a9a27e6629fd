/*
    What: of one staff member and competency, no two spans of the published history share a day, and none ends before
        it begins.
    When it matters: "as known on" a day would give two answers.
    How to resolve: the current leaders' release holds a history that no build of this project wrote. Point the leaders
        back to an older release (the pointer `current` in their folder) and run again: history goes on from there.
*/
with

spans as (
    select
        expertise_history_key,
        staff_key,
        competency_key,
        known_from_date,
        known_to_date,
        lead(known_from_date) over (
            partition by staff_key, competency_key
            order by known_from_date
        ) as next_from_date
    from {{ ref('fct_expertise_history') }}
)

select
    expertise_history_key,
    staff_key,
    competency_key,
    known_from_date,
    known_to_date,
    next_from_date
from spans
where
    known_to_date < known_from_date
    or (next_from_date is not null and (known_to_date is null or known_to_date >= next_from_date))
