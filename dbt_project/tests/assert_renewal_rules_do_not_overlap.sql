/*
    What: a jurisdiction has one renewal rule, and a district one policy of it, on any day.
    When it matters: two of them on one day would count every award twice.
    How to resolve: end the older row (effective_to) in the seed renewal_rules or renewal_policies on the day before
        the newer one begins (effective_from).
*/
with

rows_of_rules as (
    select 'renewal_rules' as seed, rule_id as row_name, jurisdiction as subject, effective_from, effective_to
    from {{ ref('renewal_rules') }}
    union all
    select
        'renewal_policies' as seed,
        coalesce({{ iso_date('effective_from') }}, 'the first') as row_name,
        district_id || ', ' || jurisdiction as subject,
        effective_from,
        effective_to
    from {{ ref('renewal_policies') }}
)

select
    one.seed,
    one.subject,
    one.row_name,
    other.row_name as other_row_name
from rows_of_rules as one
inner join rows_of_rules as other
    on one.seed = other.seed
    and one.subject = other.subject
    and one.row_name < other.row_name
    and coalesce(one.effective_from <= other.effective_to, true)
    and coalesce(other.effective_from <= one.effective_to, true)
