{%- if var('pairing_mode') not in ['school', 'district'] -%}
    {{ exceptions.raise_compiler_error("pairing_mode is school or district, not '" ~ var('pairing_mode') ~ "'") }}
{%- endif -%}
{%- if var('pairing_consent') not in ['opt_out', 'opt_in'] -%}
    {{ exceptions.raise_compiler_error("pairing_consent is opt_out or opt_in, not '" ~ var('pairing_consent') ~ "'") }}
{%- endif -%}
with

settings as (
    select
        district_id,
        timezone,
        as_of_date,
        cast({{ dbt.dateadd('year', -1 * var('observation_years'), 'as_of_date') }} as date) as oldest_date
    from {{ ref('stg_pipeline__settings') }}
),

teachers as (
    select
        staff.staff_key,
        staff.district_id,
        staff.school_key,
        staff.grade_band,
        staff.subject,
        staff.is_naming_allowed
    from {{ ref('dim_staff') }} as staff
    inner join {{ ref('staff_groups') }} as staff_groups
        on lower(trim(staff.classification)) = staff_groups.classification
        and staff_groups.staff_group = 'teachers'
    where staff.is_active
),

-- what somebody said of being named or paired: in a delivery, or to a person who wrote it down
statements as (
    select
        staff_key,
        consent_kind,
        is_granted,
        recorded_date
    from {{ ref('fct_consents') }}
    where staff_key is not null
    union all
    select
        roster.staff_key,
        decisions.target_id as consent_kind,
        decisions.decision = 'granted' as is_granted,
        {{ local_date('decisions.decided_at', 'settings.timezone') }} as recorded_date
    from {{ ref('fct_decisions') }} as decisions
    inner join settings on decisions.district_id = settings.district_id
    inner join {{ ref('int_identity__roster_records_merged') }} as roster
        on {{ surrogate_key(['decisions.subject_source', 'decisions.subject_id'], district_id='decisions.district_id') }}
            = roster.roster_record_key
    where decisions.decision_kind = 'consent' and decisions.is_newest and roster.staff_key is not null
),

-- of two statements of one day the refusal holds
statements_newest_first as (
    select
        staff_key,
        consent_kind,
        is_granted,
        row_number() over (
            partition by staff_key, consent_kind
            order by recorded_date desc, case when is_granted then 1 else 0 end
        ) as recency
    from statements
),

standing_statements as (
    select
        staff_key,
        consent_kind,
        is_granted
    from statements_newest_first
    where recency = 1
),

unidentified_raters as (
    select distinct scores.staff_key
    from {{ ref('fct_evaluation_scores') }} as scores
    inner join settings
        on scores.district_id = settings.district_id
        and scores.observed_date > settings.oldest_date
    left join {{ ref('dim_staff') }} as raters on scores.rater_key = raters.staff_key
    where raters.staff_key is null and scores.staff_key is not null
)

select
    teachers.staff_key,
    teachers.district_id,
    teachers.school_key,
    {% if var('pairing_mode') == 'school' -%}
    teachers.school_key as pool_key,
    {%- else -%}
    teachers.district_id as pool_key,
    {%- endif %}
    teachers.grade_band,
    teachers.subject,
    -- a pair names each to the other
    case
        when not teachers.is_naming_allowed or not coalesce(naming.is_granted, true) then 'declined to be named'
        when not coalesce(pairing.is_granted, true) then 'declined to be paired'
        {% if var('pairing_consent') == 'opt_in' -%}
        when pairing.is_granted is null then 'has not agreed to be paired'
        {% endif -%}
        {% if var('pairing_mode') == 'school' -%}
        when teachers.school_key is null then 'has no school on the roster'
        {% endif -%}
    end as unavailable_reason,
    unidentified_raters.staff_key is not null as has_unidentified_rater
from teachers
left join standing_statements as naming
    on teachers.staff_key = naming.staff_key
    and naming.consent_kind = {{ quoted(var('naming_consent_kind')) }}
left join standing_statements as pairing
    on teachers.staff_key = pairing.staff_key
    and pairing.consent_kind = 'paired'
left join unidentified_raters on teachers.staff_key = unidentified_raters.staff_key
