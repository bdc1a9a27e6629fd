select
    issuer_key,
    district_id,
    issuer_id,
    issuer_name,
    website_url,
    source_system,
    is_defined
from {{ ref('int_credentials__issuers_unioned') }}
