"""CASE packages from a provider's REST endpoint.

Belongs here: paths, the one collection with its paging, when nothing is new. Does not
belong here: HTTP and its faults (core.http), what a package holds (packages).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import orjson

from connectors.case.packages import Package, Seen, identifier_of, package_of, with_utc
from connectors.case.streams import DOCUMENTS
from connectors.core.errors import ContractBroken, NotFound, PageSetLost
from connectors.core.http import JsonResponse, PlatformSession
from connectors.core.paging import offset_pages
from connectors.core.schema import Stream

PATHS = {"1.0": "/ims/case/v1p0", "1.1": "/ims/case/v1p1"}
_TOTAL_COUNT = "X-Total-Count"


class PackageEndpoint:
    """The packages that a provider serves, all of them or those of `documents`."""

    def __init__(
        self, http: PlatformSession, version: str, page_size: int, documents: tuple[str, ...], connection: str
    ) -> None:
        self._http = http
        self._path = PATHS[version]
        self._page_size = page_size
        self._documents = documents
        self._connection = connection

    def check(self) -> str:
        if self._documents:
            chosen = [self._document(identifier) for identifier in self._documents]
            return f"{self._connection}: {len(chosen)} chosen framework{'s' * (len(chosen) != 1)} can be read"
        response = self._http.get_json(f"{self._path}/CFDocuments", {"limit": "1", "offset": "0"})
        count = response.count_in(_TOTAL_COUNT)
        shown = len(self._listed(response)) if count is None else count
        return f"{self._connection}: {shown} framework{'s' * (shown != 1)} can be read"

    def look(self) -> Seen:
        """What tells whether anything is new: when each document last changed, as the provider says it.

        It is a hint only: an item may change without its document. So a stream is also read
        whole when its newest full pull has become old (the pipeline's).
        """
        bodies = [self._document(identifier) for identifier in self._documents] or self._collection()
        changed: dict[str, str] = {}
        for body in bodies:
            document = orjson.loads(body)
            identifier = identifier_of(document)
            if identifier is None:
                raise ContractBroken(
                    f"{self._connection}: a CFDocument came without identifier, so its package cannot be asked for. "
                    "Ask the provider"
                )
            changed[identifier] = str(document.get("lastChangeDateTime"))
        return Seen({"server": f"{self._http.base_url}{self._path}", "documents": changed}, tuple(bodies))

    def records(self, stream: Stream, seen: Seen) -> Iterator[list[bytes]]:
        """A stream's records, package by package. Raises ConnectorError."""
        if stream.name == DOCUMENTS.name:
            yield [with_utc(body) for body in seen.documents]
            return
        for package in self._packages(seen):
            yield package.records(stream)

    def _packages(self, seen: Seen) -> Iterator[Package]:
        for identifier in sorted(seen.state["documents"]):
            response = self._http.get_json(f"{self._path}/CFPackages/{quote(identifier, safe='')}")
            came_from = f"{self._connection}: {response.url_without_query}"
            package = package_of(response.document, response.body, came_from)
            if package.identifier != identifier:
                raise ContractBroken(f"{came_from}: the package is of another document. Ask the provider")
            yield package

    def _document(self, identifier: str) -> bytes:
        try:
            response = self._http.get_json(f"{self._path}/CFDocuments/{quote(identifier, safe='')}")
        except NotFound:
            raise NotFound(
                f"{self._connection}: the provider has no framework {identifier}. Correct `documents` in district.yml"
            ) from None
        if identifier_of(response.document) != identifier:
            raise ContractBroken(
                f"{self._connection}: {response.url_without_query} answered without that CFDocument. "
                "Check that base_url is a CASE provider"
            )
        return response.body

    def _collection(self) -> list[bytes]:
        """Every CFDocument. A list shorter than the provider's own count is read once more by the pull."""
        found: list[bytes] = []
        reported: int | None = None
        for page in offset_pages(
            self._http.get_json,
            f"{self._path}/CFDocuments",
            {},
            self._listed,
            _identity,
            self._page_size,
            f"{self._connection}.CFDocuments",
        ):
            found += [bytes(record) for record in page.records]
            reported = page.response.count_in(_TOTAL_COUNT) if reported is None else reported
            # a provider that passes the limit over sends all of them at once, again and again
            if len(page.records) > self._page_size or (reported is not None and len(found) >= reported):
                break
        if reported is not None and len(found) < reported:
            raise PageSetLost(
                f"{self._connection}: the provider reports {reported} frameworks and listed {len(found)}. "
                "Nothing was landed; run again later or ask the provider"
            )
        return found

    def _listed(self, response: JsonResponse) -> list[Any]:
        """The documents, unread."""
        document = response.outline
        listed = document.get("CFDocuments") if isinstance(document, dict) else None
        if not isinstance(listed, list):
            raise ContractBroken(
                f"{self._connection}: {response.url_without_query} answered without a list named CFDocuments. "
                "Check that base_url is a CASE provider and that `version` is the one it speaks"
            )
        return listed


def _identity(document: Any) -> str:
    """What tells a document from all others: its identifier, or all of it where it has none."""
    body = bytes(document)
    return identifier_of(orjson.loads(body)) or body.decode()
