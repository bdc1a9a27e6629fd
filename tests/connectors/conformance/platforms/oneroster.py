"""OneRoster as the conformance kit needs to know it: REST 1.2 and 1.1, a server without headers, CSV."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from connectors.sandbox import oneroster_csv
from connectors.sandbox.district import District
from connectors.sandbox.oneroster_server import OneRoster
from tests.connectors.conformance.declaration import (
    Changes,
    FileChanges,
    FilePlatform,
    HttpPlatform,
    Reach,
    Total,
    Walk,
)

# -- REST ----------------------------------------------------------------------------------


def changes_of(collection: str, patch: dict[str, Any], of_staff: Callable[[dict[str, Any]], bool]) -> Changes:
    def picked(server: OneRoster, n: int) -> str:
        return [one for one in server.ids(collection) if of_staff(server.get(collection, one))][n]

    def remove(server: OneRoster, n: int) -> dict[str, Any]:
        document = server.get(collection, picked(server, n))
        server.mark_deleted(collection, document["sourcedId"])
        return document

    def late(server: OneRoster, ago: timedelta) -> None:
        server.change(collection, picked(server, 3), patch, server.now() - ago)

    return Changes(
        add=lambda server: server.add(
            collection, {**server.get(collection, picked(server, 0)), "sourcedId": "a-new-one"}
        ),
        change=lambda server, n: server.change(collection, picked(server, n), patch),
        remove=remove,
        restore=lambda server, document: server.add(collection, document),
        vanish=lambda server, n: server.hard_delete(collection, picked(server, n)),
        late=late,
    )


def _is_staff(user: dict[str, Any]) -> bool:
    return str(user["sourcedId"]).startswith(("usr-", "a-new-one"))


_ROLES = "By REST a user carries the roles; the stream is that of roles.csv"
_WITHHELD_OF_CLASSES = "The stand-in's classes and enrolments have no metadata"

REST = HttpPlatform(
    platform="oneroster",
    secrets={"client_id": "ROSTER_CLIENT_ID", "client_secret": "ROSTER_CLIENT_SECRET"},
    wrong_secrets={"client_secret": "no-secret-of-the-sandbox"},
    options={"page_size": 15},
    token_path="/token",
    walks=(
        Walk("users", r"/v1p2/users\?", "offsets", records="users"),
        Walk("enrollments", r"/v1p2/enrollments\?", "offsets", records="enrollments"),
        Walk("classes", r"/v1p2/classes\?.*filter=", "offsets", records="classes", of_changes=True, changed=40),
    ),
    size_parameter="limit",
    total=Total(r"/v1p2/", header="X-Total-Count"),
    changes={
        "users": changes_of("users", {"familyName": "Changed"}, _is_staff),
        "classes": changes_of("classes", {"classCode": "changed"}, lambda _: True),
        "enrollments": changes_of("enrollments", {"primary": "false"}, lambda one: one["role"] == "teacher"),
        "orgs": changes_of("orgs", {"name": "Changed"}, lambda _: True),
    },
    denied=("/v1p2/classes", "classes"),
    empty_streams={"roles": _ROLES},
    absent_fields={
        "users.role": "1.1 tells one role, 1.2 a list",
        "users.orgSourcedIds": "1.1 tells organisations, 1.2 a list of roles",
        "users.middleName": "Nobody in the synthetic district has one",
        "classes.subjectCodes": "The stand-in's classes have no codes",
        "orgs.metadata": "The stand-in's organisations have none",
        "academic_sessions.metadata": "The stand-in's sessions have none",
    },
    absent_withheld={
        "classes": _WITHHELD_OF_CLASSES,
        "enrollments": _WITHHELD_OF_CLASSES,
        "roles": _ROLES,
    },
)


def _without_headers(server: OneRoster) -> None:
    """As Ed-Fi's server does: no totals, no links, and a limit that is clamped without a word."""
    server.has_totals = server.has_links = False
    server.largest_page = 15


WITHOUT_HEADERS = replace(
    REST,
    name="oneroster, no headers and clamped pages",
    options={"page_size": 500},
    arrange=_without_headers,
    modules={"paging": "pages are followed without headers", "reads": "pages are followed without headers"},
    total=None,
    skips={"total_is_wrong": "The server gives no count; the overlap of pages tells lost records"},
)

