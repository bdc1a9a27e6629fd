with

settings as (
    select
        district_id,
        as_of_date
    from {{ ref('stg_pipeline__settings') }}
),

-- what the district works with: its own list, trusted frameworks, and what an approved alignment leads to
adopted_frameworks as (
    select framework
    from {{ ref('competencies') }}
    union
    select framework
    from {{ ref('trusted_frameworks') }}
),

aligned_competencies as (
    select distinct competency_key
    from {{ ref('int_credentials__alignments_unioned') }}
    where status = 'approved' and competency_key is not null
)

select
    competencies.competency_key,
    competencies.district_id,
    competencies.competency_code,
    competencies.competency_name,
    competencies.domain,
    competencies.framework,
    competencies.case_identifier,
    competencies.case_uri,
    competencies.valid_from_date,
    competencies.valid_to_date,
    aligned_competencies.competency_key is not null
    or (
        adopted_frameworks.framework is not null
        and coalesce(competencies.valid_to_date >= settings.as_of_date, true)
    ) as is_in_use
from {{ ref('int_competencies__competencies_unioned') }} as competencies
inner join settings on competencies.district_id = settings.district_id
left join adopted_frameworks on competencies.framework = adopted_frameworks.framework
left join aligned_competencies on competencies.competency_key = aligned_competencies.competency_key
