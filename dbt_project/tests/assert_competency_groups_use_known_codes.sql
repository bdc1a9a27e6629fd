/*
    What: every competency of a competency group is one that the district works with.
    When it matters: a mistyped code quietly leaves a competency out of the group, and out of equity of access.
    How to resolve: correct the code or the framework in the seed competency_groups, or take the row out.
*/
select
    competency_groups.group_id,
    competency_groups.framework,
    competency_groups.competency_code
from {{ ref('competency_groups') }} as competency_groups
left join {{ ref('dim_competencies') }} as competencies
    on competency_groups.framework = competencies.framework
    and trim(competency_groups.competency_code) = competencies.competency_code
    and competencies.is_in_use
where competencies.competency_key is null
