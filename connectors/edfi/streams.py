"""Streams of the Ed-Fi ODS/API: roster, licences, performance evaluation, PD, finance.

Paths are those of Data Standard 5.2, or of 6.0 for what 5.2 has not.

Belongs here: field declarations in Ed-Fi's own words. Does not belong here: paths,
namespaces and names that differ between data standards (data_standard), fetching
(client), meaning (dbt staging).

Every stream is keyed on the resource's `id`, which survives a change of natural key.
"""

from connectors.core.schema import Field, Stream, public

_OMITTED = ("_etag",)


def _reference(prefix: str, *parts: tuple[str, str]) -> tuple[Field, ...]:
    """Fields inside a reference, landed under the part's own name."""
    return tuple(
        Field(name, kind, path=f"{prefix}.{name}", required=True, personal=name == "personId")  # type: ignore[arg-type]
        for name, kind in parts
    )


_PERFORMANCE_EVALUATION_KEY = (
    ("educationOrganizationId", "integer"),
    ("evaluationPeriodDescriptor", "text"),
    ("performanceEvaluationTitle", "text"),
    ("performanceEvaluationTypeDescriptor", "text"),
    ("schoolYear", "integer"),
    ("termDescriptor", "text"),
)
_EVALUATION_KEY = (*_PERFORMANCE_EVALUATION_KEY, ("evaluationTitle", "text"))
_OBJECTIVE_KEY = (*_EVALUATION_KEY, ("evaluationObjectiveTitle", "text"))
_ELEMENT_KEY = (*_OBJECTIVE_KEY, ("evaluationElementTitle", "text"))
_PERSON_KEY = (("personId", "text"), ("sourceSystemDescriptor", "text"))
_EVALUATION_RATING_KEY = (*_EVALUATION_KEY, ("evaluationDate", "local_timestamp"), *_PERSON_KEY)

_ID = public("id", required=True)
_MODIFIED = public("_lastModifiedDate", "timestamp", path="_lastModifiedDate")
# who rated, by id only: names and training of reviewers stay on the platform
_REVIEWERS = Field("reviewer_person_ids", "json", path="reviewers[*].reviewerPersonReference.personId")

PEOPLE = Stream(
    name="people",
    description="One row per person and source system: the identity that ratings and licences refer to.",
    key=("id",),
    fields=(_ID, Field("personId", required=True), public("sourceSystemDescriptor", required=True), _MODIFIED),
    omitted=_OMITTED,
)

STAFFS = Stream(
    name="staffs",
    description="One row per staff member of the student information system.",
    key=("id",),
    fields=(
        _ID,
        Field("staffUniqueId", required=True),
        Field("personId", path="personReference.personId"),
        public("personSourceSystemDescriptor", path="personReference.sourceSystemDescriptor"),
        Field("firstName", required=True),
        Field("lastSurname", required=True),
        Field("middleName"),
        Field("electronicMails", "json", path="electronicMails[*].electronicMailAddress"),
        public("yearsOfPriorTeachingExperience", "number"),
        public("highestCompletedLevelOfEducationDescriptor"),
        _MODIFIED,
    ),
    withheld=(
        "birthDate",
        "identificationCodes",
        "identificationDocuments",
        "personalIdentificationDocuments",
        "addresses",
        "internationalAddresses",
        "telephones",
        "races",
        "ancestryEthnicOrigins",
        "sexDescriptor",
        "hispanicLatinoEthnicity",
        "citizenshipStatusDescriptor",
        "otherNames",
        "maidenName",
        "tribalAffiliations",
        "visas",
        "languages",
        "oldEthnicityDescriptor",
        "genderIdentity",
        "loginId",
    ),
    omitted=(*_OMITTED, "personReference.link"),
)

