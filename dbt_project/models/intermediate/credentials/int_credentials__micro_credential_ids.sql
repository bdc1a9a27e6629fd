with

definitions_of_platforms as (
    select
        district_id,
        'badgr' as source_system,
        badge_class_id_badgr as micro_credential_id,
        badge_class_url,
        issuer_id_badgr as issuer_id,
        badge_class_name as micro_credential_name,
        description,
        criteria_url,
        {{ json_text('extensions', ['extensions:stack', 'name']) }} as stack_name,
        {{ number_from_text(json_text('extensions', ['extensions:hoursToEarn', 'hours'])) }} as hours_to_earn,
        alignments,
        is_deleted,
        _connection as connection
    from {{ ref('stg_badgr__badge_classes') }}
    union all
    select
        district_id,
        'credly' as source_system,
        badge_template_id_credly as micro_credential_id,
        cast(null as {{ dbt.type_string() }}) as badge_class_url,
        issuer_id_credly as issuer_id,
        badge_template_name as micro_credential_name,
        description,
        criteria_url,
        cast(null as {{ dbt.type_string() }}) as stack_name,
        cast(null as double precision) as hours_to_earn,
        alignments,
        is_deleted,
        _connection as connection
    from {{ ref('stg_credly__badge_templates') }}
),

platform_definitions as (
    select
        district_id,
        source_system,
        micro_credential_id,
        badge_class_url,
        issuer_id,
        micro_credential_name,
        description,
        criteria_url,
        stack_name,
        hours_to_earn,
        alignments,
        not is_deleted as is_defined,
        row_number() over (
            partition by district_id, source_system, micro_credential_id
            order by case when is_deleted then 1 else 0 end, connection
        ) as copy_number
    from definitions_of_platforms
),

defined_platform_definitions as (
    select
        district_id,
        source_system,
        micro_credential_id,
        badge_class_url,
        issuer_id,
        micro_credential_name,
        description,
        criteria_url,
        stack_name,
        hours_to_earn,
        alignments,
        is_defined,
        {{ normalised_name('micro_credential_name') }} as comparable_name
    from platform_definitions
    where copy_number = 1
),

ids_of_platform_definitions as (
    select distinct district_id, micro_credential_id
    from defined_platform_definitions
),

-- assertions may name a badge class that the platform no longer lists
referenced_definitions as (
    select
        district_id,
        'badgr' as source_system,
        badge_class_id_badgr as micro_credential_id,
        min(issuer_id_badgr) as issuer_id,
        cast(null as {{ dbt.type_string() }}) as micro_credential_name
    from {{ ref('stg_badgr__assertions') }}
    where badge_class_id_badgr is not null
    group by district_id, badge_class_id_badgr
    union all
    select
        district_id,
        'credly' as source_system,
        badge_template_id_credly as micro_credential_id,
        min(issuer_id_credly) as issuer_id,
        min(badge_template_name) as micro_credential_name
    from {{ ref('stg_credly__issued_badges') }}
    where badge_template_id_credly is not null
    group by district_id, badge_template_id_credly
),

file_achievements as (
    select
        credentials.district_id,
        'open_badges' as source_system,
        credentials.achievement_id as source_micro_credential_id,
        {{ badge_object_id('credentials.achievement_id') }} as object_id,
        min(issuer_ids.issuer_id) as issuer_id,
        max(credentials.achievement_name) as micro_credential_name,
        max(credentials.achievement_description) as description,
        max(credentials.alignments) as alignments
    from {{ ref('stg_open_badges__credentials') }} as credentials
    inner join {{ ref('int_credentials__issuer_ids') }} as issuer_ids
        on credentials.district_id = issuer_ids.district_id
        and issuer_ids.source_system = 'open_badges'
        and credentials.issuer_id = issuer_ids.source_issuer_id
    where not credentials.is_deleted
    group by credentials.district_id, credentials.achievement_id
    union all
    select
        listed.district_id,
        'files' as source_system,
        listed.source_micro_credential_id,
        {{ badge_object_id('listed.source_micro_credential_id') }} as object_id,
        min(issuer_ids.issuer_id) as issuer_id,
        max(listed.micro_credential_name) as micro_credential_name,
        cast(null as {{ dbt.type_string() }}) as description,
        cast(null as {{ dbt.type_string() }}) as alignments
    from {{ ref('int_credentials__listed_awards_identified') }} as listed
    inner join {{ ref('int_credentials__issuer_ids') }} as issuer_ids
        on listed.district_id = issuer_ids.district_id
        and issuer_ids.source_system = 'files'
        and listed.source_issuer_id = issuer_ids.source_issuer_id
    where listed.source_micro_credential_id is not null
    group by listed.district_id, listed.source_micro_credential_id
),

