"""Streams of Level Data Grow: observations, and what their ids refer to.

Belongs here: field declarations, in Grow's own words. Does not belong here: how they
are fetched (client) or what they mean (dbt staging).

`_id` lands as `id`: a leading underscore marks what landing itself adds. What an observer
wrote stays on the platform; what stands inside a list is taken out of it by the client
(`free_text`), under the names that are declared withheld here.
"""

from connectors.core.schema import Field, Stream, public

_ID = public("id", path="_id", required=True)
_DATES = (
    public("created", "timestamp"),
    public("lastModified", "timestamp"),
    public("archivedAt", "timestamp"),
)

TEXTS_OF_SCORES = {"textBoxes": "observationScoreTextBoxes", "valueText": "observationScoreTexts"}
"""Free text inside the items of observationScores, and the withheld name that the client moves it to."""

GENERIC_TAG_KIND = "genericTagKind"
"""The last part of a generic tag's path, which no tag says of itself: the client adds it."""

OBSERVATIONS = Stream(
    name="observations",
    description="One row per observation, drafts and archived ones included, with its scores as a list.",
    key=("id",),
    fields=(
        _ID,
        *_DATES,
        public("observedAt", "timestamp"),
        public("observedUntil", "timestamp"),
        public("firstPublished", "timestamp"),
        public("lastPublished", "timestamp"),
        public("isPublished", "boolean"),
        public("isPrivate", "boolean"),
        public("locked", "boolean"),
        public("signed", "boolean"),
        public("score", "number"),
        public("scoreAveragedByStrand", "number"),
        public("observationType"),
        public("observationModule"),
        public("rubric_id", path="rubric._id"),
        public("rubric_name", path="rubric.name"),
        Field("teacher_id", path="teacher._id"),
        Field("teacher_email", path="teacher.email"),
        Field("observer_id", path="observer._id"),
        Field("observer_email", path="observer.email"),
        public("school_id", path="teachingAssignment.school"),
        public("course_id", path="teachingAssignment.course"),
        public("grade_id", path="teachingAssignment.grade"),
        Field("observationScores", "json"),
    ),
    withheld=(
        *TEXTS_OF_SCORES.values(),
        "name",
        "privateNotes1",
        "privateNotes2",
        "privateNotes3",
        "privateNotes4",
        "sharedNotes1",
        "sharedNotes2",
        "sharedNotes3",
        "tagNotes1",
        "tagNotes2",
        "tagNotes3",
        "tagNotes4",
        "magicNotes",
        "videoNotes",
        "comments",
        "quickHits",
        "assignActionStepWidgetText",
        "listTwoColumnA",
        "listTwoColumnB",
        "listTwoColumnAPaired",
        "listTwoColumnBPaired",
        "eventLog",
        "attachments",
        "files",
        "videos",
        "teacher.name",
        "observer.name",
        "teachingAssignment.period",
    ),
    omitted=(
        "district",
        "meetings",
        "tags",
        "observationtag1",
        "observationtag2",
        "observationtag3",
        "requireSignature",
        "sendEmail",
        "signedAt",
        "viewedByTeacher",
        "teachingAssignment._id",
        "teachingAssignment.gradeLevel",
    ),
)

RUBRICS = Stream(
    name="rubrics",
    description="One row per rubric: its scale, its groups and the measurements in them.",
    key=("id",),
    fields=(
        _ID,
        *_DATES,
        public("name", required=True),
        public("scaleMin", "number"),
        public("scaleMax", "number"),
        public("isPublished", "boolean"),
        public("isPrivate", "boolean"),
        public("order", "number"),
        public("measurementGroups", "json"),
    ),
    # how the form looks on a screen
    omitted=("district", "settings", "layout"),
)

MEASUREMENTS = Stream(
    name="measurements",
    description="One row per measurement: a scored line of a rubric, with the options of its scale.",
    key=("id",),
    fields=(
        _ID,
        *_DATES,
        public("name", required=True),
        public("description"),
        public("rowStyle"),
        public("scaleMin", "number"),
        public("scaleMax", "number"),
        public("measurementOptions", "json"),
    ),
    withheld=("textBoxes",),
    omitted=("district",),
)

USERS = Stream(
    name="users",
    description="One row per user: the teachers observed and the observers, leavers included.",
    key=("id",),
    fields=(
        _ID,
        *_DATES,
        Field("email"),
        Field("internalId"),
        Field("powerSchoolId"),
        Field("edFiStaffId"),
        public("inactive", "boolean"),
        public("isPracticeUser"),
        public("roles", "json"),
        public("usertype", "json"),
        public("school_id", path="defaultInformation.school"),
        public("course_id", path="defaultInformation.course"),
        public("grade_id", path="defaultInformation.gradeLevel"),
    ),
    # names, other addresses, ids of other systems, and a secret of one of them
    withheld=(
        "name",
        "first",
        "last",
        "calendarEmail",
        "additionalEmails",
        "accountingId",
        "canvasId",
        "cleverId",
        "googleid",
        "oktaId",
        "sibmeId",
        "sibmeToken",
        "externalIntegrations",
        "districtData",
        "preferences",
        "coach",
        "evaluator",
        "lastActivity",
        "endOfYearLog",
        "endOfYearVisible",
        "pastUserTypes",
        *(f"usertag{number}" for number in range(1, 9)),
    ),
    omitted=(
        "districts",
        "locked",
        "nonInstructional",
        "readonly",
        "showOnDashboards",
        "videoLicense",
        "track",
        "pluConfig",
        "regionalAdminSchools",
    ),
)

SCHOOLS = Stream(
    name="schools",
    description="One row per school.",
    key=("id",),
    fields=(
        _ID,
        *_DATES,
        public("name", required=True),
        public("abbreviation"),
        public("internalId"),
        public("lowGrade"),
        public("highGrade"),
        public("gradeSpan"),
        public("region"),
    ),
    # who leads, observes and is observed there, by name and address
    withheld=("principal", "admins", "assistantAdmins", "nonInstructionalAdmins", "observationGroups"),
    omitted=("district", "address", "city", "state", "zip", "phone"),
)

GENERIC_TAGS = Stream(
    name="generic_tags",
    description="One row per generic tag and its kind: the words that ids in other records stand for.",
    key=("genericTagKind", "id"),
    fields=(
        public(GENERIC_TAG_KIND, required=True),
        _ID,
        *_DATES,
        public("name", required=True),
        public("abbreviation"),
        public("order", "number"),
        public("parent"),
    ),
    withheld=("creator",),
    omitted=("district", "url", "color", "showOnDash", "__v", "parents", "rows", "tags"),
)

GENERIC_TAG_KINDS = ("observationtypes", "measurementgroups", "courses", "grades", "usertypes")
"""The kinds of generic tag that records of the other streams refer to."""

STREAMS = (SCHOOLS, USERS, MEASUREMENTS, RUBRICS, GENERIC_TAGS, OBSERVATIONS)
