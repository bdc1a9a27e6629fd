select
    consents.consent_key,
    consents.district_id,
    matched.staff_key,
    consents.consent_kind,
    consents.is_granted,
    consents.recorded_date,
    row_number() over (
        partition by coalesce(matched.staff_key, consents.reference_key), consents.consent_kind
        -- of two statements of one day the refusal holds
        order by consents.recorded_date desc, case when consents.is_granted then 1 else 0 end, consents.consent_key
    ) = 1 as is_newest,
    consents.source_system,
    consents.source_record_id
from {{ ref('int_staff__consents_referenced') }} as consents
left join {{ ref('int_identity__staff_matched') }} as matched on consents.reference_key = matched.reference_key
