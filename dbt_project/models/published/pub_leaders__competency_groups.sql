select
    subject_key as competency_group_key,
    district_id,
    subject_id as group_id,
    subject_name as group_name,
    competency_key
from {{ ref('int_coverage__subjects') }}
where subject_kind = 'competency group'