STAFF_ASSIGNMENTS = Stream(
    name="staff_assignments",
    description="One row per staff member, education organisation, classification and begin date.",
    key=("id",),
    fields=(
        _ID,
        Field("staffUniqueId", path="staffReference.staffUniqueId", required=True),
        public(
            "educationOrganizationId",
            "integer",
            path="educationOrganizationReference.educationOrganizationId",
            required=True,
        ),
        public("staffClassificationDescriptor", required=True),
        public("beginDate", "date", required=True),
        public("endDate", "date"),
        public("positionTitle"),
        public("fullTimeEquivalency", "number"),
        public("orderOfAssignment", "integer"),
        _MODIFIED,
    ),
    omitted=(*_OMITTED, "staffReference.link", "educationOrganizationReference.link"),
)

SCHOOLS = Stream(
    name="schools",
    description="One row per school.",
    key=("id",),
    fields=(
        _ID,
        public("schoolId", "integer", required=True),
        public("nameOfInstitution", required=True),
        public("shortNameOfInstitution"),
        public("localEducationAgencyId", "integer", path="localEducationAgencyReference.localEducationAgencyId"),
        public("gradeLevels", "json", path="gradeLevels[*].gradeLevelDescriptor"),
        public("operationalStatusDescriptor"),
        _MODIFIED,
    ),
    omitted=(
        *_OMITTED,
        "localEducationAgencyReference.link",
        "addresses",
        "institutionTelephones",
        "educationOrganizationCategories",
        "webSite",
    ),
)

PERFORMANCE_EVALUATIONS = Stream(
    name="performance_evaluations",
    description="One row per performance evaluation: the yearly cycle that evaluations belong to.",
    key=("id",),
    fields=(
        _ID,
        public(
            "educationOrganizationId",
            "integer",
            path="educationOrganizationReference.educationOrganizationId",
            required=True,
        ),
        public("evaluationPeriodDescriptor", required=True),
        public("performanceEvaluationTitle", required=True),
        public("performanceEvaluationTypeDescriptor", required=True),
        public("schoolYear", "integer", path="schoolYearTypeReference.schoolYear", required=True),
        public("termDescriptor", required=True),
        public("academicSubjectDescriptor"),
        public("ratingLevels", "json"),
        _MODIFIED,
    ),
    omitted=(
        *_OMITTED,
        "educationOrganizationReference.link",
        "schoolYearTypeReference.link",
        "gradeLevels",
        "performanceEvaluationDescription",
    ),
)

EVALUATIONS = Stream(
    name="evaluations",
    description="One row per evaluation: an instrument used inside a performance evaluation.",
    key=("id",),
    fields=(
        _ID,
        *_reference("performanceEvaluationReference", *_PERFORMANCE_EVALUATION_KEY),
        public("evaluationTitle", required=True),
        public("evaluationTypeDescriptor"),
        public("minRating", "number"),
        public("maxRating", "number"),
        public("ratingLevels", "json"),
        _MODIFIED,
    ),
    omitted=(
        *_OMITTED,
        "performanceEvaluationReference.link",
        "evaluationDescription",
        "interRaterReliabilityScore",
    ),
)

EVALUATION_OBJECTIVES = Stream(
    name="evaluation_objectives",
    description="One row per evaluation objective: a domain of the rubric.",
    key=("id",),
    fields=(
        _ID,
        *_reference("evaluationReference", *_EVALUATION_KEY),
        public("evaluationObjectiveTitle", required=True),
        public("evaluationTypeDescriptor"),
        public("minRating", "number"),
        public("maxRating", "number"),
        public("sortOrder", "integer"),
        public("ratingLevels", "json"),
        _MODIFIED,
    ),
    omitted=(*_OMITTED, "evaluationReference.link", "evaluationObjectiveDescription"),
)

