"""The Ed-Fi ODS/API stand-in of Data Standard 6.0, beside that of 5.x.

Belongs here: what 6.0 serves: resources, natural keys, what requests may be narrowed by, and
whom it lets in. Does not belong here: the HTTP contract (edfi_server), documents
(edfi_six_documents).
"""

from __future__ import annotations

from connectors.sandbox import edfi_server
from connectors.sandbox.district import District
from connectors.sandbox.edfi_server import EdFi, ServedStandard
from connectors.sandbox.edfi_six_documents import resources
from connectors.sandbox.exchange import Clock

CLIENT_ID = "sandbox-sis6-client"
CLIENT_SECRET = "sandbox-sis6-secret"

_ORGANIZATION = "educationOrganizationReference.educationOrganizationId"
_STAFF = "staffReference.staffUniqueId"
_PERSON = ("personReference.personId", "personReference.sourceSystemDescriptor")
_ACCOUNT = ("accountIdentifier", "educationOrganizationId", "fiscalYear")

KEY_PATHS: dict[str, tuple[str, ...]] = {
    **edfi_server.KEY_PATHS,
    "staffDirectories": (_ORGANIZATION, _STAFF),
    "staffIdentificationCodes": (_ORGANIZATION, "staffIdentificationSystemDescriptor", _STAFF),
    "professionalDevelopmentEvents": ("namespace", "professionalDevelopmentTitle"),
    "professionalDevelopmentEventAttendances": (
        "attendanceDate",
        *_PERSON,
        "professionalDevelopmentEventReference.namespace",
        "professionalDevelopmentEventReference.professionalDevelopmentTitle",
    ),
    "chartOfAccounts": ("accountIdentifier", _ORGANIZATION, "fiscalYear"),
    "localAccounts": ("accountIdentifier", _ORGANIZATION, "fiscalYear"),
    "localActuals": ("asOfDate", *(f"localAccountReference.{name}" for name in _ACCOUNT)),
}
"""Where each resource's natural key stands in its document; everything stands in the core."""

DATA_STANDARD_6_0 = ServedStandard(
    models=({"name": "Ed-Fi", "version": "6.0.0", "informationalVersion": "The Ed-Fi Data Model 6.0"},),
    namespaces=dict.fromkeys(KEY_PATHS, "ed-fi"),
    key_paths=KEY_PATHS,
    filters={"staffIdentificationCodes": ("staffIdentificationSystemDescriptor",)},
)


def edfi_six(district: District, clock: Clock) -> EdFi:
    """The stand-in that serves the district as Data Standard 6.0."""
    return EdFi(resources(district), clock, CLIENT_ID, CLIENT_SECRET, DATA_STANDARD_6_0)
