"""Reads awards from a Toy Badges API.

Belongs here: the path, the cursor, the envelope. Does not belong here: HTTP and its faults
(core.http), the token (core.auth), field names (streams).
"""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlencode

from connectors.core.auth import FixedToken
from connectors.core.connector import Connection, Cursor, Options, Pulled, Sink
from connectors.core.errors import ConfigurationError, ContractBroken
from connectors.core.http import BaseUrl, JsonResponse, PlatformSession
from connectors.core.paging import body_link_pages
from connectors.core.schema import Stream
from connectors.toy_badges.streams import STREAMS

_LIST = "/awards"
_RECORDS_PATH = "$.awards[*]"


class ToyBadgesOptions(Options):
    """Settings of a Toy Badges connection in district.yml."""

    base_url: BaseUrl


class ToyBadgesConnector:
    """One connection to a Toy Badges server."""

    platform: ClassVar[str] = "toy_badges"
    streams: ClassVar[tuple[Stream, ...]] = STREAMS
    options_model: ClassVar[type[Options]] = ToyBadgesOptions
    secret_names: ClassVar[tuple[str, ...]] = ("token",)

    def __init__(self, connection: Connection) -> None:
        options = connection.options
        if not isinstance(options, ToyBadgesOptions):
            raise ConfigurationError(f"{connection.name}: the options are not those of a Toy Badges connection")
        self._name = connection.name
        self._http = PlatformSession(connection.name, options.base_url)
        self._http.authenticate_with(FixedToken(connection, "token", "Bearer"))

    def streams_of(self) -> tuple[Stream, ...]:
        return STREAMS

    def check(self) -> str:
        total = self._total(self._http.get_json(_LIST))
        return f"{self._name}: signed in, {total} awards can be read"

    def pull(self, stream: Stream, cursor: Cursor | None, sink: Sink) -> Pulled:
        pages, total = 0, 0
        for page in body_link_pages(
            self._http.get_json, _LIST, {}, self._records, self._next, f"{self._name}.{stream.name}"
        ):
            total = self._total(page.response)
            sink.add_page(page.response.body, _RECORDS_PATH)
            pages += 1
        return Pulled(cursor=None, is_reset=True, pages=pages, reported_total=total)

    def close(self) -> None:
        self._http.close()

    def _records(self, response: JsonResponse) -> list[Any]:
        """The records of a page; never zero records by default."""
        document = response.outline
        records = document.get("awards") if isinstance(document, dict) else None
        if not isinstance(records, list):
            raise ContractBroken(
                f"{self._name}: {response.url_without_query} answered without a list named awards. "
                "Check that base_url is a Toy Badges server, or ask the vendor"
            )
        return records

    def _total(self, response: JsonResponse) -> int:
        total = response.outline.get("total") if isinstance(response.outline, dict) else None
        if not isinstance(total, int):
            raise ContractBroken(f"{self._name}: {response.url_without_query} gave no total. Ask the vendor")
        return total

    def _next(self, response: JsonResponse) -> str | None:
        cursor = response.outline.get("next")
        return f"{_LIST}?{urlencode({'after': cursor})}" if cursor else None
