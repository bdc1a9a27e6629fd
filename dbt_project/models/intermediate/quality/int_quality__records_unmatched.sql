with

unmatched_records as (
    select
        records.district_id,
        records.source_system,
        records.connection,
        records.stream,
        records.source_record_id,
        min(matched.unmatched_reason) as unmatched_reason,
        min(matched.what) as what
    from {{ ref('int_identity__records_referenced') }} as records
    inner join {{ ref('int_identity__staff_matched') }} as matched on records.reference_key = matched.reference_key
    where matched.staff_key is null
    group by
        records.district_id,
        records.source_system,
        records.connection,
        records.stream,
        records.source_record_id
),

ambiguous_roster_records as (
    select
        merged.district_id,
        merged.roster_platform as source_system,
        roster_records.connection,
        case merged.roster_platform when 'files' then 'roster' when 'edfi' then 'staffs' else 'users' end as stream,
        merged.roster_id as source_record_id,
        'ambiguous' as unmatched_reason,
        'roster record' as what
    from {{ ref('int_identity__roster_records_merged') }} as merged
    inner join {{ ref('int_identity__roster_records') }} as roster_records
        on merged.roster_record_key = roster_records.roster_record_key
    where merged.staff_key is null
),

holders_of_state_ids as (
    select
        district_id,
        alias_value as state_id,
        max(case when is_ambiguous then 1 else 0 end) as is_ambiguous
    from {{ ref('int_identity__staff_aliases') }}
    where alias_kind = 'state_id'
    group by district_id, alias_value
),

rosters as (
    select count(*) as person_count
    from {{ ref('int_identity__roster_records') }}
),

-- an information system's assignments name nobody but by state staff id
unmatched_assignments as (
    select
        assignments.district_id,
        'edfi' as source_system,
        assignments._connection as connection,
        'staff_assignments' as stream,
        assignments.staff_assignment_id_edfi as source_record_id,
        case
            when rosters.person_count = 0 then 'no_roster'
            when holders.state_id is null then 'no_match'
            else 'ambiguous'
        end as unmatched_reason,
        'state staff id' as what
    from {{ ref('stg_edfi__staff_assignments') }} as assignments
    cross join rosters
    left join holders_of_state_ids as holders
        on assignments.district_id = holders.district_id
        and assignments.staff_unique_id = holders.state_id
    where not assignments.is_deleted and coalesce(holders.is_ambiguous, 1) = 1
)

select district_id, source_system, connection, stream, source_record_id, unmatched_reason, what
from unmatched_records
union all
select district_id, source_system, connection, stream, source_record_id, unmatched_reason, what
from ambiguous_roster_records
union all
select district_id, source_system, connection, stream, source_record_id, unmatched_reason, what
from unmatched_assignments
