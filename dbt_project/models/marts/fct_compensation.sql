select
    compensation.compensation_key,
    compensation.district_id,
    matched.staff_key,
    compensation.school_year,
    compensation.source_system,
    compensation.source_record_id,
    compensation.salary_usd,
    compensation.benefit_share,
    compensation.contract_days,
    compensation.hours_per_day,
    compensation.stipend_usd,
    compensation.credential_pay_usd
from {{ ref('int_staff__compensation_referenced') }} as compensation
left join {{ ref('int_identity__staff_matched') }} as matched
    on compensation.reference_key = matched.reference_key
