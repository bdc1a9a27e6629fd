with

-- one need is a need, whatever else the micro-credential is aligned to; what was revoked or is not verified
-- says nothing of what its issuer asks for
observed_results as (
    select
        awards.credential_award_key,
        max(case when expertise.observed_result = 'observed_need' then 1 else 0 end) = 1 as is_holder_in_need
    from {{ ref('fct_credential_awards') }} as awards
    inner join {{ ref('bridge_alignments') }} as alignments
        on awards.micro_credential_key = alignments.item_key
        and alignments.item_type = 'micro_credential'
        and alignments.status = 'approved'
        and coalesce(alignments.valid_from_date <= awards.issued_date, true)
        and coalesce(alignments.valid_to_date >= awards.issued_date, true)
    inner join {{ ref('fct_expertise') }} as expertise
        on awards.staff_key = expertise.staff_key
        and alignments.competency_key = expertise.competency_key
    where
        not awards.is_revoked
        and awards.verification in ({{ sql_list(var('counted_verifications')) }})
        and expertise.observed_result is not null
    group by awards.credential_award_key
)

select
    awards.credential_award_key,
    awards.district_id,
    awards.issuer_key,
    awards.micro_credential_key,
    awards.is_revoked,
    awards.is_expired,
    awards.verification not in ({{ sql_list(var('counted_verifications')) }}) as is_unverifiable,
    observed_results.is_holder_in_need,
    coalesce(awards.is_reissue, false) as is_reissue
from {{ ref('fct_credential_awards') }} as awards
left join observed_results on awards.credential_award_key = observed_results.credential_award_key
