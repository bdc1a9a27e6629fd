"""Which platform speaks which published document, and how its client is brought to say all it knows.

Belongs here: one contract a platform and version. Does not belong here: what we do otherwise
than the documents say, and why (deviations).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectors.core.schema import Stream
from connectors.edfi.data_standard import data_standard
from connectors.oneroster.rest import REST_STREAMS
from connectors.registry import PLATFORMS
from connectors.sandbox.server import Sandbox
from tests.connectors.contracts.recorded import connector_to, pull_all


@dataclass(frozen=True)
class Document:
    """A file of the reference data. below: where its paths begin under the platform's base address."""

    file: str
    below: str = ""


@dataclass(frozen=True, eq=False)
class Contract:
    """What one platform, in one version, is held to.

    stand_in, source: which stand-in of the sandbox, and whose credentials of it.
    documents: the first one publishes the records.
    record: of a stream, the documented path that lists its records and their place in the answer.
    speak: makes the client send every kind of request that it has.
    streams: as this version spells them.
    """

    name: str
    platform: str
    stand_in: str
    source: str
    documents: tuple[Document, ...]
    record: Callable[[Stream], tuple[str, str]]
    speak: Callable[[Contract, Sandbox, Path], None]
    streams: Callable[[], tuple[Stream, ...]]
    options: Mapping[str, Any] = field(default_factory=dict)

    def document_of(self, path: str) -> Document:
        """The document that a path below the platform's base belongs to: the one that begins deepest."""
        return max((one for one in self.documents if path.startswith(one.below)), key=lambda one: len(one.below))


_BADGR_LISTS = {"issuers": "/v2/issuers", "badge_classes": "/v2/badgeclasses"}


def _speak_badgr(contract: Contract, sandbox: Sandbox, folder: Path) -> None:
    """Everything in pages of five, then what changed."""
    options = {**contract.options, "page_size": 5}
    connector = connector_to(sandbox, contract.platform, contract.stand_in, options, contract.source, folder)
    cursors = pull_all(connector)
    pull_all(connector, cursors)
    connector.close()


def _speak_edfi(contract: Contract, sandbox: Sandbox, folder: Path) -> None:
    """By tokens and by offsets, with change queries and without, from a snapshot; changes and deletes."""
    server: Any = sandbox.stand_in(contract.stand_in)
    ways: tuple[tuple[bool, bool, dict[str, Any]], ...] = (
        (True, True, {}),
        (False, True, {}),
        (False, False, {}),
        (True, True, {"use_snapshot": True}),
    )
    for has_tokens, has_changes, further in ways:
        server.has_cursor_paging, server.has_change_queries = has_tokens, has_changes
        if further:
            server.take_snapshot()
        options = {**contract.options, "page_size": 100, **further}
        connector = connector_to(sandbox, contract.platform, contract.stand_in, options, contract.source, folder)
        cursors = pull_all(connector)
        for stream in contract.streams():
            resource = _EDFI_6.resource(stream).partition("/")[2]
            identifiers = server.ids(resource)
            if len(identifiers) > 2:
                server.change(resource, identifiers[0], {})
                server.delete(resource, identifiers[1])
        pull_all(connector, cursors)
        connector.close()


def _speak_oneroster(contract: Contract, sandbox: Sandbox, folder: Path) -> None:
    """Everything in small pages, then what changed, deleted records among it."""
    server: Any = sandbox.stand_in(contract.stand_in)
    options = {**contract.options, "page_size": 20}
    connector = connector_to(sandbox, contract.platform, contract.stand_in, options, contract.source, folder)
    cursors = pull_all(connector)
    for stream in contract.streams():
        collection = _one_roster_collection(stream)
        first, second = server.ids(collection)[:2]
        server.change(collection, first, {})
        server.mark_deleted(collection, second)
    pull_all(connector, cursors)
    connector.close()


def _speak_case(contract: Contract, sandbox: Sandbox, folder: Path) -> None:
    """Everything, then again with its cursor, after one package changed."""
    server: Any = sandbox.stand_in(contract.stand_in)
    connector = connector_to(sandbox, contract.platform, contract.stand_in, contract.options, contract.source, folder)
    cursors = pull_all(connector)
    first = server.document_ids()[0]
    server.change_item(first, server.get(first)["CFItems"][0]["identifier"], {"humanCodingScheme": "X"})
    pull_all(connector, cursors)
    connector.close()


_CASE_LISTS = {"items": "CFItems[]", "associations": "CFAssociations[]", "rubrics": "CFRubrics[]"}


def _case_record(stream: Stream) -> tuple[str, str]:
    if stream.name in _CASE_LISTS:
        return "/CFPackages/{sourcedId}", _CASE_LISTS[stream.name]
    return "/CFDocuments", "CFDocuments[]"


def _one_roster_collection(stream: Stream) -> str:
    return "academicSessions" if stream.name == "academic_sessions" else stream.name


_EDFI_6 = data_standard("6.0")

CONTRACTS: tuple[Contract, ...] = (
    Contract(
        name="Badgr v2",
        platform="badgr",
        stand_in="badgr",
        source="badges",
        documents=(Document("badgr/badgr_v2_powerplatform_swagger.produces-fixed.json"),),
        record=lambda stream: (_BADGR_LISTS.get(stream.name, "/v2/issuers/{entity_id}/assertions"), "result[]"),
        speak=_speak_badgr,
        streams=lambda: PLATFORMS["badgr"].streams,
    ),
    Contract(
        name="Ed-Fi 6.0",
        platform="edfi",
        stand_in="edfi6",
        source="sis6",
        documents=(
            Document("edfi/openapi/resources-ds-6.0.workforce-subset.json", "/data/v3"),
            Document("edfi/openapi/change-queries-api-1.0.0.yaml", "/changeQueries/v1"),
            Document("edfi/openapi/discovery-api-1.0.yaml"),
        ),
        record=lambda stream: (f"/{_EDFI_6.resource(stream)}", "[]"),
        speak=_speak_edfi,
        streams=_EDFI_6.streams,
    ),
    Contract(
        name="OneRoster 1.2",
        platform="oneroster",
        stand_in="oneroster",
        source="roster",
        documents=(Document("oneroster/edfi_oneroster_1p2_swagger.yml"),),
        record=lambda stream: (
            f"/ims/oneroster/rostering/v1p2/{_one_roster_collection(stream)}",
            f"{_one_roster_collection(stream)}[]",
        ),
        speak=_speak_oneroster,
        streams=lambda: REST_STREAMS,
    ),
    Contract(
        name="CASE 1.0",
        platform="case",
        stand_in="case",
        source="frameworks",
        documents=(Document("case/case-v1p0-swagger.json", "/ims/case/v1p0"),),
        record=_case_record,
        speak=_speak_case,
        streams=lambda: PLATFORMS["case"].streams,
        options={"version": "1.0", "signs_in": True},
    ),
)