EVALUATION_ELEMENTS = Stream(
    name="evaluation_elements",
    description="One row per evaluation element: a scored line of the rubric.",
    key=("id",),
    fields=(
        _ID,
        *_reference("evaluationObjectiveReference", *_OBJECTIVE_KEY),
        public("evaluationElementTitle", required=True),
        public("evaluationTypeDescriptor"),
        public("minRating", "number"),
        public("maxRating", "number"),
        public("sortOrder", "integer"),
        public("ratingLevels", "json"),
        _MODIFIED,
    ),
    omitted=(*_OMITTED, "evaluationObjectiveReference.link"),
)

PERFORMANCE_EVALUATION_RATINGS = Stream(
    name="performance_evaluation_ratings",
    description="One row per person and performance evaluation: the summative rating.",
    key=("id",),
    fields=(
        _ID,
        *_reference("performanceEvaluationReference", *_PERFORMANCE_EVALUATION_KEY),
        *_reference("personReference", *_PERSON_KEY),
        public("actualDate", "date", required=True),
        public("performanceEvaluationRatingLevelDescriptor"),
        public("results", "json"),
        _REVIEWERS,
        _MODIFIED,
    ),
    withheld=("comments",),
    omitted=(
        *_OMITTED,
        "performanceEvaluationReference.link",
        "personReference.link",
        "actualDuration",
        "actualTime",
        "announced",
        "scheduleDate",
        "coteachingStyleObservedDescriptor",
    ),
)

EVALUATION_RATINGS = Stream(
    name="evaluation_ratings",
    description="One row per person, evaluation and date: one observation.",
    key=("id",),
    fields=(
        _ID,
        *_reference("performanceEvaluationRatingReference", *_PERFORMANCE_EVALUATION_KEY, *_PERSON_KEY),
        public("evaluationTitle", path="evaluationReference.evaluationTitle", required=True),
        public("evaluationDate", "local_timestamp", required=True),
        public("evaluationRatingLevelDescriptor"),
        public("evaluationRatingStatusDescriptor"),
        public("results", "json"),
        _REVIEWERS,
        _MODIFIED,
    ),
    withheld=("comments",),
    omitted=(
        *_OMITTED,
        "performanceEvaluationRatingReference.link",
        "evaluationReference.link",
        *(f"evaluationReference.{name}" for name, _ in _PERFORMANCE_EVALUATION_KEY),
        "sectionReference",
        "actualDuration",
    ),
)

EVALUATION_OBJECTIVE_RATINGS = Stream(
    name="evaluation_objective_ratings",
    description="One row per person, evaluation objective and date.",
    key=("id",),
    fields=(
        _ID,
        *_reference("evaluationRatingReference", *_EVALUATION_RATING_KEY),
        public("evaluationObjectiveTitle", path="evaluationObjectiveReference.evaluationObjectiveTitle", required=True),
        public("objectiveRatingLevelDescriptor"),
        public("results", "json"),
        _MODIFIED,
    ),
    withheld=("comments",),
    omitted=(
        *_OMITTED,
        "evaluationRatingReference.link",
        "evaluationObjectiveReference.link",
        *(f"evaluationObjectiveReference.{name}" for name, _ in _EVALUATION_KEY),
    ),
)

EVALUATION_ELEMENT_RATINGS = Stream(
    name="evaluation_element_ratings",
    description="One row per person, evaluation element and date: the scores of one rubric line.",
    key=("id",),
    fields=(
        _ID,
        *_reference(
            "evaluationObjectiveRatingReference",
            *_EVALUATION_RATING_KEY,
            ("evaluationObjectiveTitle", "text"),
        ),
        public("evaluationElementTitle", path="evaluationElementReference.evaluationElementTitle", required=True),
        public("evaluationElementRatingLevelDescriptor"),
        public("results", "json"),
        _MODIFIED,
    ),
    withheld=("comments", "feedback", "areaOfRefinement", "areaOfReinforcement"),
    omitted=(
        *_OMITTED,
        "evaluationObjectiveRatingReference.link",
        "evaluationElementReference.link",
        *(f"evaluationElementReference.{name}" for name, _ in _OBJECTIVE_KEY),
    ),
)

