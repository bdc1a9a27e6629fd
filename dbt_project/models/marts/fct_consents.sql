with

settings as (
    select
        district_id,
        timezone
    from {{ ref('stg_pipeline__settings') }}
),

consents_of_files as (
    select
        consents.consent_key,
        consents.district_id,
        matched.staff_key,
        coalesce(matched.staff_key, consents.reference_key) as person_key,
        consents.consent_kind,
        consents.is_granted,
        consents.recorded_date,
        0 as is_replaced,
        consents.source_system,
        consents.source_record_id
    from {{ ref('int_staff__consents_referenced') }} as consents
    left join {{ ref('int_identity__staff_matched') }} as matched on consents.reference_key = matched.reference_key
),

-- what was revoked was never said; what was replaced an hour later was, and no longer holds
consents_decided as (
    select
        decisions.decision_key as consent_key,
        decisions.district_id,
        citations.staff_key,
        coalesce(citations.staff_key, decisions.subject_source || '|' || decisions.subject_id) as person_key,
        decisions.target_id as consent_kind,
        decisions.decision = 'granted' as is_granted,
        {{ local_date('decisions.decided_at', 'settings.timezone') }} as recorded_date,
        case when decisions.is_newest then 0 else 1 end as is_replaced,
        'decisions' as source_system,
        decisions.decision_id as source_record_id
    from {{ ref('int_decisions__decisions_ranked') }} as decisions
    inner join settings on decisions.district_id = settings.district_id
    left join {{ ref('int_decisions__staff_cited') }} as citations
        on decisions.decision_key = citations.decision_key
        and citations.cited_as = 'subject'
    where decisions.decision_kind = 'consent' and not decisions.is_revoked
),

consents as (
    select
        consent_key, district_id, staff_key, person_key, consent_kind, is_granted, recorded_date, is_replaced,
        source_system, source_record_id
    from consents_of_files
    union all
    select
        consent_key, district_id, staff_key, person_key, consent_kind, is_granted, recorded_date, is_replaced,
        source_system, source_record_id
    from consents_decided
)

select
    consent_key,
    district_id,
    staff_key,
    consent_kind,
    is_granted,
    recorded_date,
    row_number() over (
        partition by person_key, consent_kind
        -- of two statements of one day that no instant puts in order, the refusal holds
        order by recorded_date desc, is_replaced, case when is_granted then 1 else 0 end, consent_key
    ) = 1 as is_newest,
    source_system,
    source_record_id
from consents
