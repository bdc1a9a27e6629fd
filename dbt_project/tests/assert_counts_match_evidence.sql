/*
    What: the counts in leaders' expertise are the counted rows of leaders' evidence.
    When it matters: "every band can be explained by rows" is what a leader relies on.
    How to resolve: compare pub_leaders__evidence with int_expertise__observations_summarised for the rows below.
*/
with

counted_evidence as (
    select
        evidence_key,
        staff_key,
        competency_key
    from {{ ref('pub_leaders__evidence') }}
    where evidence_type = 'observation' and counts
),

scores as (
    select distinct
        {{ surrogate_key(
            ['scores.evaluation_score_key', 'alignments.competency_key'], district_id='scores.district_id'
        ) }} as evidence_key,
        scores.observation_key
    from {{ ref('int_evaluations__scores_interpreted') }} as scores
    inner join {{ ref('int_credentials__alignments_unioned') }} as alignments
        on scores.rubric_element_key = alignments.item_key
        and alignments.competency_key is not null
    where scores.is_usable
),

counted_observations as (
    select
        evidence.staff_key,
        evidence.competency_key,
        count(distinct scores.observation_key) as observation_count
    from counted_evidence as evidence
    inner join scores on evidence.evidence_key = scores.evidence_key
    group by evidence.staff_key, evidence.competency_key
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
