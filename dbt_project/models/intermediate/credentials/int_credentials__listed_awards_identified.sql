with

settings as (
    select
        district_id,
        timezone
    from {{ ref('stg_pipeline__settings') }}
),

listed_awards as (
    select
        district_id,
        _connection as connection,
        award_id as source_record_id,
        employee_id,
        email,
        nullif(trim(micro_credential_id), '') as stated_micro_credential_id,
        micro_credential_name,
        issuer_name,
        {{ normalised_name('issuer_name') }} as source_issuer_id,
        issued_date,
        expires_date,
        revoked_date is not null or coalesce(award_status = 'revoked', false) as is_revoked,
        evidence_url
    from {{ ref('stg_files__credential_awards') }}
    where not is_deleted
)

select
    {{ surrogate_key(['listed_awards.connection', 'listed_awards.source_record_id'], district_id='listed_awards.district_id') }} as listed_award_key,
    listed_awards.district_id,
    listed_awards.connection,
    listed_awards.source_record_id,
    -- a list's own number says nothing elsewhere; an address is the award itself
    case
        when listed_awards.source_record_id like '%/%' then {{ badge_object_id('listed_awards.source_record_id') }}
        else listed_awards.connection || ':' || listed_awards.source_record_id
    end as award_id,
    listed_awards.employee_id,
    listed_awards.email,
    coalesce(
        listed_awards.stated_micro_credential_id,
        listed_awards.source_issuer_id || '|' || {{ normalised_name('listed_awards.micro_credential_name') }}
    ) as source_micro_credential_id,
    listed_awards.micro_credential_name,
    listed_awards.source_issuer_id,
    listed_awards.issuer_name,
    {{ start_of_local_date('listed_awards.issued_date', 'settings.timezone') }} as issued_at,
    {{ start_of_local_date('listed_awards.expires_date', 'settings.timezone') }} as expires_at,
    listed_awards.is_revoked,
    listed_awards.evidence_url
from listed_awards
inner join settings on listed_awards.district_id = settings.district_id
