with

award_records as (
    select
        records.award_record_key,
        records.district_id,
        records.source_system,
        records.connection,
        records.source_record_id,
        records.award_id,
        records.micro_credential_key,
        records.micro_credential_id,
        records.issuer_key,
        records.issued_at,
        records.issued_date,
        records.school_year,
        records.expires_at,
        records.expires_date,
        records.is_revoked,
        records.verification,
        records.has_evidence,
        matched.staff_key,
        coalesce(matched.staff_key, records.recipient_key, records.award_id) as person,
        case records.verification
            when 'verified' then 1
            when 'platform_reported' then 2
            when 'unverified' then 3
            when 'unknown' then 4
            else 5
        end as verification_order
    from {{ ref('int_credentials__awards_unioned') }} as records
    left join {{ ref('int_identity__staff_matched') }} as matched
        on records.reference_key = matched.reference_key
),

-- the same award under one id: as a platform's record, as a file, on another host; its strongest record
-- says whose it is
records_by_award_id as (
    select
        award_id,
        district_id,
        staff_key,
        person,
        micro_credential_key,
        issued_date,
        verification,
        verification_order,
        source_system,
        case when is_revoked then 0 else 1 end as revoked_first_order,
        row_number() over (
            partition by district_id, award_id
            order by
                verification_order,
                case when staff_key is null then 1 else 0 end,
                source_system,
                award_record_key
        ) as record_order
    from award_records
),

-- the same award under two ids (Open Badges 2.0 and 3.0): same person, micro-credential and date;
-- a platform has one id for an award, so two of its ids are two awards: one revoked, one given anew
award_ids as (
    select
        award_id,
        district_id,
        staff_key,
        case
            when verification = 'platform_reported' then award_id
            else first_value(award_id) over (
                partition by district_id, person, micro_credential_key, issued_date
                -- the platform's own id stays the award's, also where a file of it is verified
                order by
                    case when verification = 'platform_reported' then 0 else 1 end,
                    verification_order,
                    revoked_first_order,
                    source_system,
                    award_id
            )
        end as first_award_id
    from records_by_award_id
    where record_order = 1
),

records_by_award as (
    select
        award_records.award_record_key,
        award_records.district_id,
        award_ids.first_award_id as award_id,
        award_ids.staff_key,
        award_records.source_system,
        award_records.connection,
        award_records.source_record_id,
        award_records.micro_credential_key,
        award_records.micro_credential_id,
        award_records.issuer_key,
        award_records.issued_at,
        award_records.issued_date,
        award_records.school_year,
        award_records.expires_at,
        award_records.expires_date,
        award_records.verification,
        count(*) over (partition by award_records.district_id, award_ids.first_award_id) as record_count,
        max(case when award_records.is_revoked then 1 else 0 end)
            over (partition by award_records.district_id, award_ids.first_award_id) as revoked_record,
        max(case when award_records.has_evidence then 1 else 0 end)
            over (partition by award_records.district_id, award_ids.first_award_id) as evidence_record,
        row_number() over (
            partition by award_records.district_id, award_ids.first_award_id
            order by
                award_records.verification_order,
                case when award_records.award_id = award_ids.first_award_id then 0 else 1 end,
                award_records.source_system,
                award_records.award_record_key
        ) as record_order
    from award_records
    inner join award_ids
        on award_records.district_id = award_ids.district_id
        and award_records.award_id = award_ids.award_id
)

-- the strongest verification speaks for the award; a revocation in any record stands
select
    {{ surrogate_key(['award_id']) }} as credential_award_key,
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
    revoked_record = 1 as is_revoked,
    evidence_record = 1 as has_evidence,
    verification,
    record_count
from records_by_award
where record_order = 1
