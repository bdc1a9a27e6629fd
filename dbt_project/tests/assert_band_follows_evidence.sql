/*
    What: nobody observed in need has another band, no expert or demonstrated band stands without a micro-credential
        that counts, and no observed band without enough observations, by two raters or in two school years.
    When it matters: a credential never overrides an observed need, and a band must rest on its evidence.
    How to resolve: the bands are decided in macros/expertise_band.sql and pipelines/analysis/expertise.py; the
        counts come from models/intermediate/expertise.
*/
select
    expertise_key,
    band
from {{ ref('fct_expertise') }}
where
    (observed_result = 'observed_need' and band <> 'need')
    or (band in ('expert', 'demonstrated') and award_count = 0)
    or (
        band in ('expert', 'strong practice', 'developing', 'need')
        and (observation_count < {{ var('minimum_observations') }} or (rater_count < 2 and year_count < 2))
    )
