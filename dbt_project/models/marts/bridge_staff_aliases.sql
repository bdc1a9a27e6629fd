select
    staff_alias_key,
    district_id,
    staff_key,
    alias_kind,
    alias_value,
    first_school_year,
    last_school_year,
    is_ambiguous
from {{ ref('int_identity__staff_aliases') }}
