/*
    What: the counts in leaders' expertise are the counted rows of leaders' evidence.
    When it matters: "every band can be explained by rows" is what a leader relies on.
    How to resolve: compare models/intermediate/expertise `_listed` with `_summarised` for the rows below.
*/
with

counted_observations as (
    select
        items.staff_key,
        items.competency_key,
        count(distinct items.observation_key) as observation_count
    from {{ ref('int_expertise__observations_listed') }} as items
    inner join {{ ref('pub_leaders__evidence') }} as evidence
        on items.observation_item_key = evidence.evidence_key
        and evidence.counts
    group by items.staff_key, items.competency_key
)

select
    expertise.expertise_key,
    expertise.observation_count,
    counted_observations.observation_count as counted_count
from {{ ref('pub_leaders__expertise') }} as expertise
left join counted_observations
    on expertise.staff_key = counted_observations.staff_key
    and expertise.competency_key = counted_observations.competency_key
where
    expertise.band in ('expert', 'strong practice', 'developing', 'need')
    and expertise.observation_count <> coalesce(counted_observations.observation_count, 0)
