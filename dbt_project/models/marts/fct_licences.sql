select
    licences.licence_key,
    licences.district_id,
    matched.staff_key,
    licences.person_key,
    licences.source_system,
    licences.source_record_id,
    licences.licence_id,
    licences.issuing_state,
    licences.licence_type,
    licences.licence_field,
    licences.licence_status,
    licences.licence_title,
    licences.issued_date,
    licences.effective_date,
    licences.expires_date
from {{ ref('int_staff__licences_referenced') }} as licences
left join {{ ref('int_identity__staff_matched') }} as matched
    on licences.reference_key = matched.reference_key
