-- a micro-credential awarded again is still one micro-credential
select
    {{ surrogate_key(['staff_key', 'competency_key']) }} as expertise_key,
    district_id,
    staff_key,
    competency_key,
    cast(count(distinct case when is_demonstrated then micro_credential_key end) as integer) as award_count,
    max(case when is_demonstrated then issued_date end) as latest_award_date
from {{ ref('int_expertise__awards_listed') }}
group by district_id, staff_key, competency_key
