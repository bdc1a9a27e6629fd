"""CASE as the conformance kit needs to know it: a provider over HTTP, and a folder of packages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.sandbox.case_documents import Document, packages
from connectors.sandbox.case_server import TOKEN, Case
from connectors.sandbox.district import District
from connectors.sandbox.exchange import instant
from tests.connectors.conformance.declaration import (
    Changes,
    FileChanges,
    FilePlatform,
    HttpPlatform,
    Reach,
    Total,
    Walk,
)

_NO_TOKENS = "a fixed token is sent with each request: none is asked for, and none ends"

_ABSENT = {
    "documents.publisher": "the synthetic frameworks have a creator only",
    "documents.frameworkType": "of CASE 1.1, and the synthetic frameworks are of 1.0",
    "documents.caseVersion": "of CASE 1.1, and the synthetic frameworks are of 1.0",
    "documents.statusEndDate": "no synthetic framework has ended, only an item of one",
    "documents.officialSourceURL": "the synthetic frameworks are published nowhere",
    "items.alternativeLabel": "the synthetic items have one label",
    "items.listEnumeration": "the synthetic items have codes instead",
    "items.conceptKeywords": "the synthetic items have no keywords",
    "items.educationLevel": "the synthetic items are about teachers, not about grades",
    "items.statusStartDate": "the synthetic items began with their framework",
    "associations.sequenceNumber": "the synthetic items have no order",
}


def _package(number: int) -> Document:
    """A small framework more."""
    document_id = f"00000000-0000-4000-8000-{number:012d}"
    change = {"lastChangeDateTime": "2022-01-01T00:00:00Z"}
    return {
        "CFDocument": {
            "identifier": document_id,
            "uri": f"https://case.cedar-valley.example/uri/{document_id}",
            "title": f"Local practices {number} (SYNTHETIC)",
            "creator": "Cedar Valley Schools (SYNTHETIC)",
            **change,
        },
        "CFItems": [
            {
                "identifier": f"{document_id[:-4]}{place:04d}",
                "uri": f"https://case.cedar-valley.example/uri/{number}-{place}",
                "fullStatement": f"Practice {place}",
                "humanCodingScheme": f"L{number}.{place}",
                **change,
            }
            for place in range(3)
        ],
        "CFAssociations": [],
    }


def _served(case: Case) -> None:
    case.token = TOKEN
    for number in range(1, 9):
        case.add_package(_package(number))


def _local(case: Case) -> list[str]:
    """The documents that may come and go; the district's own stay."""
    return sorted(document for document in case.packages if document.startswith("00000000"))


def _items(case: Case) -> list[tuple[str, str]]:
    return sorted(
        (document, item["identifier"]) for document in case.packages for item in case.get(document)["CFItems"]
    )


def _dated_back(case: Case, age: timedelta) -> None:
    """A change whose time was set by another of the provider's machines, and saved only now."""
    described = case.packages[sorted(case.packages)[0]]["CFDocument"]
    now = datetime.now(UTC)
    described["description"] = f"A wording saved at {now}"
    described["lastChangeDateTime"] = instant(now - age)


def _take_out(case: Case, n: int) -> Document:
    document = _local(case)[n]
    package = case.get(document)
    case.remove_package(document)
    return package


def _retitle(case: Case, n: int) -> None:
    document = sorted(case.packages)[n]
    case.packages[document]["CFDocument"]["description"] = "Another wording"
    case._touch(document, tells=True)


_HTTP = HttpPlatform(
    platform="case",
    secrets={"token": "FRAMEWORKS_TOKEN"},
    wrong_secrets={"token": "no-token-of-the-sandbox"},
    options={"page_size": 4, "signs_in": True},
    arrange=_served,
    token_path="",
    size_parameter="limit",
    walks=(
        Walk("documents", r"/CFDocuments\?", "offsets", records="CFDocuments"),
        Walk("items", "/CFPackages/", "single", records="CFItems"),
    ),
    changes={
        "documents": Changes(
            add=lambda case: case.add_package(_package(len(case.packages) + 10)),
            change=_retitle,
            remove=_take_out,
            restore=lambda case, package: case.add_package(package),
            late=_dated_back,
        ),
        "items": Changes(
            change=lambda case, n: case.change_item(*_items(case)[n], {"fullStatement": "Another wording"}),
            remove=lambda case, n: case.remove_item(*_items(case)[n]),
            vanish=lambda case, n: case.remove_item(*_items(case)[n], tells=False),
        ),
    },
    denied=("/CFPackages/", "items"),
    total=Total(r"/CFDocuments\?", header="X-Total-Count"),
    absent_fields=_ABSENT,
    skips={
        "token_expires_meanwhile": _NO_TOKENS,
        "odd_life_of_a_token": _NO_TOKENS,
        "broken_token_endpoint": _NO_TOKENS,
    },
)


def _deliver(_district: District, folder: Path) -> None:
    for number, package in enumerate(packages()):
        _write(folder / f"framework-{number}.json", package)


def _write(path: Path, document: Any) -> None:
    path.write_text(json.dumps(document))


def _edited(folder: Path) -> None:
    path = folder / "framework-0.json"
    package = json.loads(path.read_bytes())
    package["CFItems"][0]["fullStatement"] = "Another wording"
    package["CFDocument"]["description"] = "Another wording"
    _write(path, package)


@contextmanager
def _folder(folder: Path) -> Iterator[Reach]:
    yield Reach({"folder": str(folder)})


@contextmanager
def _elsewhere(folder: Path) -> Iterator[Reach]:
    yield Reach({"folder": str(folder / "nowhere")})


_CHANGES = FileChanges(
    add=lambda folder: _write(folder / "framework-9.json", _package(9)),
    change=_edited,
    remove=lambda folder: max(folder.glob("framework-*.json")).unlink(),
    write_on=lambda folder: _write(folder / "framework-1.json", _package(1)),
)
_FILES = FilePlatform(
    platform="case",
    name="case_folder",
    kind="folder",
    deliver=_deliver,
    reach=_folder,
    out_of_reach=_elsewhere,
    changes={"documents": _CHANGES, "items": _CHANGES},
    absent_fields=_ABSENT,
    hostile={
        "no-json.json": b"{",
        "a-list.json": b"[]",
        "no-document.json": b'{"CFItems": []}',
        "no-items.json": b'{"CFDocument": {"identifier": "x", "title": "X"}}',
        "deep.json": b"[" * 200_000,
        "twice.json": b'{"CFDocument": {"identifier": "x", "identifier": "y"}}',
    },
)

DECLARATIONS = (_HTTP, _FILES)
