with

-- a platform that does not number attempts leaves their order in time
numbered_submissions as (
    select
        credential_submission_key,
        district_id,
        staff_key,
        issuer_key,
        micro_credential_key,
        assessor_id,
        submitted_date,
        decided_date,
        outcome,
        attempt_number as stated_attempt_number,
        row_number() over (
            partition by staff_key, micro_credential_id
            order by submitted_date, decided_date, submission_id
        ) as attempt_in_time
    from {{ ref('fct_credential_submissions') }}
)

select
    credential_submission_key,
    district_id,
    staff_key,
    issuer_key,
    micro_credential_key,
    {{ surrogate_key(['assessor_id']) }} as assessor_key,
    assessor_id,
    outcome,
    cast(case
        when stated_attempt_number is not null then stated_attempt_number
        when staff_key is not null then attempt_in_time
    end as integer) as attempt_number,
    -- withdrawn and pending are no decisions
    outcome in ('awarded', 'returned') as is_decided,
    case
        when outcome in ('awarded', 'returned') and decided_date >= submitted_date
            then {{ dbt.datediff('submitted_date', 'decided_date', 'day') }}
    end as days_to_decision
from numbered_submissions
