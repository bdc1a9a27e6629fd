{{ config(severity='warn') }}
/*
    What: where a roster is loaded, at least half of the awards name somebody in it.
    When it matters: a changed e-mail domain or a roster of another year leaves the awards without people.
    How to resolve: look at pub_analysts__unmatched_records. It warns and does not block, because a district
        that has just begun may have more awards of people it does not know than of its own.
*/
with

awards as (
    select
        count(*) as award_count,
        count(staff_key) as matched_count
    from {{ ref('fct_credential_awards') }}
),

staff as (
    select count(*) as staff_count
    from {{ ref('dim_staff') }}
)

select
    awards.award_count,
    awards.matched_count
from awards
cross join staff
where staff.staff_count > 0 and awards.matched_count * 2 < awards.award_count
