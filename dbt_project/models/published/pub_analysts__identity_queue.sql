{%- set text = dbt.type_string() -%}
with

subjects as (
    select
        match_subject_key,
        district_id,
        subject_source,
        subject_id,
        alias_kind,
        alias_value,
        reason,
        first_name,
        last_name,
        email,
        record_count,
        first_school_year,
        last_school_year,
        roster_record_key
    from {{ ref('int_identity__match_subjects') }}
),

candidates as (
    select
        match_subject_key,
        staff_key,
        candidate_rank,
        score,
        evidence
    from {{ ref('int_identity__match_candidates') }}
),

-- two decisions that contradict each other apply neither, until a person takes one back
contradictions as (
    select
        decisions.district_id,
        decisions.subject_source,
        decisions.subject_id,
        decisions.alias_kind,
        decisions.alias_value
    from {{ ref('int_identity__decisions_read') }} as decisions
    inner join {{ ref('int_identity__roster_records_merged') }} as people
        on decisions.target_record_key = people.roster_record_key
    where decisions.decision = 'same' and decisions.is_known
        and (decisions.alias_kind is not null or decisions.is_contradicted)
    group by
        decisions.district_id,
        decisions.subject_source,
        decisions.subject_id,
        decisions.alias_kind,
        decisions.alias_value
    having count(distinct people.staff_key) > 1
),

contradicting_decisions as (
    select
        {{ surrogate_key(['contradictions.subject_source', 'contradictions.subject_id'], district_id='contradictions.district_id') }} as match_subject_key,
        contradictions.district_id,
        contradictions.subject_source,
        contradictions.subject_id,
        people.staff_key,
        row_number() over (
            partition by contradictions.district_id, contradictions.subject_source, contradictions.subject_id
            order by decisions.decided_at desc, decisions.decision_id
        ) as candidate_rank,
        'decided to be the same, as somebody else was' as evidence
    from contradictions
    inner join {{ ref('int_identity__decisions_read') }} as decisions
        on contradictions.district_id = decisions.district_id
        and contradictions.subject_source = decisions.subject_source
        and contradictions.subject_id = decisions.subject_id
        and decisions.decision = 'same'
        and decisions.is_known
    inner join {{ ref('int_identity__roster_records_merged') }} as people
        on decisions.target_record_key = people.roster_record_key
),

listed as (
    select
        subjects.match_subject_key,
        subjects.district_id,
        subjects.subject_source,
        subjects.subject_id,
        subjects.reason,
        subjects.first_name,
        subjects.last_name,
        subjects.email,
        subjects.record_count,
        subjects.first_school_year,
        subjects.last_school_year,
        candidates.staff_key,
        coalesce(candidates.candidate_rank, 1) as candidate_rank,
        candidates.score,
        candidates.evidence
    from subjects
    left join candidates on subjects.match_subject_key = candidates.match_subject_key
    left join contradicting_decisions as contradicting on subjects.match_subject_key = contradicting.match_subject_key
    where contradicting.match_subject_key is null
        and (candidates.match_subject_key is not null or subjects.roster_record_key is null)
    union all
    select
        contradicting.match_subject_key,
        contradicting.district_id,
        contradicting.subject_source,
        contradicting.subject_id,
        'contradicting_decisions' as reason,
        subjects.first_name,
        subjects.last_name,
        subjects.email,
        coalesce(subjects.record_count, 0) as record_count,
        subjects.first_school_year,
        subjects.last_school_year,
        contradicting.staff_key,
        contradicting.candidate_rank,
        cast(null as integer) as score,
        contradicting.evidence
    from contradicting_decisions as contradicting
    left join subjects on contradicting.match_subject_key = subjects.match_subject_key
),

schools as (
    select school_key, school_name
    from {{ ref('dim_schools') }}
)

select
    substr(listed.match_subject_key, 1, 10) as item_id,
    listed.district_id,
    listed.reason,
    listed.subject_source,
    listed.subject_id,
    nullif(trim(coalesce(listed.first_name, '') || ' ' || coalesce(listed.last_name, '')), '') as subject_name,
    listed.email as subject_email,
    cast(listed.record_count as integer) as record_count,
    cast(listed.first_school_year as integer) as first_school_year,
    cast(listed.last_school_year as integer) as last_school_year,
    cast(listed.candidate_rank as integer) as candidate_rank,
    cast(listed.score as integer) as score,
    listed.evidence,
    people.roster_platform as target_source,
    people.roster_id as target_id,
    people.staff_name as candidate_name,
    schools.school_name as candidate_school,
    people.last_school_year as candidate_last_school_year,
    people.is_active as is_candidate_active
from listed
left join {{ ref('dim_staff') }} as people on listed.staff_key = people.staff_key
left join schools on people.school_key = schools.school_key