# -- CSV -----------------------------------------------------------------------------------

_DROP = "roster"
_FIRST = f"{_DROP}/2026-11-01"


def _deliver(district: District, folder: Path) -> None:
    oneroster_csv.write(district, folder / _FIRST)


@contextmanager
def _reach(_folder: Path) -> Iterator[Reach]:
    yield Reach({"folder": _DROP})


@contextmanager
def _nowhere(_folder: Path) -> Iterator[Reach]:
    yield Reach({"folder": "no-such-folder"})


def _add_delta(name: str, key: str) -> Callable[[Path], object]:
    """A delivery more: the first record of a file under another key, active from now on."""

    def add(folder: Path) -> None:
        lines = (folder / _FIRST / f"{name}.csv").read_text().splitlines()
        header, record = lines[0].split(","), lines[1]
        _, _, _, rest = record.split(",", 3)
        later = folder / _DROP / "2026-11-02"
        later.mkdir(exist_ok=True)
        row = f"{key},active,2026-11-02T06:00:00Z,{rest}"
        (later / f"{name}.csv").write_text(f"{','.join(header)}\n{row}\n")
        (later / "manifest.csv").write_text(oneroster_csv.manifest("1.2", {name: "delta"}))

    return add


def _change(name: str, old: str, new: str) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        path = folder / _FIRST / f"{name}.csv"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return change


def _write_on(folder: Path) -> None:
    path = folder / _FIRST / "classes.csv"
    row = path.read_text().splitlines()[1]
    with path.open("a", newline="") as file:
        file.write(f"cls-late,{row.split(',', 1)[1]}\r\n")


def _zip(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return packed.getvalue()


def _link() -> zipfile.ZipInfo:
    link = zipfile.ZipInfo("users.csv")
    link.external_attr = 0o120777 << 16
    return link


_MANIFEST = ("manifest.csv", oneroster_csv.manifest("1.2", {"users": "bulk", "roles": "bulk"}).encode())

CSV = FilePlatform(
    platform="oneroster",
    name="oneroster, CSV",
    kind="folder",
    deliver=_deliver,
    reach=_reach,
    out_of_reach=_nowhere,
    changes={
        "orgs": FileChanges(add=_add_delta("orgs", "org-new"), change=_change("orgs", "Elementary", "Primary")),
        "classes": FileChanges(
            add=_add_delta("classes", "cls-new"), change=_change("classes", "scheduled", "homeroom"), write_on=_write_on
        ),
    },
    hostile={
        f"{_DROP}/2026-11-03.zip": b"",
        f"{_DROP}/2026-11-04.zip": b"PK\x03\x04" + b"\x00" * 100,
        f"{_DROP}/2026-11-05.zip": _zip(_MANIFEST, ("users.csv", b"a" * (64 << 20))),
        f"{_DROP}/2026-11-06.zip": _zip(_MANIFEST, ("../users.csv", b"sourcedId\n")),
        f"{_DROP}/2026-11-07.zip": _zip(_MANIFEST, (_link(), b"/etc/passwd")),
        f"{_DROP}/2026-11-08.zip": _zip(("users.csv", b"sourcedId\n")),
        f"{_DROP}/loose.txt": b"nothing of ours",
    },
    absent_fields={
        "users.role": "1.1 tells one role, 1.2 a file of them",
        "users.orgSourcedIds": "1.1 tells organisations, 1.2 a file of roles",
        "users.roles": "By CSV roles are a file of their own",
        "users.middleName": "Nobody in the synthetic district has one",
        "classes.subjectCodes": "The synthetic classes have no codes",
        "orgs.metadata": "The synthetic organisations have none",
        "academic_sessions.metadata": "The synthetic sessions have none",
        **{
            f"{stream}.{name}": "Blank in bulk files"
            for stream in ("orgs", "academic_sessions", "users", "roles", "classes", "enrollments")
            for name in ("status", "dateLastModified")
        },
    },
    absent_withheld={
        "classes": _WITHHELD_OF_CLASSES,
        "enrollments": _WITHHELD_OF_CLASSES,
        "roles": "The synthetic roles name no profile",
    },
)

DECLARATIONS = (REST, WITHOUT_HEADERS, CSV)
