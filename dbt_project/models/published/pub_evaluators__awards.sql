-- no key or id that another audience's release carries: it would undo the pseudonyms
select
    awards.staff_key,
    awards.district_id,
    cast(
        row_number() over (
            partition by awards.staff_key
            order by awards.issued_date, definitions.micro_credential_name, awards.credential_award_key
        ) as integer
    ) as award_number,
    awards.school_year,
    awards.issued_date,
    awards.expires_date,
    definitions.micro_credential_name,
    definitions.stack_name,
    definitions.hours_to_earn,
    issuers.issuer_name,
    awards.verification,
    awards.is_revoked,
    awards.is_expired,
    awards.is_issuer_approved,
    awards.is_earned,
    awards.is_demonstrated,
    awards.is_reissue
from {{ ref('fct_credential_awards') }} as awards
left join {{ ref('dim_micro_credentials') }} as definitions
    on awards.micro_credential_key = definitions.micro_credential_key
left join {{ ref('dim_issuers') }} as issuers on awards.issuer_key = issuers.issuer_key
where awards.staff_key is not null
