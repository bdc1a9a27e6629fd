with

chosen_versions as (
    select
        staff_key,
        competency_key,
        rubric_version,
        observed_result
    from {{ ref('int_expertise__observations_summarised') }}
),

observations as (
    select
        items.observation_item_key as evidence_key,
        items.district_id,
        items.staff_key,
        items.competency_key,
        'observation' as evidence_type,
        items.observed_date as evidence_date,
        elements.element_title || coalesce(' (' || items.observation_type || ')', '') as title,
        items.source_system,
        items.source_record_id,
        items.is_recent
        and items.rubric_version = chosen_versions.rubric_version
        and chosen_versions.observed_result is not null as counts,
        case
            when not items.is_recent then 'outside the last {{ var("observation_years") }} years: does not count'
            when items.rubric_version <> chosen_versions.rubric_version
                then 'scored on another rubric version: does not count'
            when chosen_versions.observed_result is null
                then 'no element has {{ var("minimum_observations") }} observations: does not count'
        end as remark
    from {{ ref('int_expertise__observations_listed') }} as items
    inner join {{ ref('dim_rubric_elements') }} as elements on items.rubric_element_key = elements.rubric_element_key
    left join chosen_versions
        on items.staff_key = chosen_versions.staff_key
        and items.competency_key = chosen_versions.competency_key
),

awards as (
    select
        items.award_item_key as evidence_key,
        items.district_id,
        items.staff_key,
        items.competency_key,
        'award' as evidence_type,
        items.issued_date as evidence_date,
        definitions.micro_credential_name as title,
        items.source_system,
        items.source_record_id,
        items.is_demonstrated as counts,
        items.remark
    from {{ ref('int_expertise__awards_listed') }} as items
    inner join {{ ref('dim_micro_credentials') }} as definitions
        on items.micro_credential_key = definitions.micro_credential_key
)

select
    evidence_key, district_id, staff_key, competency_key, evidence_type, evidence_date, title, source_system,
    source_record_id, coalesce(counts, false) as counts, remark
from observations
union all
select
    evidence_key, district_id, staff_key, competency_key, evidence_type, evidence_date, title, source_system,
    source_record_id, counts, remark
from awards
