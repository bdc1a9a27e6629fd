"""Streams of mapped CSV and XLSX files: one per target entity.

Belongs here: what each entity needs, in the warehouse's words, since the files'
own words differ by district and are translated by a declared column mapping.
Does not belong here: dialects and mappings (mapping), reading (csv_file, workbook).

`as_of_date` is the day on which a delivery says that a row held, where it says so.

People are named by `staff_id` (the district's employee number) and, where a file
has it, `email`. Ids are text: leading zeros are part of them.
"""

from connectors.core.schema import Field, Stream, public

_STAFF_ID = Field("staff_id", required=True)
_EMAIL = Field("email")
_YEAR = public("school_year", "integer", required=True)
# of two rows with one key the later one counts, whichever file was read first
_AS_OF = public("as_of_date", "date")

ROSTER = Stream(
    name="roster",
    description="One row per staff member, school year, school and role: the spine that people are matched to.",
    key=("staff_id", "school_year", "school_id", "role"),
    fields=(
        _STAFF_ID,
        _YEAR,
        Field("first_name", required=True),
        Field("last_name", required=True),
        _EMAIL,
        public("school_id", required=True),
        public("school_name"),
        public("role", required=True),
        public("grade_band"),
        public("subject"),
        public("years_experience", "number"),
        Field("state_id"),
        public("hire_date", "date"),
        public("end_date", "date"),
        public("status"),
        _AS_OF,
    ),
    withheld=("birth_date", "ssn"),
)

COMPENSATION = Stream(
    name="compensation",
    description="One row per staff member and school year.",
    key=("staff_id", "school_year"),
    fields=(
        _STAFF_ID,
        _YEAR,
        Field("salary_usd", "money", required=True),
        public("benefit_rate", "number"),
        public("contract_days", "number"),
        public("hours_per_day", "number"),
        Field("stipend_usd", "money"),
        Field("credential_pay_usd", "money"),
        _AS_OF,
    ),
    withheld=("ssn", "bank_account"),
)

CREDENTIAL_SUBMISSIONS = Stream(
    name="credential_submissions",
    description="One row per attempt to earn a micro-credential.",
    key=("submission_id",),
    fields=(
        public("submission_id", required=True),
        Field("staff_id"),
        _EMAIL,
        public("micro_credential_id"),
        public("micro_credential_name", required=True),
        public("issuer_name"),
        public("submitted_date", "date", required=True),
        public("decided_date", "date"),
        public("outcome", required=True),
        Field("assessor_id"),
        public("attempt_number", "integer"),
        public("award_id"),
        _AS_OF,
    ),
    withheld=("assessor_comments", "assessor_name"),
)

CREDENTIAL_AWARDS = Stream(
    name="credential_awards",
    description="One row per award of a micro-credential, as a provider's export or the district's own list has it.",
    key=("award_id",),
    fields=(
        public("award_id", required=True),
        Field("staff_id"),
        _EMAIL,
        public("micro_credential_id"),
        public("micro_credential_name", required=True),
        public("issuer_name", required=True),
        public("issued_date", "date", required=True),
        public("expires_date", "date"),
        public("revoked_date", "date"),
        public("status"),
        Field("evidence_url"),
        _AS_OF,
    ),
    withheld=("recipient_name", "birth_date", "ssn", "reflection", "assessor_comments"),
)

EVALUATION_SCORES = Stream(
    name="evaluation_scores",
    description="One row per staff member, observation and rubric element; wide exports are unpivoted by mapping.",
    key=("observation_id", "element_code"),
    fields=(
        public("observation_id", required=True),
        _STAFF_ID,
        _EMAIL,
        public("rubric_version", required=True),
        public("element_code", required=True),
        Field("score", "number"),
        public("observed_date", "date", required=True),
        _YEAR,
        Field("rater_id"),
        public("observation_type"),
        _AS_OF,
    ),
    withheld=("notes", "observer_name", "comments"),
)

EVALUATION_SUMMARIES = Stream(
    name="evaluation_summaries",
    description="One row per staff member, school year and measure: the level of effectiveness and its parts.",
    key=("staff_id", "school_year", "measure"),
    fields=(_STAFF_ID, _YEAR, public("measure", required=True), Field("value", "number"), Field("level"), _AS_OF),
    withheld=("comments",),
)

