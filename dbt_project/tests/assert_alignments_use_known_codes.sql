/*
    What: every competency code in the district's own crosswalks exists in the seed competencies, every element
        code in rubric_elements, every rubric version in rubric_versions.
    When it matters: a mistyped code quietly takes a competency's evidence away.
    How to resolve: correct the code in the seed named below.
*/
select
    'rubric_element_competencies' as seed,
    crosswalk.competency_code as code
from {{ ref('rubric_element_competencies') }} as crosswalk
left join {{ ref('competencies') }} as competencies
    on crosswalk.framework = competencies.framework
    and crosswalk.competency_code = competencies.competency_code
left join {{ ref('rubric_elements') }} as elements
    on crosswalk.rubric_version = elements.rubric_version
    and crosswalk.element_code = elements.element_code
where competencies.competency_code is null or elements.element_code is null
union all
select
    'micro_credential_competencies' as seed,
    crosswalk.competency_code as code
from {{ ref('micro_credential_competencies') }} as crosswalk
left join {{ ref('competencies') }} as competencies
    on crosswalk.framework = competencies.framework
    and crosswalk.competency_code = competencies.competency_code
where competencies.competency_code is null
union all
select
    'rubric_elements' as seed,
    elements.rubric_version as code
from {{ ref('rubric_elements') }} as elements
left join {{ ref('rubric_versions') }} as versions on elements.rubric_version = versions.rubric_version
where versions.rubric_version is null
