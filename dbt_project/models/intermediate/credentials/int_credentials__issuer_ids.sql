with

issuers_of_platforms as (
    select
        district_id,
        'badgr' as source_system,
        issuer_id_badgr as issuer_id,
        issuer_url,
        issuer_name,
        website_url,
        is_deleted,
        _connection as connection
    from {{ ref('stg_badgr__issuers') }}
    union all
    -- without a list of its own: who owns a template, or issued a badge, is an issuer
    select
        district_id,
        'credly' as source_system,
        issuer_id_credly as issuer_id,
        cast(null as {{ dbt.type_string() }}) as issuer_url,
        issuer_name,
        cast(null as {{ dbt.type_string() }}) as website_url,
        is_deleted,
        _connection as connection
    from {{ ref('stg_credly__badge_templates') }}
    where issuer_id_credly is not null
    union all
    select
        district_id,
        'credly' as source_system,
        issuer_id_credly as issuer_id,
        cast(null as {{ dbt.type_string() }}) as issuer_url,
        issuer_name,
        cast(null as {{ dbt.type_string() }}) as website_url,
        is_deleted,
        _connection as connection
    from {{ ref('stg_credly__issued_badges') }}
    where issuer_id_credly is not null
),

platform_issuers as (
    select
        district_id,
        source_system,
        issuer_id,
        issuer_url,
        issuer_name,
        website_url,
        not is_deleted as is_defined,
        row_number() over (
            partition by district_id, source_system, issuer_id
            order by
                case when is_deleted then 1 else 0 end,
                connection,
                case when issuer_name is null then 1 else 0 end,
                issuer_name
        ) as copy_number
    from issuers_of_platforms
),

defined_platform_issuers as (
    select
        district_id,
        source_system,
        issuer_id,
        issuer_url,
        issuer_name,
        website_url,
        is_defined,
        {{ normalised_name('issuer_name') }} as comparable_name
    from platform_issuers
    where copy_number = 1
),

ids_of_platform_issuers as (
    select distinct district_id, issuer_id
    from defined_platform_issuers
),

-- badge classes and assertions may name an issuer that the platform no longer lists
referenced_platform_issuers as (
    select district_id, issuer_id_badgr as issuer_id
    from {{ ref('stg_badgr__badge_classes') }}
    where issuer_id_badgr is not null
    union
    select district_id, issuer_id_badgr as issuer_id
    from {{ ref('stg_badgr__assertions') }}
    where issuer_id_badgr is not null
),

file_issuers as (
    select
        district_id,
        'open_badges' as source_system,
        issuer_id as source_issuer_id,
        {{ badge_object_id('issuer_id') }} as object_id,
        max(issuer_name) as issuer_name
    from {{ ref('stg_open_badges__credentials') }}
    where not is_deleted
    group by district_id, issuer_id
    union all
    -- a list knows an issuer by its name alone
    select
        district_id,
        'files' as source_system,
        source_issuer_id,
        source_issuer_id as object_id,
        max(issuer_name) as issuer_name
    from {{ ref('int_credentials__listed_awards_identified') }}
    where source_issuer_id is not null
    group by district_id, source_issuer_id
),

names_of_one_platform_issuer as (
    select
        district_id,
        comparable_name,
        min(issuer_id) as issuer_id
    from defined_platform_issuers
    where comparable_name is not null
    group by district_id, comparable_name
    having count(distinct issuer_id) = 1
),

-- the same issuer under another address is found by its id, then by its name where one issuer has it
resolved_file_issuers as (
    select
        file_issuers.district_id,
        file_issuers.source_system,
        file_issuers.source_issuer_id,
        file_issuers.issuer_name,
        coalesce(
            by_url.issuer_id,
            by_id.issuer_id,
            by_name.issuer_id,
            min(case when file_issuers.source_system = 'open_badges' then file_issuers.object_id end) over (
                partition by
                    file_issuers.district_id,
                    coalesce({{ normalised_name('file_issuers.issuer_name') }}, file_issuers.source_issuer_id)
            ),
            min(file_issuers.object_id) over (
                partition by
                    file_issuers.district_id,
                    coalesce({{ normalised_name('file_issuers.issuer_name') }}, file_issuers.source_issuer_id)
            )
        ) as issuer_id
    from file_issuers
    left join defined_platform_issuers as by_url
        on file_issuers.district_id = by_url.district_id
        and file_issuers.source_issuer_id = by_url.issuer_url
    left join ids_of_platform_issuers as by_id
        on file_issuers.district_id = by_id.district_id
        and file_issuers.object_id = by_id.issuer_id
    left join names_of_one_platform_issuer as by_name
        on file_issuers.district_id = by_name.district_id
        and {{ normalised_name('file_issuers.issuer_name') }} = by_name.comparable_name
),

issuer_ids as (
    select
        district_id,
        source_system,
        issuer_id as source_issuer_id,
        issuer_id,
        issuer_name,
        website_url,
        is_defined
    from defined_platform_issuers
    union all
    select
        referenced.district_id,
        'badgr' as source_system,
        referenced.issuer_id as source_issuer_id,
        referenced.issuer_id,
        cast(null as {{ dbt.type_string() }}) as issuer_name,
        cast(null as {{ dbt.type_string() }}) as website_url,
        false as is_defined
    from referenced_platform_issuers as referenced
    left join defined_platform_issuers as defined
        on referenced.district_id = defined.district_id
        and defined.source_system = 'badgr'
        and referenced.issuer_id = defined.issuer_id
    where defined.issuer_id is null
    union all
    select
        district_id,
        source_system,
        source_issuer_id,
        issuer_id,
        issuer_name,
        cast(null as {{ dbt.type_string() }}) as website_url,
        true as is_defined
    from resolved_file_issuers
)

select
    {{ surrogate_key(['source_system', 'source_issuer_id']) }} as issuer_source_key,
    {{ surrogate_key(['issuer_id']) }} as issuer_key,
    district_id,
    source_system,
    source_issuer_id,
    issuer_id,
    issuer_name,
    website_url,
    is_defined
from issuer_ids
