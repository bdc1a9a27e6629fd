/*
    What: nobody observed in need has another band, and no expert or demonstrated band stands without a
        micro-credential that counts.
    When it matters: a credential never overrides an observed need, and a band must rest on its evidence.
    How to resolve: the bands are decided in fct_expertise; the counts come from models/intermediate/expertise.
*/
select
    expertise_key,
    band
from {{ ref('fct_expertise') }}
where
    (observed_result = 'observed_need' and band <> 'need')
    or (band in ('expert', 'demonstrated') and award_count = 0)
    or (band in ('expert', 'strong practice', 'developing', 'need') and observation_count < {{ var('minimum_observations') }})
