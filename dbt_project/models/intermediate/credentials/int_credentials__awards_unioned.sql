with

settings as (
    select
        timezone,
        school_year_start_month,
        school_year_start_day
    from {{ ref('stg_pipeline__settings') }}
),

awards_of_badgr as (
    select
        district_id,
        'badgr' as source_system,
        _connection as connection,
        'assertions' as stream,
        assertion_id_badgr as source_record_id,
        assertion_id_badgr as record_id,
        assertion_id_badgr as award_id,
        badge_class_id_badgr as source_micro_credential_id,
        issuer_id_badgr as source_issuer_id,
        cast(null as {{ dbt.type_string() }}) as employee_id,
        recipient_type,
        case
            when recipient_plaintext_identity is not null then recipient_plaintext_identity
            when not coalesce(is_recipient_hashed, false) then recipient_identity
        end as plain_identity,
        case when coalesce(is_recipient_hashed, false) then recipient_identity end as hashed_identity,
        recipient_salt,
        issued_at,
        expires_at,
        is_revoked,
        'platform_reported' as verification,
        cast(null as {{ dbt.type_string() }}) as open_badges_version,
        evidence_urls
    from {{ ref('stg_badgr__assertions') }}
    where not is_deleted
),

awards_of_credly as (
    select
        badges.district_id,
        'credly' as source_system,
        badges._connection as connection,
        'issued_badges' as stream,
        badges.badge_id_credly as source_record_id,
        badges.badge_id_credly as record_id,
        badges.badge_id_credly as award_id,
        badges.badge_template_id_credly as source_micro_credential_id,
        coalesce(badges.issuer_id_credly, templates.issuer_id_credly) as source_issuer_id,
        badges.employee_id,
        'email' as recipient_type,
        badges.recipient_email as plain_identity,
        cast(null as {{ dbt.type_string() }}) as hashed_identity,
        cast(null as {{ dbt.type_string() }}) as recipient_salt,
        badges.issued_at,
        badges.expires_at,
        badges.is_revoked,
        'platform_reported' as verification,
        cast(null as {{ dbt.type_string() }}) as open_badges_version,
        badges.evidence_urls
    from {{ ref('stg_credly__issued_badges') }} as badges
    left join {{ ref('stg_credly__badge_templates') }} as templates
        on badges.district_id = templates.district_id
        and badges._connection = templates._connection
        and badges.badge_template_id_credly = templates.badge_template_id_credly
    where not badges.is_deleted
),

urls_of_platform_awards as (
    select district_id, assertion_url as award_url, assertion_id_badgr as award_id
    from {{ ref('stg_badgr__assertions') }}
    where not is_deleted and assertion_url is not null
    union all
    select district_id, badge_url as award_url, badge_id_credly as award_id
    from {{ ref('stg_credly__issued_badges') }}
    where not is_deleted and badge_url is not null
),

addresses_of_platform_awards as (
    select
        district_id,
        award_url,
        min(award_id) as award_id
    from urls_of_platform_awards
    group by district_id, award_url
),

file_awards as (
    select
        credentials.district_id,
        'open_badges' as source_system,
        credentials._connection as connection,
        'credentials' as stream,
        {{ badge_object_id('credentials.credential_id') }} as source_record_id,
        credentials.credential_id || '|' || credentials.issuer_id || '|' || credentials.open_badges_version as record_id,
        coalesce(addresses.award_id, {{ badge_object_id('credentials.credential_id') }}) as award_id,
        credentials.achievement_id as source_micro_credential_id,
        credentials.issuer_id as source_issuer_id,
        cast(null as {{ dbt.type_string() }}) as employee_id,
        credentials.recipient_type,
        case when not coalesce(credentials.is_recipient_hashed, false) then credentials.recipient_identity end as plain_identity,
        case when coalesce(credentials.is_recipient_hashed, false) then credentials.recipient_identity end as hashed_identity,
        credentials.recipient_salt,
        credentials.issued_at,
        credentials.expires_at,
        credentials.is_revoked,
        credentials.verification,
        credentials.open_badges_version,
        credentials.evidence_urls
    from {{ ref('stg_open_badges__credentials') }} as credentials
    left join addresses_of_platform_awards as addresses
        on credentials.district_id = addresses.district_id
        and credentials.credential_id = addresses.award_url
    where not credentials.is_deleted
),

