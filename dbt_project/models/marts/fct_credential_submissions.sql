with

settings as (
    select
        school_year_start_month,
        school_year_start_day
    from {{ ref('stg_pipeline__settings') }}
)

select
    submissions.credential_submission_key,
    submissions.district_id,
    matched.staff_key,
    definitions.micro_credential_key,
    definitions.issuer_key,
    submissions.submission_id,
    submissions.micro_credential_id,
    submissions.micro_credential_name,
    submissions.submitted_date,
    {{ school_year_of('submissions.submitted_date') }} as school_year,
    submissions.decided_date,
    submissions.outcome,
    submissions.assessor_id,
    submissions.attempt_number,
    submissions.award_id,
    submissions.source_system,
    submissions.source_record_id
from {{ ref('int_credentials__submissions_referenced') }} as submissions
cross join settings
left join {{ ref('int_identity__staff_matched') }} as matched on submissions.reference_key = matched.reference_key
left join {{ ref('int_credentials__micro_credentials_unioned') }} as definitions
    on submissions.district_id = definitions.district_id
    and submissions.micro_credential_id = definitions.micro_credential_id