PD_PARTICIPATION = Stream(
    name="pd_participation",
    description="One row per staff member, PD activity and date.",
    key=("staff_id", "activity_id", "activity_date"),
    fields=(
        _STAFF_ID,
        _EMAIL,
        public("activity_id", required=True),
        public("activity_title", required=True),
        public("activity_date", "date", required=True),
        public("hours", "number"),
        public("status"),
        public("format"),
        public("provider"),
        public("competency_code"),
        _AS_OF,
    ),
    withheld=("reflection",),
)

PD_SPENDING = Stream(
    name="pd_spending",
    description="One row per ledger line; reversals are negative lines.",
    key=("ledger_line_id",),
    fields=(
        public("ledger_line_id", required=True),
        public("fiscal_year", "integer", required=True),
        public("posted_date", "date", required=True),
        public("amount_usd", "money", required=True),
        public("fund_code"),
        public("function_code"),
        public("object_code"),
        public("program_code"),
        public("school_id"),
        public("account_name"),
        Field("description"),
        Field("vendor_name"),
        public("grant_code"),
        _AS_OF,
    ),
)

SURVEY_RESPONSES = Stream(
    name="survey_responses",
    description="One row per respondent, survey and question.",
    key=("survey_id", "respondent_id", "question_code"),
    fields=(
        public("survey_id", required=True),
        Field("respondent_id", required=True),
        Field("staff_id"),
        public("question_code", required=True),
        Field("response", "number"),
        public("scale_max", "number"),
        public("survey_date", "date", required=True),
        _AS_OF,
    ),
    withheld=("comment",),
)

GROWTH_GOALS = Stream(
    name="growth_goals",
    description="One row per staff member, school year and competency they set out to grow in.",
    key=("staff_id", "school_year", "competency_code"),
    fields=(
        _STAFF_ID,
        _YEAR,
        public("competency_code", required=True),
        public("set_date", "date"),
        public("status"),
        _AS_OF,
    ),
    withheld=("goal_text",),
)

ISSUER_APPROVALS = Stream(
    name="issuer_approvals",
    description="One row per issuer, or one of its micro-credentials, and first day of approval by the district.",
    key=("approval_id",),
    fields=(
        public("approval_id", required=True),
        public("issuer_name", required=True),
        public("micro_credential_id"),
        public("approved_from", "date", required=True),
        public("approved_to", "date"),
        public("approved_for"),
        Field("approved_by"),
        _AS_OF,
    ),
)

CONSENTS = Stream(
    name="consents",
    description="One row per staff member, kind of consent and date; the newest counts.",
    key=("staff_id", "consent_kind", "recorded_date"),
    fields=(
        _STAFF_ID,
        public("consent_kind", required=True),
        public("is_granted", "boolean", required=True),
        public("recorded_date", "date", required=True),
        _AS_OF,
    ),
)

STUDENT_GROWTH = Stream(
    name="student_growth",
    description="One row per school, school year and measure; school level only.",
    key=("school_id", "school_year", "measure"),
    fields=(
        public("school_id", required=True),
        _YEAR,
        public("measure", required=True),
        public("value", "number"),
        public("student_count", "integer"),
        _AS_OF,
    ),
)

SCHOOL_CHARACTERISTICS = Stream(
    name="school_characteristics",
    description="One row per school and school year, its grades, its size and whom it serves; school level only.",
    key=("school_id", "school_year"),
    fields=(
        public("school_id", required=True),
        _YEAR,
        # 0 to 1 of the enrolment; a suppressed share is blank
        public("economically_disadvantaged_share", "number"),
        public("lowest_grade"),
        public("highest_grade"),
        public("enrolment_count", "integer"),
        _AS_OF,
    ),
)

STREAMS = (
    ROSTER,
    COMPENSATION,
    CREDENTIAL_SUBMISSIONS,
    CREDENTIAL_AWARDS,
    EVALUATION_SCORES,
    EVALUATION_SUMMARIES,
    PD_PARTICIPATION,
    PD_SPENDING,
    SURVEY_RESPONSES,
    GROWTH_GOALS,
    ISSUER_APPROVALS,
    CONSENTS,
    STUDENT_GROWTH,
    SCHOOL_CHARACTERISTICS,
)
