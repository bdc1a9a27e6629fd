with

flagged as (
    select
        shares.district_id,
        shares.subject_kind,
        shares.subject_key,
        shares.measure,
        shares.trial_count,
        {{ percent('shares.share') }} || ' %' as share_text,
        {{ percent('shares.interval_low') }} || '-' || {{ percent('shares.interval_high') }} as interval_text,
        {{ percent('shares.other_share') }} || ' %' as other_text,
        shares.share > shares.other_share as is_above_others,
        quality.issuer_key,
        issuers.issuer_name,
        quality.micro_credential_key,
        definitions.micro_credential_name,
        quality.assessor_id
    from {{ ref('int_issuers__shares_compared') }} as shares
    inner join {{ ref('fct_issuer_quality') }} as quality
        on shares.subject_kind = quality.subject_kind
        and shares.subject_key = quality.subject_key
    left join {{ ref('dim_issuers') }} as issuers on quality.issuer_key = issuers.issuer_key
    left join {{ ref('dim_micro_credentials') }} as definitions
        on quality.micro_credential_key = definitions.micro_credential_key
    where shares.is_flagged
),

named as (
    select
        district_id,
        subject_kind,
        subject_key,
        measure,
        share_text,
        interval_text,
        other_text,
        is_above_others,
        trial_count,
        issuer_key,
        micro_credential_key,
        assessor_id,
        case subject_kind
            when 'issuer' then coalesce(issuer_name, 'An issuer without a name')
            when 'micro_credential' then coalesce(micro_credential_name, 'A micro-credential without a name')
            else 'Assessor ' || assessor_id
        end as subject_name
    from flagged
)

-- a question to ask, never a verdict
select
    {{ surrogate_key(['subject_kind', 'subject_key', 'measure']) }} as issuer_question_key,
    district_id,
    subject_kind,
    issuer_key,
    micro_credential_key,
    assessor_id,
    measure,
    trial_count,
    case
        when measure = 'first_time_award' and subject_kind = 'assessor' then
            subject_name || ' awards ' || share_text || ' at first attempt (interval ' || interval_text
            || ') where others award ' || other_text || ' of the same micro-credentials: ask how evidence is judged.'
        when measure = 'first_time_award' then
            subject_name || ': ' || share_text || ' are awarded at first attempt (interval ' || interval_text
            || '), elsewhere ' || other_text || ': ask '
            || case when is_above_others then 'what the rubric asks for.' else 'whether what is asked for is clear.' end
        when measure = 'revoked' then
            subject_name || ': ' || share_text || ' of the awards are revoked (interval ' || interval_text || '), elsewhere '
            || other_text || ': ask why.'
        when measure = 'unverifiable' then
            subject_name || ': ' || share_text || ' of the awards can not be verified (interval ' || interval_text
            || '), elsewhere ' || other_text || ': ask how they are issued and kept.'
        else
            subject_name || ': ' || share_text || ' of the holders who are observed in the practice are observed in need of it'
            || ' (interval ' || interval_text || '), elsewhere ' || other_text || ': ask '
            || case
                when is_above_others then 'whether the evidence shows the practice.'
                else 'what makes its evidence tell of the practice.'
            end
    end as question
from named
