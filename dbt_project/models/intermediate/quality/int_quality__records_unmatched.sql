{%- set referring_models = {
    'int_credentials__awards_unioned': 'award_record_key',
    'int_credentials__submissions_referenced': 'credential_submission_key',
    'int_evaluations__scores_unioned': 'evaluation_score_key',
    'int_evaluations__summaries_unioned': 'evaluation_summary_key',
    'int_staff__licences_referenced': 'licence_key',
    'int_staff__compensation_referenced': 'compensation_key',
    'int_staff__consents_referenced': 'consent_key',
    'int_staff__growth_goals_referenced': 'growth_goal_key',
    'int_pd__participation_referenced': 'pd_participation_key',
    'int_pd__survey_responses_referenced': 'survey_response_key',
} -%}
with

-- survey answers without any id are anonymous on purpose
records as (
    {%- for model, key in referring_models.items() %}
    select
        {{ key }} as record_key,
        district_id,
        source_system,
        connection,
        stream,
        source_record_id,
        reference_key
    from {{ ref(model) }}
    {%- if model == 'int_pd__survey_responses_referenced' %}
    where reference_employee_id is not null
    {%- endif %}
    {% if not loop.last -%}
    union all
    {%- endif %}
    {%- endfor %}
),

unmatched_records as (
    select
        records.district_id,
        records.source_system,
        records.connection,
        records.stream,
        records.source_record_id,
        min(matched.unmatched_reason) as unmatched_reason,
        min(matched.what) as what
    from records
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
        case when merged.roster_platform = 'files' then 'roster' else 'staffs' end as stream,
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
