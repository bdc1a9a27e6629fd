with

newest_versions as (
    {{ newest_records(source('edfi', 'evaluation_objectives'), key=['id'], modified='_lastModifiedDate') }}
)

select
    _district_id as district_id,
    id as evaluation_objective_id_edfi,
    cast(educationOrganizationId as {{ dbt.type_string() }}) as education_organization_id,
    {{ descriptor_code('evaluationPeriodDescriptor') }} as evaluation_period,
    performanceEvaluationTitle as performance_evaluation_title,
    {{ descriptor_code('performanceEvaluationTypeDescriptor') }} as performance_evaluation_type,
    schoolYear as school_year,
    {{ descriptor_code('termDescriptor') }} as term,
    evaluationTitle as evaluation_title,
    evaluationObjectiveTitle as objective_title,
    {{ descriptor_code('evaluationTypeDescriptor') }} as evaluation_type,
    minRating as rating_min,
    maxRating as rating_max,
    sortOrder as sort_order,
    ratingLevels as rating_levels,
    _lastModifiedDate as modified_at,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
