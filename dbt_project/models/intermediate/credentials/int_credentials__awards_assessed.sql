with

settings as (
    select
        district_id,
        as_of_date
    from {{ ref('stg_pipeline__settings') }}
),

approvals as (
    select
        district_id,
        comparable_issuer_name,
        micro_credential_id,
        approved_from_date,
        approved_to_date
    from {{ ref('int_credentials__issuer_approvals_matched') }}
),

approval_counts as (
    select count(*) as approval_count
    from approvals
),

approved_awards as (
    select distinct awards.credential_award_key
    from {{ ref('int_credentials__awards_deduplicated') }} as awards
    inner join {{ ref('int_credentials__issuers_unioned') }} as issuers
        on awards.issuer_key = issuers.issuer_key
    inner join approvals
        on awards.district_id = approvals.district_id
        and {{ approval_covers('approvals', 'issuers.comparable_name', 'awards.micro_credential_id', 'awards.issued_date') }}
),

awards as (
    select
        awards.credential_award_key,
        awards.district_id,
        awards.award_id,
        awards.staff_key,
        awards.micro_credential_key,
        awards.micro_credential_id,
        awards.issuer_key,
        awards.source_system,
        awards.connection,
        awards.source_record_id,
        awards.issued_at,
        awards.issued_date,
        awards.school_year,
        awards.expires_at,
        awards.expires_date,
        awards.is_revoked,
        awards.has_evidence,
        awards.verification,
        awards.record_count,
        awards.verification in ({{ sql_list(var('counted_verifications')) }}) as is_verification_enough,
        coalesce(awards.expires_date < settings.as_of_date, false) as is_expired,
        awards.issued_date > settings.as_of_date as is_in_future,
        case when approval_counts.approval_count > 0 then approved_awards.credential_award_key is not null end as is_issuer_approved
    from {{ ref('int_credentials__awards_deduplicated') }} as awards
    inner join settings on awards.district_id = settings.district_id
    cross join approval_counts
    left join approved_awards on awards.credential_award_key = approved_awards.credential_award_key
),

judged_awards as (
    select
        credential_award_key,
        district_id,
        award_id,
        staff_key,
        micro_credential_key,
        micro_credential_id,
        issuer_key,
        source_system,
        connection,
        source_record_id,
        issued_at,
        issued_date,
        school_year,
        expires_at,
        expires_date,
        is_revoked,
        is_expired,
        has_evidence,
        verification,
        is_issuer_approved,
        record_count,
        -- earned stays earned after expiry; demonstrated is what counts today
        is_verification_enough and not is_revoked and not is_in_future and coalesce(is_issuer_approved, true) as is_earned,
        is_verification_enough
        and not is_revoked
        and not is_in_future
        and not is_expired
        and coalesce(is_issuer_approved, true) as is_demonstrated,
        case
            when is_revoked then 'revoked: does not count'
            when not is_verification_enough then verification || ': does not count'
            when is_in_future then 'issued on ' || {{ iso_date('issued_date') }} || ', in the future: does not count'
            when is_issuer_approved = false then 'issuer not approved on the award date: does not count'
            when is_expired then 'expired on ' || {{ iso_date('expires_date') }} || ': does not count'
        end as remark
    from awards
)

select
    credential_award_key,
    district_id,
    award_id,
    staff_key,
    micro_credential_key,
    micro_credential_id,
    issuer_key,
    source_system,
    connection,
    source_record_id,
    issued_at,
    issued_date,
    school_year,
    expires_at,
    expires_date,
    is_revoked,
    is_expired,
    has_evidence,
    verification,
    is_issuer_approved,
    record_count,
    is_earned,
    is_demonstrated,
    case
        when staff_key is not null then
            row_number() over (
                partition by staff_key, micro_credential_key, is_earned
                order by issued_at, credential_award_key
            ) > 1
    end as is_reissue,
    remark
from judged_awards