names_of_one_platform_definition as (
    select
        district_id,
        issuer_id,
        comparable_name,
        min(micro_credential_id) as micro_credential_id
    from defined_platform_definitions
    where comparable_name is not null
    group by district_id, issuer_id, comparable_name
    having count(distinct micro_credential_id) = 1
),

-- an Open Badges 3.0 copy has an id of its own: the same issuer's achievement of the same name is the same
resolved_file_achievements as (
    select
        achievements.district_id,
        achievements.source_system,
        achievements.source_micro_credential_id,
        achievements.issuer_id,
        achievements.micro_credential_name,
        achievements.description,
        achievements.alignments,
        coalesce(
            by_url.micro_credential_id,
            by_id.micro_credential_id,
            by_name.micro_credential_id,
            min(case when achievements.source_system = 'open_badges' then achievements.object_id end) over (
                partition by
                    achievements.district_id,
                    achievements.issuer_id,
                    coalesce(
                        {{ normalised_name('achievements.micro_credential_name') }},
                        achievements.source_micro_credential_id
                    )
            ),
            min(achievements.object_id) over (
                partition by
                    achievements.district_id,
                    achievements.issuer_id,
                    coalesce(
                        {{ normalised_name('achievements.micro_credential_name') }},
                        achievements.source_micro_credential_id
                    )
            )
        ) as micro_credential_id
    from file_achievements as achievements
    left join defined_platform_definitions as by_url
        on achievements.district_id = by_url.district_id
        and achievements.source_micro_credential_id = by_url.badge_class_url
    left join ids_of_platform_definitions as by_id
        on achievements.district_id = by_id.district_id
        and achievements.object_id = by_id.micro_credential_id
    left join names_of_one_platform_definition as by_name
        on achievements.district_id = by_name.district_id
        and achievements.issuer_id = by_name.issuer_id
        and {{ normalised_name('achievements.micro_credential_name') }} = by_name.comparable_name
),

definitions as (
    select
        district_id,
        source_system,
        micro_credential_id as source_micro_credential_id,
        micro_credential_id,
        issuer_id,
        micro_credential_name,
        description,
        criteria_url,
        stack_name,
        hours_to_earn,
        alignments,
        is_defined
    from defined_platform_definitions
    union all
    select
        referenced.district_id,
        referenced.source_system,
        referenced.micro_credential_id as source_micro_credential_id,
        referenced.micro_credential_id,
        referenced.issuer_id,
        referenced.micro_credential_name,
        cast(null as {{ dbt.type_string() }}) as description,
        cast(null as {{ dbt.type_string() }}) as criteria_url,
        cast(null as {{ dbt.type_string() }}) as stack_name,
        cast(null as double precision) as hours_to_earn,
        cast(null as {{ dbt.type_string() }}) as alignments,
        false as is_defined
    from referenced_definitions as referenced
    left join defined_platform_definitions as defined
        on referenced.district_id = defined.district_id
        and referenced.source_system = defined.source_system
        and referenced.micro_credential_id = defined.micro_credential_id
    where defined.micro_credential_id is null
    union all
    select
        district_id,
        source_system,
        source_micro_credential_id,
        micro_credential_id,
        issuer_id,
        micro_credential_name,
        description,
        cast(null as {{ dbt.type_string() }}) as criteria_url,
        cast(null as {{ dbt.type_string() }}) as stack_name,
        cast(null as double precision) as hours_to_earn,
        alignments,
        true as is_defined
    from resolved_file_achievements
)

select
    {{ surrogate_key(['source_system', 'source_micro_credential_id']) }} as micro_credential_source_key,
    {{ surrogate_key(['micro_credential_id']) }} as micro_credential_key,
    district_id,
    source_system,
    source_micro_credential_id,
    micro_credential_id,
    issuer_id,
    {{ surrogate_key(['issuer_id']) }} as issuer_key,
    micro_credential_name,
    description,
    criteria_url,
    stack_name,
    hours_to_earn,
    alignments,
    is_defined
from definitions
