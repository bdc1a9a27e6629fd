with

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
        3 as precedence,
        1 as citation_rank,
        0 as citation_length,
        cast(null as {{ dbt.type_timestamp() }}) as decided_at
    from alignment_items
    left join {{ ref('trusted_frameworks') }} as trusted
        on trim({{ json_text('alignment_items.item', ['targetFramework']) }}) = trusted.framework
),

-- the district's own crosswalk overrides what a platform states, and a person's decision overrides the crosswalk
alignments_of_the_district as (
    select
        district_id,
        item_type,
        item_key,
        framework,
        competency_code,
        cast(null as {{ dbt.type_string() }}) as target_url,
        status,
        valid_from_date,
        valid_to_date,
        stated_by,
        case when stated_by = 'decision' then 1 else 2 end as precedence,
        citation_rank,
        length(cited) as citation_length,
        decided_at
    from {{ ref('int_crosswalk__district_statements') }}
),

codes_of_activities as (
    select distinct
        district_id,
        activity_id,
        source_system,
        trim(competency_code) as competency_code
    from {{ ref('int_pd__participation_referenced') }}
    where activity_id is not null and trim(competency_code) <> ''
),

-- an export gives a code and no framework: of those that are trusted, the only one that has the code
trusted_competencies_by_code as (
    select
        competencies.district_id,
        competencies.competency_code,
        min(competencies.framework) as framework
    from competencies
    inner join {{ ref('trusted_frameworks') }} as trusted on competencies.framework = trusted.framework
    group by competencies.district_id, competencies.competency_code
    having count(*) = 1
),

alignments_of_activities as (
    select
        codes.district_id,
        'pd_activity' as item_type,
        {{ surrogate_key(['codes.activity_id'], district_id='codes.district_id') }} as item_key,
        coalesce(by_code.framework, 'not stated') as framework,
        codes.competency_code,
        cast(null as {{ dbt.type_string() }}) as target_url,
        case when by_code.framework is not null then 'approved' else 'proposed' end as status,
        cast(null as date) as valid_from_date,
        cast(null as date) as valid_to_date,
        codes.source_system as stated_by,
        3 as precedence,
        1 as citation_rank,
        0 as citation_length,
        cast(null as {{ dbt.type_timestamp() }}) as decided_at
    from codes_of_activities as codes
    left join trusted_competencies_by_code as by_code
        on codes.district_id = by_code.district_id
        and codes.competency_code = by_code.competency_code
),

-- what a framework calls the same as another's: a proposal, until the district's crosswalk says so
alignments_of_competencies as (
    select
        matches.district_id,
        'case_item' as item_type,
        origins.competency_key as item_key,
        coalesce(destinations.framework, 'not stated') as framework,
        trim(matches.destination_id_case) as competency_code,
        trim(matches.destination_uri) as target_url,
        'proposed' as status,
        cast(null as date) as valid_from_date,
        cast(null as date) as valid_to_date,
        'case' as stated_by,
        4 as precedence,
        1 as citation_rank,
        0 as citation_length,
        cast(null as {{ dbt.type_timestamp() }}) as decided_at
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
    'valid_from_date', 'valid_to_date', 'stated_by', 'precedence', 'citation_rank', 'citation_length', 'decided_at',
] | join(', ') -%}
alignments as (
    select {{ columns }} from alignments_of_definitions
    union all
    select {{ columns }} from alignments_of_the_district
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
        alignments.citation_rank,
        alignments.citation_length,
        alignments.decided_at,
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
        candidates.citation_rank,
        candidates.citation_length,
        candidates.decided_at,
        coalesce(
            candidates.named_competency_key, candidates.referenced_competency_key, candidates.coded_competency_key
        ) as competency_key,
        case
            when candidates.named_competency_key is not null then candidates.status
            when candidates.referenced_competency_key is null then 'proposed'
            when candidates.stated_by in ('district', 'decision') then candidates.status
            when candidates.item_type <> 'case_item' and trusted.framework is not null then 'approved'
            else 'proposed'
        end as status,
        case
            when coalesce(candidates.named_competency_key, candidates.referenced_competency_key) is null then 1
            else 0
        end as certainty_order
    from alignments_with_candidates as candidates
    left join {{ ref('trusted_frameworks') }} as trusted on candidates.referenced_framework = trusted.framework
),

stated_alignments as (
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
                citation_rank,
                citation_length desc,
                decided_at desc,
                certainty_order,
                status,
                valid_from_date,
                framework,
                competency_code
        ) as statement_order
    from alignments_judged
    where competency_code is not null
),

-- a competency that came later or was retired counts for what was earned while it was in force
alignments_in_force as (
    select
        stated.district_id,
        stated.item_type,
        stated.item_key,
        stated.competency_key,
        stated.framework,
        stated.competency_code,
        stated.status,
        {{ later_start('stated.valid_from_date', 'competencies.valid_from_date') }} as valid_from_date,
        {{ earlier_end('stated.valid_to_date', 'competencies.valid_to_date') }} as valid_to_date,
        stated.stated_by
    from stated_alignments as stated
    left join competencies
        on stated.district_id = competencies.district_id
        and stated.competency_key = competencies.competency_key
    where stated.statement_order = 1
),

-- what names an item of another framework names the competency that the district holds it to be:
-- as approved as if the competency itself had been named
alignments_by_case_items as (
    select
        alignments.district_id,
        alignments.item_type,
        alignments.item_key,
        case_items.competency_key,
        competencies.framework,
        competencies.competency_code,
        case
            when alignments.status = 'approved' then 'approved'
            when alignments.stated_by in ('district', 'decision') then 'proposed'
            when trusted.framework is not null then 'approved'
            else 'proposed'
        end as status,
        {{ later_start('alignments.valid_from_date', 'case_items.valid_from_date') }} as valid_from_date,
        {{ earlier_end('alignments.valid_to_date', 'case_items.valid_to_date') }} as valid_to_date,
        alignments.stated_by,
        alignments.competency_code as through_code
    from alignments_in_force as alignments
    inner join alignments_in_force as case_items
        on alignments.district_id = case_items.district_id
        and alignments.competency_key = case_items.item_key
    inner join competencies
        on case_items.district_id = competencies.district_id
        and case_items.competency_key = competencies.competency_key
    left join {{ ref('trusted_frameworks') }} as trusted on competencies.framework = trusted.framework
    where
        alignments.item_type <> 'case_item'
        and alignments.status <> 'rejected'
        and case_items.item_type = 'case_item'
        and case_items.status = 'approved'
),

-- what the district says of the item itself outranks what follows from another item
alignments_of_both_kinds as (
    select
        district_id, item_type, item_key, competency_key, framework, competency_code, status, valid_from_date,
        valid_to_date, stated_by, 0 as is_derived, cast(null as {{ dbt.type_string() }}) as through_code
    from alignments_in_force
    union all
    select
        district_id, item_type, item_key, competency_key, framework, competency_code, status, valid_from_date,
        valid_to_date, stated_by, 1 as is_derived, through_code
    from alignments_by_case_items
),

alignments_in_order as (
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
            partition by item_type, item_key, coalesce(competency_key, framework || '|' || competency_code)
            order by
                case when is_derived = 0 and stated_by in ('district', 'decision') then 0 else 1 end,
                status,
                is_derived,
                valid_from_date,
                through_code
        ) as statement_order
    from alignments_of_both_kinds
)

select
    {{ surrogate_key(
        ['item_type', 'item_key', "coalesce(competency_key, framework || '|' || competency_code)"]
    ) }} as alignment_key,
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
from alignments_in_order
where statement_order = 1