CREDENTIALS = Stream(
    name="credentials",
    description="One row per licence of a person (Ed-Fi calls licences credentials).",
    key=("id",),
    fields=(
        _ID,
        Field("credentialIdentifier", required=True),
        public("stateOfIssueStateAbbreviationDescriptor", required=True),
        public("credentialTypeDescriptor", required=True),
        public("credentialFieldDescriptor"),
        # in Data Standard 5.x these four are additions of the TPDM extension
        public("credentialStatusDescriptor", path="_ext.tpdm.credentialStatusDescriptor"),
        public("teachingCredentialDescriptor"),
        public("certificationTitle", path="_ext.tpdm.certificationTitle"),
        public("issuanceDate", "date", required=True),
        public("effectiveDate", "date"),
        public("expirationDate", "date"),
        public("gradeLevels", "json", path="gradeLevels[*].gradeLevelDescriptor"),
        public("namespace"),
        Field("personId", path="_ext.tpdm.personReference.personId"),
        public("personSourceSystemDescriptor", path="_ext.tpdm.personReference.sourceSystemDescriptor"),
        _MODIFIED,
    ),
    # academic records name students
    withheld=("studentAcademicRecords", "_ext.tpdm.studentAcademicRecords"),
    omitted=(*_OMITTED, "_ext.tpdm.personReference.link"),
)

STAFF_DIRECTORIES = Stream(
    name="staff_directories",
    description="One row per staff member and education organisation that lists how to reach them.",
    key=("id",),
    fields=(
        _ID,
        Field("staffUniqueId", path="staffReference.staffUniqueId", required=True),
        public(
            "educationOrganizationId",
            "integer",
            path="educationOrganizationReference.educationOrganizationId",
            required=True,
        ),
        Field("electronicMails", "json", path="electronicMails[*].electronicMailAddress"),
        _MODIFIED,
    ),
    withheld=("addresses", "internationalAddresses", "telephones"),
    omitted=(*_OMITTED, "staffReference.link", "educationOrganizationReference.link"),
)

# pulled for one identification system only (data_standard): others hold social security numbers
STAFF_IDENTIFICATION_CODES = Stream(
    name="staff_identification_codes",
    description="One row per staff member, education organisation and employee number.",
    key=("id",),
    fields=(
        _ID,
        Field("staffUniqueId", path="staffReference.staffUniqueId", required=True),
        public(
            "educationOrganizationId",
            "integer",
            path="educationOrganizationReference.educationOrganizationId",
            required=True,
        ),
        public("staffIdentificationSystemDescriptor", required=True),
        Field("identificationCode", required=True),
        _MODIFIED,
    ),
    omitted=(
        *_OMITTED,
        "staffReference.link",
        "educationOrganizationReference.link",
        "assigningOrganizationIdentificationCode",
    ),
)

PROFESSIONAL_DEVELOPMENT_EVENTS = Stream(
    name="professional_development_events",
    description="One row per professional development event: what was offered, and for how many hours.",
    key=("id",),
    fields=(
        _ID,
        public("namespace", required=True),
        public("professionalDevelopmentTitle", required=True),
        public("professionalDevelopmentOfferedByDescriptor"),
        public("totalHours", "integer"),
        public("multipleSession", "boolean"),
        public("required", "boolean"),
        public("professionalDevelopmentReason"),
        _MODIFIED,
    ),
    omitted=_OMITTED,
)

PROFESSIONAL_DEVELOPMENT_EVENT_ATTENDANCES = Stream(
    name="professional_development_event_attendances",
    description="One row per person, professional development event and date: whether they were there.",
    key=("id",),
    fields=(
        _ID,
        *_reference("personReference", *_PERSON_KEY),
        *_reference(
            "professionalDevelopmentEventReference", ("namespace", "text"), ("professionalDevelopmentTitle", "text")
        ),
        public("attendanceDate", "date", required=True),
        public("attendanceEventCategoryDescriptor", required=True),
        _MODIFIED,
    ),
    # why somebody was absent may be an illness
    withheld=("attendanceEventReason",),
    omitted=(*_OMITTED, "personReference.link", "professionalDevelopmentEventReference.link"),
)

