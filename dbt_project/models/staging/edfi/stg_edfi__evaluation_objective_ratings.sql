with

newest_versions as (
    {{ newest_records(source('edfi', 'evaluation_objective_ratings'), key=['id'], modified='_lastModifiedDate') }}
)

select
    _district_id as district_id,
    id as evaluation_objective_rating_id_edfi,
    cast(educationOrganizationId as {{ dbt.type_string() }}) as education_organization_id,
    {{ descriptor_code('evaluationPeriodDescriptor') }} as evaluation_period,
    performanceEvaluationTitle as performance_evaluation_title,
    {{ descriptor_code('performanceEvaluationTypeDescriptor') }} as performance_evaluation_type,
    schoolYear as school_year,
    {{ descriptor_code('termDescriptor') }} as term,
    evaluationTitle as evaluation_title,
    evaluationDate as evaluated_at_local,
    personId as person_id,
    {{ descriptor_code('sourceSystemDescriptor') }} as person_source_system,
    evaluationObjectiveTitle as objective_title,
    {{ descriptor_code('objectiveRatingLevelDescriptor') }} as rating_level,
    results,
    _lastModifiedDate as modified_at,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
