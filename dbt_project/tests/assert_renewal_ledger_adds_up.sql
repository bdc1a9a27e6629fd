/*
    What: every award of a staff member stands in the ledger of every jurisdiction that the district follows, and the
        units of a cycle are those of its lines.
    When it matters: an award without a line is one that nobody can ask about; a sum without lines can't be explained.
    How to resolve: it is a fault of the models in models/intermediate/renewal; report it.
*/
with

jurisdictions as (
    select distinct
        district_id,
        jurisdiction
    from {{ ref('int_renewal__policies') }}
),

awards_without_line as (
    select awards.credential_award_key as what
    from {{ ref('fct_credential_awards') }} as awards
    inner join jurisdictions on awards.district_id = jurisdictions.district_id
    left join {{ ref('fct_renewal_ledger') }} as ledger
        on awards.credential_award_key = ledger.credential_award_key
        and jurisdictions.jurisdiction = ledger.jurisdiction
    where awards.staff_key is not null and ledger.credential_award_key is null
),

ledger_units as (
    select
        renewal_cycle_key,
        sum(units) as units
    from {{ ref('fct_renewal_ledger') }}
    where is_counted
    group by renewal_cycle_key
),

cycles_that_differ as (
    select points.renewal_cycle_key as what
    from {{ ref('fct_renewal_points') }} as points
    left join ledger_units on points.renewal_cycle_key = ledger_units.renewal_cycle_key
    where
        points.award_units <> coalesce(ledger_units.units, 0)
        or points.earned_units <> points.award_units + points.pd_units + points.effectiveness_units
)

select 'award without a line' as fault, what
from awards_without_line
union all
select 'cycle whose lines sum to another number' as fault, what
from cycles_that_differ
