{#-
    Each measure is a share: hits out of trials. An issuer and a micro-credential are compared with all
    others; an assessor with the other assessors of the same micro-credentials (the stratum), since those
    differ in what they ask for.
-#}
with

first_decisions as (
    select
        district_id,
        issuer_key,
        micro_credential_key,
        assessor_key,
        case when outcome = 'awarded' then 1 else 0 end as hit
    from {{ ref('int_issuers__submissions_judged') }}
    where is_decided and attempt_number = 1
),

awards as (
    select
        district_id,
        issuer_key,
        micro_credential_key,
        case when is_revoked then 1 else 0 end as revoked_hit,
        case when is_unverifiable then 1 else 0 end as unverifiable_hit,
        case when is_expired then 1 else 0 end as expired_hit,
        -- a micro-credential awarded again to one person tells no more
        case when not is_reissue then case when is_holder_in_need then 1 when not is_holder_in_need then 0 end end as need_hit
    from {{ ref('int_issuers__awards_judged') }}
),

trials as (
    select district_id, 'issuer' as subject_kind, issuer_key as subject_key, '' as stratum_key,
        'first_time_award' as measure, hit
    from first_decisions
    union all
    select district_id, 'micro_credential' as subject_kind, micro_credential_key as subject_key, '' as stratum_key,
        'first_time_award' as measure, hit
    from first_decisions
    union all
    select district_id, 'assessor' as subject_kind, assessor_key as subject_key, micro_credential_key as stratum_key,
        'first_time_award' as measure, hit
    from first_decisions
    where assessor_key is not null
    {%- for kind in ['issuer', 'micro_credential'] %}
    {%- for measure in ['revoked', 'unverifiable', 'expired', 'need'] %}
    union all
    select district_id, '{{ kind }}' as subject_kind, {{ kind }}_key as subject_key, '' as stratum_key,
        '{{ measure }}' as measure, {{ measure }}_hit as hit
    from awards
    {%- endfor %}
    {%- endfor %}
)

select
    {{ surrogate_key(['subject_kind', 'subject_key', 'stratum_key', 'measure']) }} as trial_key,
    district_id,
    subject_kind,
    subject_key,
    stratum_key,
    measure,
    cast(count(*) as integer) as trial_count,
    cast(sum(hit) as integer) as hit_count,
    -- expiry is a calendar's; one person's awards of an issuer share that person's needs and are no separate trials
    measure <> 'expired' and not (subject_kind = 'issuer' and measure = 'need') as is_tested
from trials
where subject_key is not null and stratum_key is not null and hit is not null
group by district_id, subject_kind, subject_key, stratum_key, measure
