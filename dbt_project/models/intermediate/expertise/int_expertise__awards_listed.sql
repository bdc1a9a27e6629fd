with

alignments as (
    select
        item_key as micro_credential_key,
        competency_key,
        valid_from_date,
        valid_to_date
    from {{ ref('int_credentials__alignments_unioned') }}
    where item_type = 'micro_credential' and status = 'approved' and competency_key is not null
)

select
    {{ surrogate_key(['awards.credential_award_key', 'alignments.competency_key'], district_id='awards.district_id') }} as award_item_key,
    awards.district_id,
    awards.staff_key,
    alignments.competency_key,
    awards.credential_award_key,
    awards.micro_credential_key,
    awards.source_system,
    awards.source_record_id,
    awards.issued_date,
    awards.expires_date,
    awards.is_earned,
    awards.is_demonstrated,
    awards.remark
from {{ ref('int_credentials__awards_assessed') }} as awards
inner join alignments
    on awards.micro_credential_key = alignments.micro_credential_key
    and (alignments.valid_from_date is null or awards.issued_date >= alignments.valid_from_date)
    and (alignments.valid_to_date is null or awards.issued_date <= alignments.valid_to_date)
where awards.staff_key is not null
