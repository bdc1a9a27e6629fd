{{ config(severity='warn') }}
/*
    What: the renewal rules that the district follows were compared with their source within the last year.
    When it matters: rates changed within three years in several states; an old one credits people wrongly.
    How to resolve: read the citation, correct the row of the seed renewal_rules where it differs, and write the day
        into verified_on. It warns and does not block, because an unverified rule is told as such with every answer.
*/
with

settings as (
    select
        district_id,
        as_of_date
    from {{ ref('stg_pipeline__settings') }}
),

followed as (
    select distinct
        district_id,
        jurisdiction
    from {{ ref('int_renewal__policies') }}
)

select
    rules.rule_id,
    rules.citation,
    rules.verified_date
from {{ ref('fct_renewal_rules') }} as rules
inner join settings on rules.district_id = settings.district_id
inner join followed
    on rules.district_id = followed.district_id
    and rules.jurisdiction = followed.jurisdiction
where
    coalesce(rules.effective_to_date >= settings.as_of_date, true)
    and coalesce(rules.verified_date < {{ dbt.dateadd('year', -1, 'settings.as_of_date') }}, true)
