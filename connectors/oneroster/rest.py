"""Reads OneRoster 1.1 and 1.2 over REST.

Belongs here: paths, filters, offsets, watermarks, and taking out of each page who is no
staff. Does not belong here: HTTP and its faults (core.http), tokens (core.auth), the walk
through pages (core.paging), who is staff (people), field names (streams).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec

from connectors.core.connector import Cursor, Pulled, Sink
from connectors.core.errors import ContractBroken, PageSetLost
from connectors.core.http import JsonResponse, PlatformSession, RequestRefused
from connectors.core.paging import Page, offset_pages
from connectors.core.schema import Stream
from connectors.oneroster.people import Sieve
from connectors.oneroster.streams import ACADEMIC_SESSIONS, CLASSES, ENROLLMENTS, ORGS, ROLES, STREAMS, USERS

Version = Literal["1.1", "1.2"]

BASE_PATHS: dict[Version, str] = {"1.1": "/ims/oneroster/v1p1", "1.2": "/ims/oneroster/rostering/v1p2"}
REST_STREAMS = tuple(stream for stream in STREAMS if stream is not ROLES)
"""By REST a user carries the roles."""

_COLLECTIONS = {
    ORGS.name: "orgs",
    ACADEMIC_SESSIONS.name: "academicSessions",
    USERS.name: "users",
    CLASSES.name: "classes",
    ENROLLMENTS.name: "enrollments",
}
# of full pulls. What they let through is sieved anyway
_PEOPLE_FILTERS: dict[Version, dict[str, str]] = {
    "1.1": {USERS.name: "role!='student'", ENROLLMENTS.name: "role='teacher'"},
    "1.2": {USERS.name: "roles.role!='student'", ENROLLMENTS.name: "role='teacher'"},
}
_RECORDS_PATH = "$[*]"
_MODIFIED_SINCE = "modified_since"
_SERVER = "server"
_TOTAL_COUNT = "X-Total-Count"
_DELETED = "tobedeleted"
# a server may compare days only
_COARSEST_FILTER = timedelta(days=1)
_FIRST_YEAR = 2000


class _Head(msgspec.Struct):
    """What is read of a record before landing does."""

    sourcedId: Any = None
    status: Any = None
    dateLastModified: Any = None
    role: Any = None
    roles: Any = None


@dataclass
class _Reading:
    """One walk through a collection: what was seen on the way.

    is_dated: whether any record says when it changed.
    """

    sieve: Sieve
    pages: int = 0
    landed: int = 0
    not_landed: set[object] = field(default_factory=set)
    is_dated: bool = False
    first: JsonResponse | None = None
    last: JsonResponse | None = None


class _FilterIgnored(Exception):
    """Records older than were asked for: the server pays no heed to the filter."""


class RestSource:
    """The collections of one server. page_size: records a page; a server may give fewer."""

    def __init__(
        self,
        name: str,
        http: PlatformSession,
        version: Version,
        page_size: int,
        overlap: timedelta,
        further_roles: Collection[str],
    ) -> None:
        self._name = name
        self._http = http
        self._version = version
        self._page_size = page_size
        self._overlap = overlap
        self._further_roles = further_roles
        self._server = f"{http.base_url}{BASE_PATHS[version]}"

    def streams_of(self) -> tuple[Stream, ...]:
        return REST_STREAMS

    def check(self) -> str:
        self._records(self._http.get_json(self._path(ORGS), {"limit": "1"}), _COLLECTIONS[ORGS.name])
        return f"{self._name}: signed in to OneRoster {self._version}, and organisations can be read"

    def pull(self, stream: Stream, cursor: Cursor | None, sink: Sink) -> Pulled:
        if cursor is None:
            return self._pull_everything(stream, sink)
        since = _moment(cursor.get(_MODIFIED_SINCE))
        if cursor.get(_SERVER) != self._server:
            return self._pull_everything(stream, sink, "the saved time is of another server or version")
        if since is None:
            return self._pull_everything(stream, sink, "the saved time could not be read")
        return self._pull_changes(stream, since, sink)

    # -- everything ------------------------------------------------------------------------

    def _pull_everything(self, stream: Stream, sink: Sink, reason: str = "") -> Pulled:
        notes = [f"{self._name}.{stream.name}: {reason}, so everything was read"] if reason else []
        people = _PEOPLE_FILTERS[self._version].get(stream.name)
        if people:
            try:
                reading = self._read(stream, people, sink)
            except RequestRefused:
                notes.append(f"{self._name}.{stream.name}: the server refuses a filter by role, so it was left out")
            else:
                if reading.landed:
                    return self._pulled(stream, reading, None, notes)
                # nobody at all may as well be a filter that the server takes for something else
                notes.append(f"{self._name}.{stream.name}: nobody came with a filter by role, so it was left out")
        return self._pulled(stream, self._read(stream, "", sink), None, notes)

    # -- changes ---------------------------------------------------------------------------

    def _pull_changes(self, stream: Stream, since: datetime, sink: Sink) -> Pulled:
        start = since - self._overlap
        # by date alone: a tombstone that lost its roles would not pass a filter by role
        condition = f"dateLastModified>='{_written(start)}'"
        try:
            reading = self._read(stream, condition, sink, start - _COARSEST_FILTER)
        except RequestRefused:
            return self._pull_everything(stream, sink, "the server refuses a filter by date")
        except _FilterIgnored:
            return self._pull_everything(stream, sink, "the server ignores a filter by date")
        if since > self._server_time(reading):
            return self._pull_everything(stream, sink, "the saved time is later than the server's clock")
        return self._pulled(stream, reading, since, [])

    # -- pages -----------------------------------------------------------------------------

    def _read(self, stream: Stream, condition: str, sink: Sink, not_before: datetime | None = None) -> _Reading:
        """Walk through the collection and hand over what may be landed.

        Raises RequestRefused where the server refuses the first page, _FilterIgnored where a
        record was last changed before `not_before`.
        """
        reading = _Reading(Sieve(self._further_roles))
        what = f"{self._name}.{stream.name}"
        params = {"sort": "sourcedId", "orderBy": "asc"} | ({"filter": condition} if condition else {})

        def fetch(path_or_url: str, params: Mapping[str, str] | None = None) -> JsonResponse:
            try:
                reading.last = self._http.get_json(path_or_url, params)
            except RequestRefused:
                if reading.first is None:
                    raise
                raise PageSetLost(
                    f"{what}: the server refused a later page of what it had begun to give. "
                    "Nothing was landed; run again later"
                ) from None
            reading.first = reading.first or reading.last
            return reading.last

        def records(response: JsonResponse) -> list[Any]:
            return self._records(response, _COLLECTIONS[stream.name])

        for page in offset_pages(fetch, self._path(stream), params, records, self._identity, self._page_size, what):
            reading.pages += 1
            self._hand_over(stream, page, reading, sink, not_before)
        following = reading.last.links.get("next") if reading.last is not None else None
        # a server may name a next page behind the last one; it must be empty
        if following and records(fetch(following)):
            raise PageSetLost(
                f"{what}: after {reading.pages} pages the server names a next page that is not where its offset says. "
                "Nothing was landed; run again later"
            )
        return reading

    def _hand_over(
        self, stream: Stream, page: Page, reading: _Reading, sink: Sink, not_before: datetime | None
    ) -> None:
        kept: list[bytes] = []
        deleted: list[str] = []
        for raw in page.records:
            record = self._head(raw)
            modified = _moment(record.dateLastModified)
            if modified is not None:
                if not_before is not None and modified < not_before:
                    raise _FilterIgnored
                reading.is_dated = True
            is_deleted = isinstance(record.status, str) and record.status.strip().casefold() == _DELETED
            roles = _roles_of(record) if stream is USERS else []
            if stream is USERS and not roles and not is_deleted:
                sink.add_reject(None, "roles", "no role is told, so it can't be told whether this is staff")
            elif not self._may_be_landed(stream, record, roles, reading.sieve):
                reading.not_landed.add(self._identity(raw))
            elif is_deleted and _is_id(record.sourcedId) and self._is_stripped(stream, raw, roles):
                # all that is told of it is that it is gone; without anything else the id is nobody's
                deleted.append(str(record.sourcedId))
                reading.not_landed.add(self._identity(raw))
            else:
                kept.append(_staff_roles_only(bytes(raw), record, reading.sieve) if stream is USERS else bytes(raw))
        reading.landed += len(kept)
        if kept:
            sink.add_page(b"[" + b",".join(kept) + b"]", _RECORDS_PATH)
        sink.add_deletes(deleted)

    def _may_be_landed(self, stream: Stream, record: _Head, roles: list[object], sieve: Sieve) -> bool:
        """Staff, and teachers' enrolments. Of whom no role is told is settled elsewhere: by landing, or as a delete."""
        if stream is USERS:
            return not roles or sieve.is_staff(roles)
        return stream is not ENROLLMENTS or not _is_told(record.role) or sieve.is_teacher(record.role)

    def _is_stripped(self, stream: Stream, raw: msgspec.Raw, roles: list[object]) -> bool:
        """Whether a deleted record no longer holds all that each record must."""
        return (stream is USERS and not roles) or _lacks_required(stream, json.loads(bytes(raw)))

    def _pulled(self, stream: Stream, reading: _Reading, since: datetime | None, notes: list[str]) -> Pulled:
        """since: where an incremental pull started; None where everything was read."""
        what = "records of people who are no staff" if stream is USERS else "enrolments of others than teachers"
        notes += reading.sieve.notes(f"{self._name}.{stream.name}", what)
        cursor = None
        if since is not None or reading.is_dated:
            # of before the first page: what changes while pages are read is read again
            cursor = {_MODIFIED_SINCE: _written(self._server_time(reading)), _SERVER: self._server}
        elif reading.landed:
            notes.append(f"{self._name}.{stream.name}: no record says when it changed, so every pull reads everything")
        totals = [total for total in (_total(reading.first), _total(reading.last)) if total is not None]
        reported, added = None, 0
        if totals:
            # of those who were passed over landing knows nothing
            reported, added = min(totals) - len(reading.not_landed), max(totals) - min(totals)
        return Pulled(
            cursor,
            is_reset=since is None,
            pages=reading.pages,
            reported_total=reported,
            added_meanwhile=added,
            notes=tuple(notes),
        )

    def _server_time(self, reading: _Reading) -> datetime:
        """The server's clock at the first page; ours where it tells none."""
        told = reading.first.server_time if reading.first is not None else None
        return told or self._http.clock.now()

    # -- records ---------------------------------------------------------------------------

    def _path(self, stream: Stream) -> str:
        return f"{BASE_PATHS[self._version]}/{_COLLECTIONS[stream.name]}"

    def _records(self, response: JsonResponse, collection: str) -> list[Any]:
        """The records, unread; never zero records by default."""
        document = response.outline
        records = document.get(collection) if isinstance(document, dict) else None
        if not isinstance(records, list):
            raise ContractBroken(
                f"{self._name}: {response.url_without_query} answered without a list named {collection}. "
                f"Check that base_url is a OneRoster {self._version} server, or ask the vendor"
            )
        return records

    def _head(self, raw: msgspec.Raw) -> _Head:
        try:
            return msgspec.json.decode(raw, type=_Head)
        except msgspec.DecodeError:
            raise ContractBroken(f"{self._name}: a record is no object. Ask the vendor") from None

    def _identity(self, raw: msgspec.Raw) -> object:
        identifier = self._head(raw).sourcedId
        return identifier if _is_id(identifier) else bytes(raw)


