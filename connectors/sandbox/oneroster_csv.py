"""The synthetic district as a delivery of OneRoster CSV files, 1.1 or 1.2, bulk or delta.

Belongs here: the two versions' columns, and writing a folder or a zip. Does not belong
here: what the records say (oneroster_documents).
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from connectors.sandbox.district import District
from connectors.sandbox.oneroster_documents import (
    ACADEMIC_SESSIONS,
    CLASSES,
    ENROLLMENTS,
    ORGS,
    USERS,
    Document,
    collections,
)

Version = Literal["1.1", "1.2"]
Mode = Literal["bulk", "delta"]

ROLES = "roles"
_BASE = ("sourcedId", "status", "dateLastModified")
_COLUMNS: dict[str, tuple[str, ...]] = {
    ORGS: ("name", "type", "identifier", "parentSourcedId"),
    ACADEMIC_SESSIONS: ("title", "type", "startDate", "endDate", "parentSourcedId", "schoolYear"),
    CLASSES: (
        *("title", "grades", "courseSourcedId", "classCode", "classType", "location"),
        *("schoolSourcedId", "termSourcedIds", "subjects", "subjectCodes", "periods"),
    ),
    ENROLLMENTS: ("classSourcedId", "schoolSourcedId", "userSourcedId", "role", "primary", "beginDate", "endDate"),
    ROLES: ("userSourcedId", "roleType", "role", "beginDate", "endDate", "orgSourcedId", "userProfileSourcedId"),
}
_USERS: dict[Version, tuple[str, ...]] = {
    "1.1": (
        *("enabledUser", "orgSourcedIds", "role", "username", "userIds", "givenName", "familyName", "middleName"),
        *("identifier", "email", "sms", "phone", "agentSourcedIds", "grades", "password", "metadata.birthDate"),
    ),
    "1.2": (
        *("enabledUser", "username", "userIds", "givenName", "familyName", "middleName", "identifier", "email"),
        *("sms", "phone", "agentSourcedIds", "grades", "password", "userMasterIdentifier", "resourceSourcedIds"),
        *("preferredGivenName", "preferredMiddleName", "preferredFamilyName", "primaryOrgSourcedId", "pronouns"),
        "metadata.birthDate",
    ),
}
_REFERENCES = {
    "parentSourcedId": "parent",
    "courseSourcedId": "course",
    "schoolSourcedId": "school",
    "classSourcedId": "class",
    "userSourcedId": "user",
    "primaryOrgSourcedId": "primaryOrg",
}


def files_of(district: District, version: Version = "1.2", mode: Mode = "bulk") -> dict[str, str]:
    """Content by file name, manifest included."""
    records = collections(district)
    tables = {
        name: rows(documents, _USERS[version] if name == USERS else _COLUMNS[name], mode)
        for name, documents in records.items()
    }
    if version == "1.2":
        tables[ROLES] = rows(roles_of(records[USERS]), _COLUMNS[ROLES], mode)
    contents = {f"{name}.csv": table for name, table in tables.items()}
    return {"manifest.csv": manifest(version, dict.fromkeys(tables, mode)), **contents}


def write(district: District, folder: Path, version: Version = "1.2", mode: Mode = "bulk") -> None:
    """A delivery as a folder; files of the same name are replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files_of(district, version, mode).items():
        (folder / name).write_text(content, encoding="utf-8", newline="")


def write_zip(district: District, path: Path, version: Version = "1.2", mode: Mode = "bulk") -> None:
    """A delivery as one zip."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files_of(district, version, mode).items():
            archive.writestr(name, content)


def manifest(version: str, modes: Mapping[str, str]) -> str:
    """A manifest.csv; files that are not named are absent."""
    every = dict.fromkeys((ORGS, ACADEMIC_SESSIONS, USERS, ROLES, CLASSES, ENROLLMENTS, "demographics"), "absent")
    said = {"manifest.version": "1.0", "oneroster.version": version}
    said |= {f"file.{name}": mode for name, mode in (every | dict(modes)).items()}
    said["source.systemName"] = "Sandbox (SYNTHETIC)"
    return text_of(("propertyName", "value"), list(said.items()))


def rows(documents: Sequence[Document], columns: Sequence[str], mode: Mode) -> str:
    """A file: status and time of change are blank in bulk files, as the specification wants them."""
    header = (*_BASE, *columns)
    blank = ("status", "dateLastModified") if mode == "bulk" else ()
    return text_of(
        header, [["" if name in blank else _cell(document, name) for name in header] for document in documents]
    )


def roles_of(users: Sequence[Document]) -> list[Document]:
    """What stands in roles.csv: a row per user and role."""
    return [
        {
            **{name: user[name] for name in _BASE},
            **role,
            "sourcedId": f"{user['sourcedId']}-role-{number}",
            "user": {"sourcedId": user["sourcedId"]},
            "orgSourcedId": role["org"]["sourcedId"],
        }
        for user in users
        for number, role in enumerate(user["roles"])
    ]


def text_of(header: Sequence[str], table: Sequence[Sequence[str]]) -> str:
    written = io.StringIO()
    csv.writer(written).writerows([header, *table])
    return written.getvalue()


def _cell(document: Document, name: str) -> str:
    if name in _REFERENCES:
        return str(document.get(_REFERENCES[name], {}).get("sourcedId", ""))
    special: dict[str, Any] = {
        "termSourcedIds": [term["sourcedId"] for term in document.get("terms", [])],
        "agentSourcedIds": [agent["sourcedId"] for agent in document.get("agents", [])],
        "userIds": [f"{{{one['type']}:{one['identifier']}}}" for one in document.get("userIds", [])],
        "preferredGivenName": document.get("preferredFirstName", ""),
        "metadata.birthDate": document.get("metadata", {}).get("birthDate", ""),
    }
    if name in ("orgSourcedIds", "role") and document.get("roles"):
        # 1.1: the newest role, and where it is held
        newest = max(document["roles"], key=lambda one: (one["roleType"] == "primary", one.get("beginDate", "")))
        return str(newest["role"] if name == "role" else newest["org"]["sourcedId"])
    value = special.get(name, document.get(name, ""))
    return ",".join(value) if isinstance(value, list) else str(value)
