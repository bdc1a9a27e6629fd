select
    merged.staff_key,
    min(records.roster_rank) as roster_rank,
    min(records.first_school_year) as first_school_year,
    max(records.last_school_year) as last_school_year,
    min(case when records.is_deleted then 1 else 0 end) = 1 as is_deleted
from {{ ref('int_identity__roster_records_merged') }} as merged
inner join {{ ref('int_identity__roster_records') }} as records
    on merged.roster_record_key = records.roster_record_key
where merged.staff_key is not null
group by merged.staff_key
