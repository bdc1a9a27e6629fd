"""Reads observations, and what they refer to, from Level Data Grow.

Belongs here: paths, parameters, the envelope and its count, the two passes, watermarks.
Does not belong here: HTTP and its faults (core.http), tokens (core.auth), walking through
pages (core.paging), field names (streams), free text inside lists (free_text).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import msgspec
from pydantic import Field

from connectors.core.auth import ClientCredentials
from connectors.core.connector import Connection, Cursor, Options, Pulled, Sink
from connectors.core.errors import ConfigurationError, ContractBroken
from connectors.core.http import BaseUrl, JsonResponse, PlatformSession
from connectors.core.paging import offset_pages
from connectors.core.schema import Stream
from connectors.grow.free_text import NotAListOfScores, set_apart
from connectors.grow.streams import (
    GENERIC_TAG_KIND,
    GENERIC_TAG_KINDS,
    GENERIC_TAGS,
    OBSERVATIONS,
    SCHOOLS,
    STREAMS,
)

_RECORDS_PATH = "$[*]"
_WATERMARK = "last_modified"
_SERVER = "server"
_DISTRICT = "district"
# an archived record is only given where it is asked for
_PASSES = ("false", "true")
# the year 5138: what is later is no time in seconds
_LATEST = 100_000_000_000


class GrowOptions(Options):
    """Settings of a Grow connection in district.yml."""

    base_url: BaseUrl = "https://grow-api.leveldata.com"
    district: str = Field(min_length=1, max_length=100)
    """The district's id in Grow; the vendor tells it with the client id."""
    page_size: int = Field(default=100, ge=1, le=100)
    requests_per_second: float = Field(default=5.0, gt=0)
    overlap_minutes: float = Field(default=1440.0, ge=0, le=525_600)
    """How far before the watermark each incremental pull starts to read again."""


class _Identified(msgspec.Struct):
    id: str = msgspec.field(name="_id")


_ID_OF = msgspec.json.Decoder(_Identified)


class GrowConnector:
    """One connection to a district in Level Data Grow."""

    platform: ClassVar[str] = "grow"
    streams: ClassVar[tuple[Stream, ...]] = STREAMS
    options_model: ClassVar[type[Options]] = GrowOptions
    secret_names: ClassVar[tuple[str, ...]] = ("client_id", "client_secret")

    def __init__(self, connection: Connection) -> None:
        options = connection.options
        if not isinstance(options, GrowOptions):
            raise ConfigurationError(f"{connection.name}: the options are not those of a Grow connection")
        self._name = connection.name
        self._options = options
        self._http = PlatformSession(connection.name, options.base_url, options.requests_per_second)
        self._auth = ClientCredentials(
            self._http.post_form, f"{self._http.base_url}/auth/client/token", connection, self._http.base_url
        )
        self._http.authenticate_with(self._auth)

    def streams_of(self) -> tuple[Stream, ...]:
        return STREAMS

    def check(self) -> str:
        self._auth.sign_in()
        params = {"district": self._options.district, "limit": "1", "skip": "0"}
        count, _ = self._envelope(self._http.get_json(f"/external/{SCHOOLS.name}", params))
        return f"{self._name}: signed in, {count} schools can be read"

    def pull(self, stream: Stream, cursor: Cursor | None, sink: Sink) -> Pulled:
        # only observations are many; all else is read whole, so that what is gone is known at once
        if cursor is None or stream.name != OBSERVATIONS.name:
            return self._read(stream, None, sink)
        since = _moment(cursor.get(_WATERMARK))
        if since is None:
            return self._read(stream, None, sink, "the saved watermark can't be read")
        if (cursor.get(_SERVER), cursor.get(_DISTRICT)) != (self._http.base_url, self._options.district):
            return self._read(stream, None, sink, "the saved watermark is of another server or district")
        try:
            return self._read(stream, since - timedelta(minutes=self._options.overlap_minutes), sink)
        except _LaterThanTheServer:
            return self._read(stream, None, sink, "the saved watermark is later than the server's clock")

    def close(self) -> None:
        self._http.close()

    # -- two passes ------------------------------------------------------------------------

    def _read(self, stream: Stream, since: datetime | None, sink: Sink, reason: str = "") -> Pulled:
        """Active records, then archived ones. since: of changes; None for everything.

        In this order, what is archived while pages are read comes twice; in the other, not at all.
        """
        what = f"{self._name}.{stream.name}"
        passes: list[_Pass] = []
        pages = archived_meanwhile = 0
        for path, kind in _endpoints(stream):
            seen: set[str] = set()
            for archived in _PASSES:
                reading = _Pass(since if not passes else None)
                passes.append(reading)
                for records in self._pages(path, archived, since, reading, what, stream):
                    pages += 1
                    ids = {_identity(record) for record in records}
                    archived_meanwhile += len(ids & seen)
                    seen |= ids
                    sink.add_page(self._page(records, stream, kind, what), _RECORDS_PATH)
        reported = sum(reading.count for reading in passes) - archived_meanwhile
        added = sum(reading.added for reading in passes)
        notes = [f"{what}: {reason}, so everything was read"] if reason else []
        if archived_meanwhile:
            notes.append(f"{what}: {archived_meanwhile} records came both as active and as archived")
        if added:
            notes.append(f"{what}: {added} records were added while pages were read")
        return Pulled(
            cursor=self._cursor(passes[0].server_time) if stream.name == OBSERVATIONS.name else None,
            is_reset=since is None,
            pages=pages,
            reported_total=reported,
            added_meanwhile=added,
            notes=tuple(notes),
        )

    def _pages(
        self, path: str, archived: str, since: datetime | None, reading: _Pass, what: str, stream: Stream
    ) -> Iterator[list[msgspec.Raw]]:
        """The new records of each page, until a short page and the platform's count both say that it was the last."""
        params = {"district": self._options.district, "archived": archived}
        if since is not None:
            params["lastModified"] = str(max(0, int(since.timestamp())))

        def records(response: JsonResponse) -> list[Any]:
            if stream.name == OBSERVATIONS.name:
                _ = response.document  # refuses an object that names a field twice, before it is written anew
            count, listed = self._envelope(response)
            reading.note(count, self._server_time(response))
            return listed

        received = 0
        limit = self._options.page_size
        for page in offset_pages(
            self._http.get_json, path, params, records, _identity, limit, what, offset_parameter="skip"
        ):
            received += len(page.records)
            yield page.records
            if len(page.records) + page.repeats < limit and received >= reading.newest_count:
                return

    def _page(self, records: list[msgspec.Raw], stream: Stream, kind: str, what: str) -> bytes:
        """The records as a JSON list, with what they don't say of themselves, and free text where landing finds it."""
        bodies = [bytes(record) for record in records]
        if stream.name == OBSERVATIONS.name:
            try:
                bodies = [set_apart(body) if body.startswith(b"{") else body for body in bodies]
            except NotAListOfScores as fault:
                raise ContractBroken(
                    f"{what}: {fault} in one of {len(bodies)} records. Nothing was landed; ask the vendor"
                ) from None
        elif stream.name == GENERIC_TAGS.name:
            bodies = [_with_kind(body, kind) for body in bodies]
        return b"[" + b",".join(bodies) + b"]"

    # -- answers ---------------------------------------------------------------------------

    def _envelope(self, response: JsonResponse) -> tuple[int, list[Any]]:
        """The platform's count and the records, unread; never zero records by default."""
        document = response.outline
        count = document.get("count") if isinstance(document, dict) else None
        listed = document.get("data") if isinstance(document, dict) else None
        if not isinstance(count, int) or isinstance(count, bool) or count < 0 or not isinstance(listed, list):
            raise ContractBroken(
                f"{self._name}: {response.url_without_query} answered without a count and a list named data. "
                "Check that base_url is Grow's API, or ask the vendor"
            )
        return count, listed

    def _server_time(self, response: JsonResponse) -> datetime:
        """The server's own clock; this machine's where it does not tell, which the overlap makes up for."""
        return response.server_time or self._http.clock.now()

    def _cursor(self, server_time: datetime | None) -> Cursor | None:
        """Server and district stand in it: another one's changes do not begin there."""
        if server_time is None:
            return None
        return {
            _WATERMARK: int(server_time.timestamp()),
            _SERVER: self._http.base_url,
            _DISTRICT: self._options.district,
        }


