with

settings as (
    select district_id
    from {{ ref('stg_pipeline__settings') }}
)

select
    {{ surrogate_key(['competencies.framework', 'competencies.competency_code'], district_id='settings.district_id') }} as competency_key,
    settings.district_id,
    competencies.competency_code,
    competencies.competency_name,
    competencies.domain,
    competencies.framework
from {{ ref('competencies') }} as competencies
cross join settings
