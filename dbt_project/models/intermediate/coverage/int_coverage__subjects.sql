select
    competency_key as subject_key,
    district_id,
    'competency' as subject_kind,
    competency_name as subject_name,
    competency_code as subject_id,
    competency_key
from {{ ref('dim_competencies') }}
where is_in_use
union all
select
    {{ surrogate_key(["'competency group'", 'competency_groups.group_id'], district_id='competencies.district_id') }}
        as subject_key,
    competencies.district_id,
    'competency group' as subject_kind,
    competency_groups.group_name as subject_name,
    competency_groups.group_id as subject_id,
    competencies.competency_key
from {{ ref('competency_groups') }} as competency_groups
inner join {{ ref('dim_competencies') }} as competencies
    on competency_groups.framework = competencies.framework
    and trim(competency_groups.competency_code) = competencies.competency_code
    and competencies.is_in_use
