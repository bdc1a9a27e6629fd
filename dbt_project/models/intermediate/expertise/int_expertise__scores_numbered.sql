-- an observation that scores an element more than once is one observation of it
select
    observations.observation_number,
    scores.rubric_element_key,
    avg(scores.score) as score
from {{ ref('int_evaluations__scores_interpreted') }} as scores
inner join {{ ref('int_expertise__observations_numbered') }} as observations
    on scores.staff_key = observations.staff_key
    and scores.observation_key = observations.observation_key
where scores.is_usable
group by observations.observation_number, scores.rubric_element_key