_ACCOUNT_KEY = (("accountIdentifier", "text"), ("educationOrganizationId", "integer"), ("fiscalYear", "integer"))
_DIMENSIONS = ("function", "object", "program", "fund", "project", "operationalUnit", "source", "balanceSheet")

CHART_OF_ACCOUNTS = Stream(
    name="chart_of_accounts",
    description="One row per account of a fiscal year's chart: its kind, and its code in each dimension.",
    key=("id",),
    fields=(
        _ID,
        public("accountIdentifier", required=True),
        public(
            "educationOrganizationId",
            "integer",
            path="educationOrganizationReference.educationOrganizationId",
            required=True,
        ),
        public("fiscalYear", "integer", required=True),
        public("accountTypeDescriptor", required=True),
        public("accountName"),
        *(public(f"{name}DimensionCode", path=f"{name}DimensionReference.code") for name in _DIMENSIONS),
        _MODIFIED,
    ),
    omitted=(
        *_OMITTED,
        "educationOrganizationReference.link",
        *(f"{name}DimensionReference.{part}" for name in _DIMENSIONS for part in ("fiscalYear", "link")),
    ),
)

LOCAL_ACCOUNTS = Stream(
    name="local_accounts",
    description="One row per account that an education organisation keeps in a fiscal year.",
    key=("id",),
    fields=(
        _ID,
        public("accountIdentifier", required=True),
        public(
            "educationOrganizationId",
            "integer",
            path="educationOrganizationReference.educationOrganizationId",
            required=True,
        ),
        public("fiscalYear", "integer", required=True),
        public("accountName"),
        public("chartAccountIdentifier", path="chartOfAccountReference.accountIdentifier", required=True),
        public(
            "chartEducationOrganizationId",
            "integer",
            path="chartOfAccountReference.educationOrganizationId",
            required=True,
        ),
        public("chartFiscalYear", "integer", path="chartOfAccountReference.fiscalYear", required=True),
        _MODIFIED,
    ),
    omitted=(*_OMITTED, "educationOrganizationReference.link", "chartOfAccountReference.link"),
)

LOCAL_ACTUALS = Stream(
    name="local_actuals",
    description="One row per account and date: what was spent from the start of the fiscal year up to that date.",
    key=("id",),
    fields=(
        _ID,
        *_reference("localAccountReference", *_ACCOUNT_KEY),
        public("asOfDate", "date", required=True),
        public("amount", "money", required=True),
        public("financialCollectionDescriptor"),
        _MODIFIED,
    ),
    omitted=(*_OMITTED, "localAccountReference.link"),
)

STREAMS = (
    SCHOOLS,
    PEOPLE,
    STAFFS,
    STAFF_ASSIGNMENTS,
    CREDENTIALS,
    PERFORMANCE_EVALUATIONS,
    EVALUATIONS,
    EVALUATION_OBJECTIVES,
    EVALUATION_ELEMENTS,
    PERFORMANCE_EVALUATION_RATINGS,
    EVALUATION_RATINGS,
    EVALUATION_OBJECTIVE_RATINGS,
    EVALUATION_ELEMENT_RATINGS,
    STAFF_DIRECTORIES,
    STAFF_IDENTIFICATION_CODES,
    PROFESSIONAL_DEVELOPMENT_EVENTS,
    PROFESSIONAL_DEVELOPMENT_EVENT_ATTENDANCES,
    CHART_OF_ACCOUNTS,
    LOCAL_ACCOUNTS,
    LOCAL_ACTUALS,
)
