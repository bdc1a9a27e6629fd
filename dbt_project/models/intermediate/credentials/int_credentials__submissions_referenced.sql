with

settings as (
    select
        school_year_start_month,
        school_year_start_day
    from {{ ref('stg_pipeline__settings') }}
)

select
    {{ surrogate_key(["'files'", '_connection', 'submission_id']) }} as credential_submission_key,
    district_id,
    'files' as source_system,
    _connection as connection,
    'credential_submissions' as stream,
    submission_id as source_record_id,
    submission_id,
    nullif(trim(micro_credential_id), '') as micro_credential_id,
    micro_credential_name,
    issuer_name,
    submitted_date,
    decided_date,
    outcome,
    assessor_id,
    cast(attempt_number as integer) as attempt_number,
    award_id,
    {{ person_reference(
        employee_id='employee_id', email='email',
        school_year=school_year_of('coalesce(decided_date, submitted_date)')
    ) }}
from {{ ref('stg_files__credential_submissions') }}
cross join settings
where not is_deleted
