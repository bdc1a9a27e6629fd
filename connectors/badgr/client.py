"""Reads issuers, badge classes and assertions from a Badgr v2 API.

Belongs here: paths, parameters, the envelope, watermarks. Does not belong here: HTTP
and its faults (core.http), tokens (core.auth), field names (streams).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote

from pydantic import Field

from connectors.badgr.streams import ASSERTIONS, BADGE_CLASSES, ISSUERS, STREAMS
from connectors.core.auth import PasswordGrant
from connectors.core.connector import Connection, Cursor, Options, Pulled, Sink
from connectors.core.errors import ConfigurationError, ContractBroken, NotFound
from connectors.core.http import BaseUrl, JsonResponse, PlatformSession
from connectors.core.paging import Page, body_link_pages, link_pages
from connectors.core.schema import Stream

_RECORDS_PATH = "$.result[*]"
_WATERMARK = "changed_since"
_SERVER = "server"
_LISTS = {ISSUERS.name: "/v2/issuers", BADGE_CLASSES.name: "/v2/badgeclasses"}
_CHANGED = {
    ISSUERS.name: "/v2/issuers/changed",
    BADGE_CLASSES.name: "/v2/badgeclasses/changed",
    ASSERTIONS.name: "/v2/assertions/changed",
}
# older Badgr servers answer 403 where newer ones answer 401 to an expired token
_EXPIRED_TOKEN = frozenset({401, 403})
_FIRST_YEAR = 2000


class BadgrOptions(Options):
    """Settings of a Badgr connection in district.yml."""

    base_url: BaseUrl
    page_size: int = Field(default=500, ge=1, le=500)
    requests_per_second: float = Field(default=5.0, gt=0)
    overlap_minutes: float = Field(default=5.0, ge=0, le=525_600)
    """How far before the watermark each incremental pull starts to read again."""
    client_id: str = "public"
    """The OAuth client; `public` is Badgr's own for the password grant."""


