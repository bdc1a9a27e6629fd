select
    micro_credential_key,
    district_id,
    micro_credential_id,
    micro_credential_name,
    issuer_key,
    stack_name,
    description,
    criteria_url,
    hours_to_earn,
    source_system,
    is_defined
from {{ ref('int_credentials__micro_credentials_unioned') }}
