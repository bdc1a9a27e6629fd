"""Reads badge templates and issued badges of one organisation from the Credly v1 API.

Belongs here: paths, parameters, the envelope, what a pull may leave out. Does not
belong here: HTTP and its faults (core.http), tokens (core.auth), field names (streams).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote

from pydantic import Field

from connectors.core.auth import FixedToken
from connectors.core.connector import Connection, Cursor, Options, Pulled, Sink
from connectors.core.errors import ConfigurationError, ContractBroken
from connectors.core.http import BaseUrl, JsonResponse, PlatformSession, RequestRefused
from connectors.core.paging import body_link_pages
from connectors.core.schema import Stream
from connectors.credly.streams import BADGE_TEMPLATES, ISSUED_BADGES, STREAMS

_RECORDS_PATH = "$.data[*]"
_UPDATED_SINCE = "updated_since"
_OF = "organization"
_PATHS = {BADGE_TEMPLATES.name: "badge_templates", ISSUED_BADGES.name: "high_volume_issued_badge_search"}
# the filter knows days and does not say of which time zone: a whole day more covers every one
_OVERLAP = timedelta(days=1)


class CredlyOptions(Options):
    """Settings of a Credly connection in district.yml."""

    base_url: BaseUrl
    """Without the version: https://api.credly.com."""
    organization: str = Field(min_length=1, pattern=r"^[A-Za-z0-9_-]+$")
    """The id of the organisation whose badges are read."""
    requests_per_second: float = Field(default=5.0, gt=0)
    badges_changed_since: bool = False
    """Ask for issued badges that were updated since, where the vendor confirms that the bulk search can
    (filter updated_at_min). Otherwise each pull reads all of them."""


class CredlyConnector:
    """One connection to a Credly organisation."""

    platform: ClassVar[str] = "credly"
    streams: ClassVar[tuple[Stream, ...]] = STREAMS
    options_model: ClassVar[type[Options]] = CredlyOptions
    secret_names: ClassVar[tuple[str, ...]] = ("token",)

    def __init__(self, connection: Connection) -> None:
        options = connection.options
        if not isinstance(options, CredlyOptions):
            raise ConfigurationError(f"{connection.name}: the options are not those of a Credly connection")
        self._name = connection.name
        self._options = options
        self._http = PlatformSession(connection.name, options.base_url, options.requests_per_second)
        self._http.authenticate_with(FixedToken(connection, "token", "Basic"))
        self._origin = f"{self._http.base_url}/v1/organizations/{options.organization}"

    def streams_of(self) -> tuple[Stream, ...]:
        return STREAMS

    def check(self) -> str:
        response = self._http.get_json(self._path(BADGE_TEMPLATES))
        found = self._total(response)
        count = len(self._records(response)) if found is None else found
        return f"{self._name}: signed in, {count} badge templates can be read"

    def pull(self, stream: Stream, cursor: Cursor | None, sink: Sink) -> Pulled:
        if not self._can_ask_for_changes(stream) or cursor is None:
            return self._pull(stream, None, sink)
        since = _day(cursor.get(_UPDATED_SINCE))
        if since is None:
            return self._pull(stream, None, sink, "the cursor could not be read, so everything was read")
        if cursor.get(_OF, self._origin) != self._origin:
            note = "the saved day is of another server or organisation, so everything was read"
            return self._pull(stream, None, sink, note)
        if since > datetime.now(UTC).date() + _OVERLAP:
            return self._pull(stream, None, sink, "the saved day has not come yet, so everything was read")
        try:
            return self._pull(stream, since - _OVERLAP, sink)
        except RequestRefused as refused:
            if refused.status not in (400, 422):
                raise
            return self._pull(stream, None, sink, "the server refuses to filter by update, so everything was read")

    def close(self) -> None:
        self._http.close()

    def _can_ask_for_changes(self, stream: Stream) -> bool:
        return stream.name == BADGE_TEMPLATES.name or self._options.badges_changed_since

    def _pull(self, stream: Stream, since: date | None, sink: Sink, note: str = "") -> Pulled:
        """Everything, or what was updated on that day and later."""
        params = {"filter": f"updated_at_min::{since.isoformat()}"} if since else {}
        totals: list[int | None] = []
        watermark: date | None = None
        for page in body_link_pages(
            self._http.get_json,
            self._path(stream),
            params,
            self._records,
            self._next_page,
            f"{self._name}.{stream.name}",
        ):
            # the first page's: what changes while pages are read is read again next time
            watermark = watermark or _server_day(page.response)
            totals.append(self._total(page.response))
            if page.records:
                sink.add_page(page.response.body, _RECORDS_PATH)
        reported, latest = totals[0], totals[-1]
        added = max(0, latest - reported) if reported is not None and latest is not None else 0
        cursor: Cursor | None = None
        if watermark is not None and self._can_ask_for_changes(stream):
            cursor = {_UPDATED_SINCE: watermark.isoformat(), _OF: self._origin}
        return Pulled(
            cursor,
            is_reset=since is None,
            pages=len(totals),
            reported_total=reported,
            added_meanwhile=added,
            notes=(f"{self._name}.{stream.name}: {note}",) if note else (),
        )

    def _path(self, stream: Stream) -> str:
        return f"/v1/organizations/{quote(self._options.organization, safe='')}/{_PATHS[stream.name]}"

    def _records(self, response: JsonResponse) -> list[Any]:
        """The records, unread, of an answer with the promised envelope; never zero records by default."""
        document = response.outline
        data = document.get("data") if isinstance(document, dict) else None
        if not isinstance(data, list):
            raise ContractBroken(
                f"{self._name}: {response.url_without_query} answered without a list named data. "
                "Check that base_url is a Credly v1 API, or ask the vendor"
            )
        self._metadata(response)
        return data

    def _metadata(self, response: JsonResponse) -> dict[str, Any]:
        metadata = response.outline.get("metadata")
        # without it nobody knows whether this is the last page
        if not isinstance(metadata, dict) or "next_page_url" not in metadata:
            raise ContractBroken(
                f"{self._name}: {response.url_without_query} answered without metadata.next_page_url, so that nobody "
                "knows whether more would follow. Ask the vendor"
            )
        return metadata

    def _next_page(self, response: JsonResponse) -> str | None:
        following = self._metadata(response)["next_page_url"]
        if following is None or following == "":
            return None
        if not isinstance(following, str):
            raise ContractBroken(
                f"{self._name}: {response.url_without_query} says where the next page is in a way that can't be read. "
                "Ask the vendor"
            )
        return following

    def _total(self, response: JsonResponse) -> int | None:
        """The platform's own count of the records of the whole page set; None where it gives none."""
        self._records(response)
        total = self._metadata(response).get("total_count")
        return total if isinstance(total, int) and not isinstance(total, bool) else None


def _server_day(response: JsonResponse) -> date:
    """The day by the server's clock, in UTC; by ours where it sends no Date."""
    return (response.server_time or datetime.now(UTC)).date()


def _day(text: object) -> date | None:
    if not isinstance(text, str) or not re.fullmatch(r"2[0-9]{3}-[0-9]{2}-[0-9]{2}", text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
