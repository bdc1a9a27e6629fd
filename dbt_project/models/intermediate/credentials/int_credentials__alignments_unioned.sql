with

settings as (
    select district_id
    from {{ ref('stg_pipeline__settings') }}
),

competencies as (
    select
        settings.district_id,
        competencies.framework,
        competencies.competency_code,
        {{ surrogate_key(['competencies.framework', 'competencies.competency_code'], district_id='settings.district_id') }} as competency_key
    from {{ ref('competencies') }} as competencies
    cross join settings
),

definitions as (
    select
        district_id,
        micro_credential_key,
        micro_credential_id,
        alignments,
        source_system
    from {{ ref('int_credentials__micro_credentials_unioned') }}
),

alignment_items as (
    {{ unnest_json_array('definitions', 'alignments', ['district_id', 'micro_credential_key', 'source_system']) }}
),

alignments_of_definitions as (
    select
        alignment_items.district_id,
        'micro_credential' as item_type,
        alignment_items.micro_credential_key as item_key,
        coalesce(trim({{ json_text('alignment_items.item', ['targetFramework']) }}), 'not stated') as framework,
        trim({{ json_text('alignment_items.item', ['targetCode']) }}) as competency_code,
        case when trusted.framework is not null then 'approved' else 'proposed' end as status,
        cast(null as date) as valid_from_date,
        cast(null as date) as valid_to_date,
        alignment_items.source_system as stated_by,
        2 as precedence
    from alignment_items
    left join {{ ref('trusted_frameworks') }} as trusted
        on trim({{ json_text('alignment_items.item', ['targetFramework']) }}) = trusted.framework
),

-- the district's own crosswalk overrides what an issuer states
alignments_of_micro_credential_crosswalk as (
    select
        definitions.district_id,
        'micro_credential' as item_type,
        definitions.micro_credential_key as item_key,
        crosswalk.framework,
        crosswalk.competency_code,
        crosswalk.status,
        crosswalk.valid_from as valid_from_date,
        crosswalk.valid_to as valid_to_date,
        'district' as stated_by,
        1 as precedence
    from {{ ref('micro_credential_competencies') }} as crosswalk
    inner join definitions on crosswalk.micro_credential_id = definitions.micro_credential_id
),

alignments_of_rubric_elements as (
    select
        settings.district_id,
        'rubric_element' as item_type,
        {{ surrogate_key(['crosswalk.rubric_version', 'crosswalk.element_code'], district_id='settings.district_id') }} as item_key,
        crosswalk.framework,
        crosswalk.competency_code,
        crosswalk.status,
        crosswalk.valid_from as valid_from_date,
        crosswalk.valid_to as valid_to_date,
        'district' as stated_by,
        1 as precedence
    from {{ ref('rubric_element_competencies') }} as crosswalk
    cross join settings
),

activities as (
    select distinct
        district_id,
        activity_id,
        trim(competency_code) as competency_code
    from {{ ref('int_pd__participation_referenced') }}
    where competency_code is not null
),

alignments_of_activities as (
    select
        activities.district_id,
        'pd_activity' as item_type,
        {{ surrogate_key(['activities.activity_id'], district_id='activities.district_id') }} as item_key,
        competencies.framework,
        activities.competency_code,
        'approved' as status,
        cast(null as date) as valid_from_date,
        cast(null as date) as valid_to_date,
        'district' as stated_by,
        2 as precedence
    from activities
    inner join competencies
        on activities.district_id = competencies.district_id
        and activities.competency_code = competencies.competency_code
),

{% set columns = [
    'district_id', 'item_type', 'item_key', 'framework', 'competency_code', 'status', 'valid_from_date',
    'valid_to_date', 'stated_by', 'precedence',
] | join(', ') -%}
alignments as (
    select {{ columns }} from alignments_of_definitions
    union all
    select {{ columns }} from alignments_of_micro_credential_crosswalk
    union all
    select {{ columns }} from alignments_of_rubric_elements
    union all
    select {{ columns }} from alignments_of_activities
),

-- a code of an untrusted framework is a proposal for the competency of that code, if there is one
competencies_by_code as (
    select
        district_id,
        competency_code,
        min(competency_key) as competency_key
    from competencies
    group by district_id, competency_code
    having count(*) = 1
),

alignments_to_competencies as (
    select
        alignments.district_id,
        alignments.item_type,
        alignments.item_key,
        coalesce(competencies.competency_key, competencies_by_code.competency_key) as competency_key,
        alignments.framework,
        alignments.competency_code,
        case when competencies.competency_key is null then 'proposed' else alignments.status end as status,
        alignments.valid_from_date,
        alignments.valid_to_date,
        alignments.stated_by,
        row_number() over (
            partition by
                alignments.item_type,
                alignments.item_key,
                coalesce(
                    competencies.competency_key,
                    competencies_by_code.competency_key,
                    alignments.framework || '|' || alignments.competency_code
                )
            order by
                alignments.precedence,
                case when competencies.competency_key is null then 1 else 0 end,
                alignments.status,
                alignments.valid_from_date,
                alignments.framework
        ) as statement_order
    from alignments
    left join competencies
        on alignments.district_id = competencies.district_id
        and alignments.framework = competencies.framework
        and alignments.competency_code = competencies.competency_code
    left join competencies_by_code
        on alignments.district_id = competencies_by_code.district_id
        and alignments.competency_code = competencies_by_code.competency_code
)

select
    {{ surrogate_key(['item_type', 'item_key', "coalesce(competency_key, framework || '|' || competency_code)"]) }} as alignment_key,
    district_id,
    item_type,
    item_key,
    competency_key,
    framework,
    competency_code,
    status,
    valid_from_date,
    valid_to_date,
    stated_by
from alignments_to_competencies
where statement_order = 1 and competency_code is not null
