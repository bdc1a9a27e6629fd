with

references_of_competencies as (
    select district_id, lower(trim(case_identifier)) as reference, competency_key, framework
    from {{ ref('int_competencies__competencies_unioned') }}
    where case_identifier is not null
    union
    select district_id, lower(trim(case_uri)) as reference, competency_key, framework
    from {{ ref('int_competencies__competencies_unioned') }}
    where case_uri is not null
)

-- an identifier that two competencies share names neither
select
    {{ surrogate_key(['reference']) }} as competency_reference_key,
    district_id,
    reference,
    min(competency_key) as competency_key,
    min(framework) as framework
from references_of_competencies
group by district_id, reference
having count(*) = 1
