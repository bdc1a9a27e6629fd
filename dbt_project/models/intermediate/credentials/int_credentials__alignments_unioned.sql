with

settings as (
    select district_id
    from {{ ref('stg_pipeline__settings') }}
),

competencies as (
    select
        district_id,
        framework,
        competency_code,
        competency_key,
        valid_from_date,
        valid_to_date
    from {{ ref('int_competencies__competencies_unioned') }}
),

competency_references as (
    select
        district_id,
        reference,
        competency_key,
        framework
    from {{ ref('int_competencies__references') }}
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

-- in Open Badges' words; a platform of its own words gives a name and an address only
alignments_of_definitions as (
    select
        alignment_items.district_id,
        'micro_credential' as item_type,
        alignment_items.micro_credential_key as item_key,
        coalesce(trim({{ json_text('alignment_items.item', ['targetFramework']) }}), 'not stated') as framework,
        coalesce(
            nullif(trim({{ json_text('alignment_items.item', ['targetCode']) }}), ''),
            nullif(trim({{ json_text('alignment_items.item', ['targetUrl']) }}), ''),
            nullif(trim({{ json_text('alignment_items.item', ['url']) }}), '')
        ) as competency_code,
        coalesce(
            trim({{ json_text('alignment_items.item', ['targetUrl']) }}),
            trim({{ json_text('alignment_items.item', ['url']) }})
        ) as target_url,
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
        trim(crosswalk.competency_code) as competency_code,
        cast(null as {{ dbt.type_string() }}) as target_url,
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
        trim(crosswalk.competency_code) as competency_code,
        cast(null as {{ dbt.type_string() }}) as target_url,
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
        competencies.competency_code,
        cast(null as {{ dbt.type_string() }}) as target_url,
        'approved' as status,
        cast(null as date) as valid_from_date,
        cast(null as date) as valid_to_date,
        'district' as stated_by,
        2 as precedence
    from activities
    left join competency_references
        on activities.district_id = competency_references.district_id
        and lower(activities.competency_code) = competency_references.reference
    inner join competencies
        on activities.district_id = competencies.district_id
        and (
            activities.competency_code = competencies.competency_code
            or competency_references.competency_key = competencies.competency_key
        )
),

-- what a framework calls the same as another's: a proposal, until the district's crosswalk says so
alignments_of_competencies as (
    select
        matches.district_id,
        'competency' as item_type,
        origins.competency_key as item_key,
        coalesce(destinations.framework, 'not stated') as framework,
        trim(matches.destination_id_case) as competency_code,
        trim(matches.destination_uri) as target_url,
        'proposed' as status,
        cast(null as date) as valid_from_date,
        cast(null as date) as valid_to_date,
        'case' as stated_by,
        3 as precedence
    from {{ ref('stg_case__associations') }} as matches
    inner join competency_references as origins
        on matches.district_id = origins.district_id
        and lower(trim(matches.origin_id_case)) = origins.reference
    left join competency_references as destinations
        on matches.district_id = destinations.district_id
        and lower(trim(matches.destination_id_case)) = destinations.reference
    where
        not matches.is_deleted
        and matches.association_type = 'exactMatchOf'
        and origins.competency_key <> coalesce(destinations.competency_key, '')
),

{% set columns = [
    'district_id', 'item_type', 'item_key', 'framework', 'competency_code', 'target_url', 'status',
    'valid_from_date', 'valid_to_date', 'stated_by', 'precedence',
] | join(', ') -%}
alignments as (
    select {{ columns }} from alignments_of_definitions
    union all
    select {{ columns }} from alignments_of_micro_credential_crosswalk
    union all
    select {{ columns }} from alignments_of_rubric_elements
    union all
    select {{ columns }} from alignments_of_activities
    union all
    select {{ columns }} from alignments_of_competencies
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

-- by framework and code, else by the identifier or address of a CASE item, else by a code that only one has
alignments_with_candidates as (
    select
        alignments.district_id,
        alignments.item_type,
        alignments.item_key,
        alignments.framework,
        alignments.competency_code,
        alignments.status,
        alignments.valid_from_date,
        alignments.valid_to_date,
        alignments.stated_by,
        alignments.precedence,
        competencies.competency_key as named_competency_key,
        coalesce(by_identifier.competency_key, by_address.competency_key) as referenced_competency_key,
        coalesce(by_identifier.framework, by_address.framework) as referenced_framework,
        competencies_by_code.competency_key as coded_competency_key
    from alignments
    left join competencies
        on alignments.district_id = competencies.district_id
        and alignments.framework = competencies.framework
        and alignments.competency_code = competencies.competency_code
    left join competency_references as by_identifier
        on alignments.district_id = by_identifier.district_id
        and lower(alignments.competency_code) = by_identifier.reference
    left join competency_references as by_address
        on alignments.district_id = by_address.district_id
        and lower(alignments.target_url) = by_address.reference
    left join competencies_by_code
        on alignments.district_id = competencies_by_code.district_id
        and alignments.competency_code = competencies_by_code.competency_code
),

-- an identifier says exactly which competency is meant, so its own framework is what must be trusted
alignments_judged as (
    select
        candidates.district_id,
        candidates.item_type,
        candidates.item_key,
        candidates.framework,
        candidates.competency_code,
        candidates.valid_from_date,
        candidates.valid_to_date,
        candidates.stated_by,
        candidates.precedence,
        coalesce(
            candidates.named_competency_key, candidates.referenced_competency_key, candidates.coded_competency_key
        ) as competency_key,
        case
            when candidates.named_competency_key is not null then candidates.status
            when candidates.referenced_competency_key is null then 'proposed'
            when candidates.stated_by = 'district' then candidates.status
            when candidates.item_type = 'micro_credential' and trusted.framework is not null then 'approved'
            else 'proposed'
        end as status,
        case
            when coalesce(candidates.named_competency_key, candidates.referenced_competency_key) is null then 1
            else 0
        end as certainty_order
    from alignments_with_candidates as candidates
    left join {{ ref('trusted_frameworks') }} as trusted on candidates.referenced_framework = trusted.framework
),

alignments_to_competencies as (
    select
        district_id,
        item_type,
        item_key,
        competency_key,
        framework,
        competency_code,
        status,
        valid_from_date,
        valid_to_date,
        stated_by,
        row_number() over (
            partition by
                item_type,
                item_key,
                coalesce(competency_key, framework || '|' || competency_code)
            order by
                precedence,
                certainty_order,
                status,
                valid_from_date,
                framework,
                competency_code
        ) as statement_order
    from alignments_judged
    where competency_code is not null
)

-- a competency that came later or was retired counts for what was earned while it was in force
select
    {{ surrogate_key(
        [
            'stated.item_type',
            'stated.item_key',
            "coalesce(stated.competency_key, stated.framework || '|' || stated.competency_code)",
        ],
        district_id='stated.district_id',
    ) }} as alignment_key,
    stated.district_id,
    stated.item_type,
    stated.item_key,
    stated.competency_key,
    stated.framework,
    stated.competency_code,
    stated.status,
    case
        when stated.valid_from_date >= competencies.valid_from_date then stated.valid_from_date
        else coalesce(competencies.valid_from_date, stated.valid_from_date)
    end as valid_from_date,
    case
        when stated.valid_to_date <= competencies.valid_to_date then stated.valid_to_date
        else coalesce(competencies.valid_to_date, stated.valid_to_date)
    end as valid_to_date,
    stated.stated_by
from alignments_to_competencies as stated
left join competencies
    on stated.district_id = competencies.district_id
    and stated.competency_key = competencies.competency_key
where stated.statement_order = 1
