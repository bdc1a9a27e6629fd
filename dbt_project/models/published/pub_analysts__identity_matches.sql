with

records as (
    select
        records.source_system,
        records.connection,
        records.stream,
        records.source_record_id,
        matched.match_method,
        matched.match_evidence,
        matched.match_source,
        matched.unmatched_reason,
        matched.what,
        case
            when refs.reference_email is not null then refs.reference_email
            else coalesce(refs.reference_employee_id, refs.reference_state_id, refs.reference_person_key)
        end as alias_value,
        case
            when refs.reference_email is not null then 'email'
            when refs.reference_employee_id is not null then 'employee_id'
            when refs.reference_state_id is not null then 'state_id'
            when refs.reference_person_key is not null then 'person_key'
        end as alias_kind
    from {{ ref('int_identity__records_referenced') }} as records
    inner join {{ ref('int_identity__staff_matched') }} as matched on records.reference_key = matched.reference_key
    inner join {{ ref('int_identity__person_references') }} as refs on records.reference_key = refs.reference_key
),

subjects_with_candidates as (
    select
        subjects.alias_kind,
        subjects.alias_value
    from {{ ref('int_identity__match_subjects') }} as subjects
    inner join {{ ref('int_identity__match_candidates') }} as candidates
        on subjects.match_subject_key = candidates.match_subject_key
    where subjects.alias_kind is not null
    group by subjects.alias_kind, subjects.alias_value
),

judged as (
    select
        records.source_system,
        records.connection,
        records.stream,
        case
            when records.match_method is not null then 'matched'
            when queued.alias_value is not null then 'queued'
            else 'unmatched'
        end as outcome,
        coalesce(records.match_method, records.unmatched_reason) as rule,
        coalesce(records.match_source, 'none') as rule_source
    from records
    left join subjects_with_candidates as queued
        on records.alias_kind = queued.alias_kind
        and records.alias_value = queued.alias_value
),

counted as (
    select
        source_system,
        connection,
        stream,
        outcome,
        rule,
        rule_source,
        count(*) as record_count
    from judged
    group by source_system, connection, stream, outcome, rule, rule_source
)

select
    source_system,
    connection,
    stream,
    outcome,
    rule,
    rule_source,
    cast(record_count as integer) as record_count,
    round(
        cast(record_count as double precision) / sum(record_count) over (partition by source_system, connection, stream),
        4
    ) as record_share
from counted
