/*
    What: the seeds of the cost study use the words that the study sums by: arms, categories, payers, units and sources;
        and a listed price is at least 0 and has its price year.
    When it matters: dollars under a mistyped word stand in no row of the report's cost table; a price without its year
        can't be brought to constant dollars.
    How to resolve: correct the row of the seed named below; seeds/_study.yml and seeds/_seeds.yml list the words.
*/
select 'spending_payers' as seed, payer_id as row_id
from {{ ref('spending_payers') }}
where
    payer is null
    or payer not in ('district', 'state', 'federal', 'teacher', 'provider', 'unknown')
    or programme is null
union all
select 'pd_spending_crosswalk' as seed, crosswalk_id as row_id
from {{ ref('pd_spending_crosswalk') }}
where
    coalesce(cost_category, 'other') not in ('personnel', 'facilities', 'materials', 'other')
    or coalesce(study_arm, 'micro_credential') <> 'micro_credential'
union all
select 'study_prices' as seed, price_id as row_id
from {{ ref('study_prices') }}
where
    coalesce(arm, '') not in ('micro_credential', 'traditional')
    or coalesce(category, '') not in ('personnel', 'facilities', 'materials', 'other', 'participant')
    or coalesce(payer, '') not in ('district', 'state', 'federal', 'teacher', 'provider', 'unknown')
    or coalesce(unit, '') not in ('attempt', 'award', 'hour', 'teacher')
    or coalesce(source, 'price list') not in ('price list', 'estimate')
    or ingredient is null
    or unit_price_usd is null
    or unit_price_usd < 0
    or price_year is null