-- what a list says of an award is checked nowhere
listed_awards as (
    select
        district_id,
        'files' as source_system,
        connection,
        'credential_awards' as stream,
        source_record_id,
        source_record_id as record_id,
        award_id,
        source_micro_credential_id,
        source_issuer_id,
        employee_id,
        'email' as recipient_type,
        email as plain_identity,
        cast(null as {{ dbt.type_string() }}) as hashed_identity,
        cast(null as {{ dbt.type_string() }}) as recipient_salt,
        issued_at,
        expires_at,
        is_revoked,
        'unverified' as verification,
        cast(null as {{ dbt.type_string() }}) as open_badges_version,
        evidence_url as evidence_urls
    from {{ ref('int_credentials__listed_awards_identified') }}
),

{% set columns = [
    'district_id', 'source_system', 'connection', 'stream', 'source_record_id', 'record_id', 'award_id',
    'source_micro_credential_id', 'source_issuer_id', 'employee_id', 'recipient_type', 'plain_identity', 'hashed_identity',
    'recipient_salt', 'issued_at', 'expires_at', 'is_revoked', 'verification', 'open_badges_version', 'evidence_urls',
] | join(', ') -%}
awards as (
    select {{ columns }} from awards_of_badgr
    union all
    select {{ columns }} from awards_of_credly
    union all
    select {{ columns }} from file_awards
    union all
    select {{ columns }} from listed_awards
),

dated_awards as (
    select
        awards.district_id,
        awards.source_system,
        awards.connection,
        awards.stream,
        awards.source_record_id,
        awards.record_id,
        awards.award_id,
        awards.employee_id,
        awards.plain_identity,
        awards.hashed_identity,
        awards.recipient_salt,
        case when coalesce(awards.recipient_type, 'email') = 'email' then awards.plain_identity end as email,
        case
            when coalesce(awards.recipient_type, 'email') = 'email' and awards.plain_identity is null
                then awards.hashed_identity
        end as email_hash,
        awards.issued_at,
        {{ local_date('awards.issued_at', 'settings.timezone') }} as issued_date,
        awards.expires_at,
        {{ local_date('awards.expires_at', 'settings.timezone') }} as expires_date,
        coalesce(awards.is_revoked, false) as is_revoked,
        awards.verification,
        awards.open_badges_version,
        coalesce(awards.evidence_urls, '[]') <> '[]' as has_evidence,
        definitions.micro_credential_key,
        definitions.micro_credential_id,
        issuers.issuer_key,
        settings.school_year_start_month,
        settings.school_year_start_day
    from awards
    cross join settings
    left join {{ ref('int_credentials__micro_credential_ids') }} as definitions
        on awards.district_id = definitions.district_id
        and awards.source_system = definitions.source_system
        and awards.source_micro_credential_id = definitions.source_micro_credential_id
    left join {{ ref('int_credentials__issuer_ids') }} as issuers
        on awards.district_id = issuers.district_id
        and awards.source_system = issuers.source_system
        and awards.source_issuer_id = issuers.source_issuer_id
)

select
    {{ surrogate_key(['source_system', 'connection', 'record_id']) }} as award_record_key,
    district_id,
    source_system,
    connection,
    stream,
    source_record_id,
    award_id,
    micro_credential_key,
    micro_credential_id,
    issuer_key,
    {{ surrogate_key([normalised_email('coalesce(plain_identity, hashed_identity)')]) }} as recipient_key,
    issued_at,
    issued_date,
    {{ school_year_of('issued_date', 'dated_awards') }} as school_year,
    expires_at,
    expires_date,
    is_revoked,
    verification,
    open_badges_version,
    has_evidence,
    {{ person_reference(
        employee_id='employee_id', email='email', email_hash='email_hash', email_salt='recipient_salt',
        school_year=school_year_of('issued_date', 'dated_awards')
    ) }}
from dated_awards
