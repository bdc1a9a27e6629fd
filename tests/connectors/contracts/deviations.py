"""Where we knowingly do otherwise than a published document says, each with its reason.

Belongs here: every exception there is. One that is no longer needed fails the tests, so the
list can only be as long as it must. Does not belong here: how it is found out (test_*).
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class UndocumentedPath:
    """Requests to a path that the document does not have. path: a pattern of the whole path below the base."""

    contract: str
    path: str
    reason: str

    def covers(self, contract: str, path: str) -> bool:
        return contract == self.contract and re.fullmatch(self.path, path) is not None


@dataclass(frozen=True)
class UndeclaredParameter:
    """A query parameter or header that the document does not declare. template: a pattern of documented paths."""

    contract: str
    template: str
    name: str
    reason: str

    def covers(self, contract: str, template: str, name: str) -> bool:
        return contract == self.contract and name == self.name and re.fullmatch(self.template, template) is not None


@dataclass(frozen=True)
class UnpublishedField:
    """A field of a stream that the published shape of its records does not have."""

    contract: str
    stream: str
    field: str
    reason: str


Deviation = UndocumentedPath | UndeclaredParameter | UnpublishedField

PATHS: tuple[UndocumentedPath, ...] = (
    UndocumentedPath(
        "Badgr v2",
        "/v2/(issuers|badgeclasses|assertions)/changed",
        "the feeds of changes are in the server's own code and not in this document, which a vendor of another "
        "product wrote; where they are 404, everything is read",
    ),
    UndocumentedPath(
        "Ed-Fi 6.0",
        "/ed-fi/[A-Za-z]+/(deletes|keyChanges)",
        "the API publishes the feeds of change queries with each resource once they are on; the cut document "
        "leaves them out",
    ),
)

PARAMETERS: tuple[UndeclaredParameter, ...] = (
    UndeclaredParameter(
        "Badgr v2",
        "/v2/(issuers|badgeclasses)",
        "num",
        "the server pages these lists like those of awards; without num everything comes in one body",
    ),
    UndeclaredParameter(
        "Badgr v2",
        "/v2/badgeclasses|/v2/issuers/{entity_id}/assertions",
        "cursor",
        "stands in the next page's address, which the server itself sends in the Link header",
    ),
    UndeclaredParameter(
        "Ed-Fi 6.0",
        "/ed-fi/[A-Za-z]+",
        "minChangeVersion",
        "the document declares the parameter and, being cut, names it at no path; the API has it at every resource",
    ),
    UndeclaredParameter(
        "Ed-Fi 6.0",
        "/ed-fi/[A-Za-z]+",
        "maxChangeVersion",
        "the document declares the parameter and, being cut, names it at no path; the API has it at every resource",
    ),
    UndeclaredParameter(
        "Ed-Fi 6.0",
        "/ed-fi/[A-Za-z]+|/availableChangeVersions",
        "use-snapshot",
        "a header that the document tells of in its 404 answers and declares nowhere; sent only where a district "
        "sets use_snapshot",
    ),
)

_REFERENCE = (
    "the document gives references as objects and does not say what is in them; 1EdTech's specification, from which "
    "it derives, has sourcedId, href and type"
)
_OF_1_1 = "of OneRoster 1.1, which the stream lands in the same columns; 1.2 says it in roles"
_LEFT_OUT = "in 1EdTech's specification of 1.2; Ed-Fi's server, whose document this is, leaves it out"

_OF_CASE_1_1 = "of CASE 1.1, which the stream lands in the same columns; the document is that of 1.0"
_OF_OURS = "ours and not the platform's: the document whose package a record came in, which CASE does not repeat"

FIELDS: tuple[UnpublishedField, ...] = (
    UnpublishedField("CASE 1.0", "documents", "frameworkType", _OF_CASE_1_1),
    UnpublishedField("CASE 1.0", "documents", "caseVersion", _OF_CASE_1_1),
    UnpublishedField("CASE 1.0", "items", "document_identifier", _OF_OURS),
    UnpublishedField("CASE 1.0", "associations", "document_identifier", _OF_OURS),
    UnpublishedField("CASE 1.0", "rubrics", "document_identifier", _OF_OURS),
    UnpublishedField(
        "Ed-Fi 6.0",
        "staffs",
        "electronicMails[*].electronicMailAddress",
        "of Data Standard 5.x, which lands in the same columns; 6.0 has e-mails in staffDirectories, another stream",
    ),
    UnpublishedField("OneRoster 1.2", "orgs", "parent.sourcedId", _REFERENCE),
    UnpublishedField("OneRoster 1.2", "academic_sessions", "parent.sourcedId", _REFERENCE),
    UnpublishedField("OneRoster 1.2", "users", "role", _OF_1_1),
    UnpublishedField("OneRoster 1.2", "users", "orgs[*].sourcedId", _OF_1_1),
    UnpublishedField("OneRoster 1.2", "users", "enabledUser", _LEFT_OUT),
    UnpublishedField("OneRoster 1.2", "users", "userMasterIdentifier", _LEFT_OUT),
    UnpublishedField("OneRoster 1.2", "users", "primaryOrg.sourcedId", _LEFT_OUT),
    UnpublishedField("OneRoster 1.2", "classes", "grades", "1EdTech's name for what Ed-Fi's server calls grade"),
    UnpublishedField("OneRoster 1.2", "classes", "course.sourcedId", _REFERENCE),
    UnpublishedField("OneRoster 1.2", "classes", "school.sourcedId", _REFERENCE),
    UnpublishedField("OneRoster 1.2", "classes", "terms[*].sourcedId", _REFERENCE),
    UnpublishedField("OneRoster 1.2", "enrollments", "user.sourcedId", _REFERENCE),
    UnpublishedField("OneRoster 1.2", "enrollments", "class.sourcedId", _REFERENCE),
    UnpublishedField("OneRoster 1.2", "enrollments", "school.sourcedId", _REFERENCE),
)
