{# By far the largest stream, read by five models and tests: its newest versions are sought once. #}
{{ config(materialized='table') }}
with

newest_versions as (
    {{ newest_records(source('edfi', 'evaluation_element_ratings'), key=['id'], modified='_lastModifiedDate') }}
)

select
    _district_id as district_id,
    id as evaluation_element_rating_id_edfi,
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
    evaluationElementTitle as element_title,
    {{ descriptor_code('evaluationElementRatingLevelDescriptor') }} as rating_level,
    results,
    _lastModifiedDate as modified_at,
    is_deleted,
    _connection,
    _run_id,
    _extracted_at
from newest_versions
