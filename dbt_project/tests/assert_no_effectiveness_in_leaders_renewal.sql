/*
    What: what a leader reads as missing is what awards and hours alone leave missing.
    When it matters: a sum with the units of the level of effectiveness would tell the level, a confidential record.
    How to resolve: take the column out of pub_leaders__renewal that holds it.
*/
select
    renewal_key,
    missing_units
from {{ ref('pub_leaders__renewal') }}
where
    needed_units is not null
    and missing_units <> case
        when needed_units > award_units + pd_units then needed_units - award_units - pd_units
        else 0
    end
