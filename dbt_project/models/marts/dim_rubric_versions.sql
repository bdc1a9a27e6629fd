with

settings as (
    select district_id
    from {{ ref('stg_pipeline__settings') }}
)

select
    {{ surrogate_key(['rubric_versions.rubric_version'], district_id='settings.district_id') }} as rubric_version_key,
    settings.district_id,
    rubric_versions.rubric_version,
    rubric_versions.evaluation_title,
    rubric_versions.scale_min,
    rubric_versions.scale_max,
    rubric_versions.need_level,
    rubric_versions.proficient_level,
    rubric_versions.expert_level,
    rubric_versions.first_school_year,
    rubric_versions.last_school_year
from {{ ref('rubric_versions') }} as rubric_versions
cross join settings
