with

subjects as (
    select
        district_id,
        'issuer' as subject_kind,
        issuer_key as subject_key,
        issuer_key,
        cast(null as {{ dbt.type_string() }}) as micro_credential_key,
        cast(null as {{ dbt.type_string() }}) as assessor_id
    from {{ ref('dim_issuers') }}
    union all
    select
        district_id,
        'micro_credential' as subject_kind,
        micro_credential_key as subject_key,
        issuer_key,
        micro_credential_key,
        cast(null as {{ dbt.type_string() }}) as assessor_id
    from {{ ref('dim_micro_credentials') }}
    union all
    select distinct
        district_id,
        'assessor' as subject_kind,
        assessor_key as subject_key,
        cast(null as {{ dbt.type_string() }}) as issuer_key,
        cast(null as {{ dbt.type_string() }}) as micro_credential_key,
        assessor_id
    from {{ ref('int_issuers__submissions_judged') }}
    where assessor_key is not null
),

submissions as (
    {%- for kind in ['issuer', 'micro_credential', 'assessor'] %}
    select
        '{{ kind }}' as subject_kind, {{ kind }}_key as subject_key, assessor_key, outcome, attempt_number, is_decided,
        days_to_decision
    from {{ ref('int_issuers__submissions_judged') }}
    where {{ kind }}_key is not null
    {{- " union all" if not loop.last }}
    {%- endfor %}
),

submission_counts as (
    select
        subject_kind,
        subject_key,
        count(*) as submission_count,
        sum(case when is_decided then 1 else 0 end) as decided_count,
        sum(case when outcome = 'withdrawn' then 1 else 0 end) as withdrawn_count,
        sum(case when outcome = 'pending' then 1 else 0 end) as pending_count,
        count(distinct assessor_key) as assessor_count,
        avg(case when outcome = 'awarded' then cast(attempt_number as double precision) end) as mean_attempts,
        percentile_cont(0.5) within group (
            order by case when outcome = 'awarded' then cast(attempt_number as double precision) end
        ) as median_attempts,
        percentile_cont(0.5) within group (order by cast(days_to_decision as double precision)) as median_days_to_decision,
        percentile_cont(0.9) within group (order by cast(days_to_decision as double precision)) as p90_days_to_decision
    from submissions
    group by subject_kind, subject_key
),

awards as (
    {%- for kind in ['issuer', 'micro_credential'] %}
    select '{{ kind }}' as subject_kind, {{ kind }}_key as subject_key, is_revoked, is_expired, is_unverifiable
    from {{ ref('int_issuers__awards_judged') }}
    where {{ kind }}_key is not null
    {{- " union all" if not loop.last }}
    {%- endfor %}
),

award_counts as (
    select
        subject_kind,
        subject_key,
        count(*) as award_count,
        sum(case when is_revoked then 1 else 0 end) as revoked_count,
        sum(case when is_expired then 1 else 0 end) as expired_count,
        sum(case when is_unverifiable then 1 else 0 end) as unverifiable_count
    from awards
    group by subject_kind, subject_key
),

definitions as (
    {%- for kind in ['issuer', 'micro_credential'] %}
    select '{{ kind }}' as subject_kind, {{ kind }}_key as subject_key, hours_to_earn
    from {{ ref('dim_micro_credentials') }}
    where {{ kind }}_key is not null
    {{- " union all" if not loop.last }}
    {%- endfor %}
),

grain_sizes as (
    select
        subject_kind,
        subject_key,
        count(*) as micro_credential_count,
        min(hours_to_earn) as least_hours_to_earn,
        percentile_cont(0.5) within group (order by cast(hours_to_earn as double precision)) as median_hours_to_earn,
        max(hours_to_earn) as most_hours_to_earn
    from definitions
    group by subject_kind, subject_key
),

first_time_shares as (
    select
        subject_kind,
        subject_key,
        trial_count,
        share,
        interval_low,
        interval_high,
        other_share
    from {{ ref('int_issuers__shares_compared') }}
    where measure = 'first_time_award'
),

need_shares as (
    select
        subject_kind,
        subject_key,
        trial_count,
        case when share is not null then hit_count end as hit_count,
        share
    from {{ ref('int_issuers__shares_compared') }}
    where measure = 'need'
)

select
    {{ surrogate_key(['subjects.subject_kind', 'subjects.subject_key'], district_id='subjects.district_id') }} as issuer_quality_key,
    subjects.district_id,
    subjects.subject_kind,
    subjects.subject_key,
    subjects.issuer_key,
    subjects.micro_credential_key,
    subjects.assessor_id,
    cast(coalesce(submission_counts.submission_count, 0) as integer) as submission_count,
    cast(coalesce(submission_counts.decided_count, 0) as integer) as decided_count,
    cast(coalesce(submission_counts.withdrawn_count, 0) as integer) as withdrawn_count,
    cast(coalesce(submission_counts.pending_count, 0) as integer) as pending_count,
    cast(coalesce(submission_counts.assessor_count, 0) as integer) as assessor_count,
    cast(coalesce(first_time_shares.trial_count, 0) as integer) as first_decision_count,
    first_time_shares.share as first_time_award_share,
    first_time_shares.interval_low as first_time_award_low,
    first_time_shares.interval_high as first_time_award_high,
    first_time_shares.other_share as first_time_award_share_of_others,
    submission_counts.mean_attempts,
    submission_counts.median_attempts,
    submission_counts.median_days_to_decision,
    submission_counts.p90_days_to_decision,
    cast(coalesce(award_counts.award_count, 0) as integer) as award_count,
    cast(coalesce(award_counts.revoked_count, 0) as integer) as revoked_count,
    cast(coalesce(award_counts.expired_count, 0) as integer) as expired_count,
    cast(coalesce(award_counts.unverifiable_count, 0) as integer) as unverifiable_count,
    cast(coalesce(need_shares.trial_count, 0) as integer) as observed_holder_count,
    need_shares.hit_count as holder_in_need_count,
    need_shares.share as holder_in_need_share,
    cast(coalesce(grain_sizes.micro_credential_count, 0) as integer) as micro_credential_count,
    grain_sizes.least_hours_to_earn,
    grain_sizes.median_hours_to_earn,
    grain_sizes.most_hours_to_earn
from subjects
left join submission_counts
    on subjects.subject_kind = submission_counts.subject_kind
    and subjects.subject_key = submission_counts.subject_key
left join award_counts
    on subjects.subject_kind = award_counts.subject_kind
    and subjects.subject_key = award_counts.subject_key
left join grain_sizes
    on subjects.subject_kind = grain_sizes.subject_kind
    and subjects.subject_key = grain_sizes.subject_key
left join first_time_shares
    on subjects.subject_kind = first_time_shares.subject_kind
    and subjects.subject_key = first_time_shares.subject_key
left join need_shares
    on subjects.subject_kind = need_shares.subject_kind
    and subjects.subject_key = need_shares.subject_key