class BadgrConnector:
    """One connection to a Badgr v2 server."""

    platform: ClassVar[str] = "badgr"
    streams: ClassVar[tuple[Stream, ...]] = STREAMS
    options_model: ClassVar[type[Options]] = BadgrOptions
    secret_names: ClassVar[tuple[str, ...]] = ("username", "password")

    def __init__(self, connection: Connection) -> None:
        options = connection.options
        if not isinstance(options, BadgrOptions):
            raise ConfigurationError(f"{connection.name}: the options are not those of a Badgr connection")
        self._name = connection.name
        self._options = options
        self._http = PlatformSession(connection.name, options.base_url, options.requests_per_second)
        self._auth = PasswordGrant(
            self._http.post_form,
            f"{self._http.base_url}/o/token",
            connection,
            options.client_id,
            refresh_statuses=_EXPIRED_TOKEN,
        )
        self._http.authenticate_with(self._auth)

    def streams_of(self) -> tuple[Stream, ...]:
        return STREAMS

    def check(self) -> str:
        self._auth.sign_in()
        issuers = self._records(self._http.get_json(_LISTS[ISSUERS.name]))
        return f"{self._name}: signed in, {len(issuers)} issuers can be read"

    def pull(self, stream: Stream, cursor: Cursor | None, sink: Sink) -> Pulled:
        since = _watermark(cursor)
        if cursor is None or since is None:
            return self._pull_everything(stream, sink)
        if cursor.get(_SERVER, self._http.base_url) != self._http.base_url:
            return self._pull_everything(stream, sink, "the saved watermark is of another server")
        try:
            return self._pull_changes(stream, since, sink)
        except NotFound:
            return self._pull_everything(stream, sink)

    def close(self) -> None:
        self._http.close()

    def _pull_everything(self, stream: Stream, sink: Sink, reason: str = "") -> Pulled:
        # before the first page, so that what changes while pages are read is read again next time
        watermark = self._server_time(stream)
        pages = 0
        for page in self._all_pages(stream):
            sink.add_page(page.response.body, _RECORDS_PATH)
            pages += 1
        notes = (f"{self._name}.{stream.name}: {reason}, so everything was read",) if reason else ()
        if watermark is None:
            note = f"{self._name}.{stream.name}: the server has no feed of changes, so every pull reads everything"
            return Pulled(cursor=None, is_reset=True, pages=pages, notes=(note,))
        return Pulled(self._cursor(watermark), is_reset=True, pages=pages, notes=notes)

    def _cursor(self, watermark: _Moment) -> Cursor:
        """The server stands in it: another one's changes do not begin there."""
        return {_WATERMARK: watermark.text, _SERVER: self._http.base_url}

    def _all_pages(self, stream: Stream) -> Iterator[Page]:
        if stream.name != ASSERTIONS.name:
            yield from self._linked(_LISTS[stream.name], {}, stream.name)
            return
        issuers = [
            self._entity_id(record)
            for page in self._linked(_LISTS[ISSUERS.name], {}, ISSUERS.name)
            for record in page.response.document["result"]
        ]
        for issuer in issuers:
            # by default the server leaves out expired and revoked awards without a word
            every_state = {"include_expired": "true", "include_revoked": "true"}
            yield from self._linked(f"/v2/issuers/{quote(issuer, safe='')}/assertions", every_state, stream.name)

    def _linked(self, path: str, params: dict[str, str], what: str) -> Iterator[Page]:
        # without num there is no paging: everything would come at once
        params = {"num": str(self._options.page_size), **params}
        return link_pages(self._http.get_json, path, params, self._records, f"{self._name}.{what}")

    def _pull_changes(self, stream: Stream, since: _Moment, sink: Sink) -> Pulled:
        start = since.at - timedelta(minutes=self._options.overlap_minutes)
        times: list[_Moment] = []
        for page in body_link_pages(
            self._http.get_json,
            _CHANGED[stream.name],
            {"since": start.isoformat(), "num": str(self._options.page_size)},
            self._records,
            self._next_results,
            f"{self._name}.{stream.name}",
        ):
            times.append(self._timestamp(page.response))
            if page.records:
                sink.add_page(page.response.body, _RECORDS_PATH)
        # the first page's: a record may change between the first page and the last
        server_time = times[0]
        if server_time.at < start:
            return self._pull_everything(stream, sink, "the saved watermark is later than the server's clock")
        return Pulled(self._cursor(server_time), is_reset=False, pages=len(times))

    def _server_time(self, stream: Stream) -> _Moment | None:
        """The server's own time, by the feed of changes; None where it has no such feed."""
        params = {"since": datetime.now(UTC).isoformat(), "num": "1"}
        try:
            response = self._http.get_json(_CHANGED[stream.name], params)
        except NotFound:
            return None
        self._records(response)
        return self._timestamp(response)

    def _records(self, response: JsonResponse) -> list[Any]:
        """The records, unread, of an answer whose envelope says success; never zero records by default."""
        document = response.outline
        status = document.get("status") if isinstance(document, dict) else None
        result = document.get("result") if isinstance(document, dict) else None
        if not isinstance(status, dict) or status.get("success") is not True:
            raise ContractBroken(
                f"{self._name}: {response.url_without_query} answered without status.success. "
                "Check that base_url is a Badgr v2 server, or ask the vendor"
            )
        if not isinstance(result, list):
            raise ContractBroken(
                f"{self._name}: {response.url_without_query} answered without a list named result. "
                "Check that base_url is a Badgr v2 server, or ask the vendor"
            )
        return result

    def _entity_id(self, record: Any) -> str:
        entity_id = record.get("entityId") if isinstance(record, dict) else None
        if not isinstance(entity_id, str) or not entity_id:
            raise ContractBroken(f"{self._name}: an issuer came without entityId, so its awards cannot be asked for")
        return entity_id

    def _next_results(self, response: JsonResponse) -> str | None:
        pagination = response.outline.get("pagination")
        if pagination is None:
            return None
        following = pagination.get("nextResults") if isinstance(pagination, dict) else pagination
        has_next = isinstance(pagination, dict) and bool(pagination.get("hasNext", following))
        if not has_next:
            return None
        if not isinstance(following, str) or not following:
            raise ContractBroken(
                f"{self._name}: {response.url_without_query} says there is a next page and not where. Ask the vendor"
            )
        return following

    def _timestamp(self, response: JsonResponse) -> _Moment:
        moment = _Moment.read(response.outline.get("timestamp"))
        if moment is None:
            raise ContractBroken(
                f"{self._name}: {response.url_without_query} answered without a timestamp with offset, "
                "so the next pull would not know where to start. Ask the vendor"
            )
        return moment


@dataclass(frozen=True)
class _Moment:
    """An instant, and how the server wrote it."""

    text: str
    at: datetime

    @classmethod
    def read(cls, text: object) -> _Moment | None:
        if not isinstance(text, str):
            return None
        try:
            at = datetime.fromisoformat(text)
            # a clock that was never set: nothing can be asked for from before it
            if at.tzinfo is None or at.year < _FIRST_YEAR:
                return None
            return cls(text, at.astimezone(UTC))
        except (ValueError, OverflowError):
            return None


def _watermark(cursor: Cursor | None) -> _Moment | None:
    """Where to start; None (everything) also for a cursor that cannot be read."""
    return _Moment.read(cursor.get(_WATERMARK)) if cursor else None