class _LaterThanTheServer(Exception):
    """What is asked for begins at a time that the server has not come to."""


@dataclass
class _Pass:
    """What the platform said on the pages of one pass.

    since: refuse a server whose clock is earlier. count: of the first page. server_time: the same.
    """

    since: datetime | None
    counts: list[int] = field(default_factory=list)
    server_time: datetime | None = None

    def note(self, count: int, server_time: datetime) -> None:
        if self.server_time is None:
            self.server_time = server_time
            if self.since is not None and server_time < self.since:
                raise _LaterThanTheServer
        self.counts.append(count)

    @property
    def count(self) -> int:
        return self.counts[0]

    @property
    def newest_count(self) -> int:
        return self.counts[-1]

    @property
    def added(self) -> int:
        """How many more records there were while pages were read."""
        return max(self.counts) - self.count


def _endpoints(stream: Stream) -> Iterator[tuple[str, str]]:
    """The paths that carry a stream, and the kind of generic tag that each stands for."""
    if stream.name == GENERIC_TAGS.name:
        yield from ((f"/external/generic-tags/{kind}", kind) for kind in GENERIC_TAG_KINDS)
    else:
        yield f"/external/{stream.name}", ""


def _identity(record: msgspec.Raw) -> str:
    """What tells a record from all others: its id, or all of it where it has none."""
    try:
        return _ID_OF.decode(record).id
    except msgspec.MsgspecError:
        return repr(bytes(record))


def _with_kind(record: bytes, kind: str) -> bytes:
    """A generic tag that says its kind; what is no object, or an empty one, is left for landing to reject."""
    if not record.startswith(b'{"'):
        return record
    return b'{"%s":"%s",%s' % (GENERIC_TAG_KIND.encode(), kind.encode(), record[1:])


def _moment(seconds: object) -> datetime | None:
    """An instant from seconds since 1970; None for what is none."""
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not 0 <= seconds < _LATEST:
        return None
    return datetime.fromtimestamp(seconds, UTC)
