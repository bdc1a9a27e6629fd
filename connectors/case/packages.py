"""A CASE package: what must be in it, and the records that each stream takes from it.

Belongs here: the shape of a CFPackage and its members. Does not belong here: where a
package comes from (endpoint, folder), field declarations (streams).

Records stay the bytes that the publisher wrote, so that numbers keep their digits; only the
document is added to each, and an offset to a time of change that has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
import orjson

from connectors.case.streams import ASSOCIATIONS, DOCUMENTS, ITEMS, RUBRICS
from connectors.core.errors import ContractBroken
from connectors.core.schema import Stream

RECORDS_PER_PAGE = 2_000
_MEMBERS = {ITEMS.name: "CFItems", ASSOCIATIONS.name: "CFAssociations", RUBRICS.name: "CFRubrics"}
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
# the specification wants UTC; servers leave the Z out
_WITHOUT_OFFSET = re.compile(rb'("lastChangeDateTime"\s*:\s*"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?)"')


@dataclass(frozen=True)
class Seen:
    """A first look at a place. state: tells whether anything is new. documents: CFDocuments, where it lists them."""

    state: dict[str, Any]
    documents: tuple[bytes, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Package:
    """One framework. identifier: its CFDocument's; came_from: an address or file name, for messages."""

    identifier: str
    came_from: str
    members: dict[str, msgspec.Raw] = field(repr=False)

    def __post_init__(self) -> None:
        # whatever stream is asked for, a package is whole or none
        self._listed(ITEMS)

    def records(self, stream: Stream) -> list[bytes]:
        """What a stream takes from the package, as JSON. Raises ContractBroken where its list is something else."""
        if stream.name == DOCUMENTS.name:
            return [with_utc(bytes(self.members["CFDocument"]))]
        return [with_utc(self._of_this_document(bytes(record))) for record in self._listed(stream)]

    def _listed(self, stream: Stream) -> list[msgspec.Raw]:
        member = _MEMBERS[stream.name]
        raw = bytes(self.members.get(member, b"null"))
        # only items are always there: a framework may relate nothing and rate nothing
        if raw == b"null" and stream.name != ITEMS.name:
            return []
        if not raw.startswith(b"["):
            raise ContractBroken(f"{self.came_from}: the package has no list named {member}. Ask its publisher")
        return _LIST.decode(raw)

    def _of_this_document(self, record: bytes) -> bytes:
        if not record.startswith(b"{"):
            return record
        others = record[1:].lstrip()
        comma = b"" if others == b"}" else b","
        return b'{"document_identifier":' + orjson.dumps(self.identifier) + comma + others


def package_of(document: Any, body: bytes, came_from: str) -> Package:
    """The package in a JSON document and its bytes. Raises ContractBroken where it is none."""
    described = document.get("CFDocument") if isinstance(document, dict) else None
    identifier = identifier_of(described)
    if identifier is None:
        raise ContractBroken(
            f"{came_from}: no CASE package, for it has no CFDocument with an identifier. "
            "Expected is the JSON of CFPackages/{id}"
        )
    return Package(identifier, came_from, _OBJECT.decode(body))


def identifier_of(described: Any) -> str | None:
    """A CFDocument's identifier, or None where it has none."""
    identifier = described.get("identifier") if isinstance(described, dict) else None
    return identifier.strip() if isinstance(identifier, str) and identifier.strip() else None


def with_utc(record: bytes) -> bytes:
    """The record with an offset in its time of change."""
    return _WITHOUT_OFFSET.sub(rb'\1Z"', record)


def pages_of(records: list[bytes]) -> Iterator[bytes]:
    """JSON lists of so many records as landing takes at a time."""
    for start in range(0, len(records), RECORDS_PER_PAGE):
        yield b"[" + b",".join(records[start : start + RECORDS_PER_PAGE]) + b"]"