def _is_id(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and bool(str(value).strip())


def _roles_of(record: _Head) -> list[object]:
    """1.1 tells one role, 1.2 a list of them."""
    listed = record.roles if isinstance(record.roles, list) else []
    found = [role.get("role") for role in listed if isinstance(role, dict)]
    return [role for role in (record.role, *found) if _is_told(role)]


def _is_told(role: object) -> bool:
    return role is not None and role != ""


def _staff_roles_only(raw: bytes, record: _Head, sieve: Sieve) -> bytes:
    """A member of staff may be a parent or student as well: that role is nobody's business here."""
    if not isinstance(record.roles, list):
        return raw
    staff = [role for role in record.roles if isinstance(role, dict) and sieve.is_staff_role(role.get("role"))]
    if len(staff) == len(record.roles):
        return raw
    return json.dumps(json.loads(raw) | {"roles": staff}).encode()


def _lacks_required(stream: Stream, record: dict[str, Any]) -> bool:
    """Whether a record does not hold all that each must."""
    for declared in stream.fields:
        if declared.required:
            value: Any = record
            for step in declared.source_path.split("."):
                value = value.get(step) if isinstance(value, dict) else None
            if value is None or value == "":
                return True
    return False


def _total(response: JsonResponse | None) -> int | None:
    """The server's own count of what the filter lets through; None where it gives none."""
    return response.count_in(_TOTAL_COUNT) if response is not None else None


def _moment(value: object) -> datetime | None:
    """An instant; None for whatever is none, or is of before there were servers."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value.strip())
        return None if at.tzinfo is None or at.year < _FIRST_YEAR else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _written(at: datetime) -> str:
    """As the specification writes times: UTC to the millisecond, rounded down."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
