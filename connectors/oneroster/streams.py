"""Streams of OneRoster 1.1 and 1.2, by REST and by CSV.

Belongs here: field declarations. A column has the name that the CSV binding gives it
(`parentSourcedId`), its path is where the REST binding has it (`parent.sourcedId`). Does
not belong here: how records are fetched (rest, delivery), who of the users is staff
(people), or what records mean (dbt staging).
"""

from connectors.core.schema import Field, Stream, public

_STATUS = public("status")
_MODIFIED = public("dateLastModified", "timestamp")


def _reference(name: str) -> tuple[str, str]:
    """What a reference to another record says beside its id."""
    return f"{name}.href", f"{name}.type"


ORGS = Stream(
    name="orgs",
    description="One row per organisation: school, department, district.",
    key=("sourcedId",),
    fields=(
        public("sourcedId", required=True),
        _STATUS,
        _MODIFIED,
        public("name", required=True),
        public("type", required=True),
        public("identifier"),
        public("parentSourcedId", path="parent.sourcedId"),
        public("metadata", "json"),
    ),
    omitted=(*_reference("parent"), "children"),
)

ACADEMIC_SESSIONS = Stream(
    name="academic_sessions",
    description="One row per academic session: school year, semester, term, grading period.",
    key=("sourcedId",),
    fields=(
        public("sourcedId", required=True),
        _STATUS,
        _MODIFIED,
        public("title", required=True),
        public("type", required=True),
        public("startDate", "date", required=True),
        public("endDate", "date", required=True),
        public("parentSourcedId", path="parent.sourcedId"),
        public("schoolYear"),
        public("metadata", "json"),
    ),
    omitted=(*_reference("parent"), "children"),
)

USERS = Stream(
    name="users",
    description="One row per member of staff; students, parents and others are never landed.",
    key=("sourcedId",),
    fields=(
        Field("sourcedId", required=True),
        _STATUS,
        _MODIFIED,
        public("enabledUser", "boolean"),
        Field("userMasterIdentifier"),
        Field("identifier"),
        Field("givenName", required=True),
        Field("familyName", required=True),
        Field("middleName"),
        Field("email"),
        # 1.1: one role, at these organisations
        public("role"),
        public("orgSourcedIds", "json", path="orgs[*].sourcedId"),
        # 1.2: a list; by CSV it is the stream of roles
        public("roles", "json"),
        public("primaryOrgSourcedId", path="primaryOrg.sourcedId"),
    ),
    # sign-in names and passwords, relations to children, what is open to any content (metadata)
    withheld=(
        "username",
        "password",
        "userIds",
        "userProfiles",
        "agents",
        "agentSourcedIds",
        "phone",
        "sms",
        "birthDate",
        "sex",
        "demographics",
        "pronouns",
        "preferredFirstName",
        "preferredMiddleName",
        "preferredLastName",
        "preferredGivenName",
        "preferredFamilyName",
        "metadata",
    ),
    omitted=(*_reference("primaryOrg"), "grades", "resources", "resourceSourcedIds"),
)

ROLES = Stream(
    name="roles",
    description="One row per member of staff, organisation and role, from roles.csv of OneRoster 1.2.",
    key=("sourcedId",),
    fields=(
        public("sourcedId", required=True),
        _STATUS,
        _MODIFIED,
        Field("userSourcedId", required=True),
        public("roleType"),
        public("role", required=True),
        public("beginDate", "date"),
        public("endDate", "date"),
        public("orgSourcedId", required=True),
    ),
    withheld=("userProfileSourcedId", "metadata"),
)

CLASSES = Stream(
    name="classes",
    description="One row per class: a course as it is taught in certain terms at a school.",
    key=("sourcedId",),
    fields=(
        public("sourcedId", required=True),
        _STATUS,
        _MODIFIED,
        # a title may be a teacher's name
        Field("title", required=True),
        public("classCode"),
        public("classType"),
        public("grades", "json"),
        public("subjects", "json"),
        public("subjectCodes", "json"),
        public("courseSourcedId", path="course.sourcedId"),
        public("schoolSourcedId", path="school.sourcedId", required=True),
        public("termSourcedIds", "json", path="terms[*].sourcedId"),
    ),
    withheld=("metadata",),
    omitted=(*_reference("course"), *_reference("school"), "location", "periods", "resources", "resourceSourcedIds"),
)

ENROLLMENTS = Stream(
    name="enrollments",
    description="One row per teacher of a class; enrolments of students are never landed.",
    key=("sourcedId",),
    fields=(
        public("sourcedId", required=True),
        _STATUS,
        _MODIFIED,
        Field("userSourcedId", path="user.sourcedId", required=True),
        public("classSourcedId", path="class.sourcedId", required=True),
        public("schoolSourcedId", path="school.sourcedId"),
        public("role", required=True),
        public("primary", "boolean"),
        public("beginDate", "date"),
        public("endDate", "date"),
    ),
    withheld=("metadata",),
    omitted=(*_reference("user"), *_reference("class"), *_reference("school")),
)

STREAMS = (ORGS, ACADEMIC_SESSIONS, USERS, ROLES, CLASSES, ENROLLMENTS)
