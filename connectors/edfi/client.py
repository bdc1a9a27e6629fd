"""Reads roster, licences, evaluations, professional development and finance from an Ed-Fi ODS/API.

Belongs here: discovery, paging by token or by offset, change queries, snapshots, what a
server may do without. Does not belong here: HTTP and its faults (core.http), tokens
(core.auth), what differs between data standards (data_standard), field names (streams).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote

from pydantic import Field, field_validator

from connectors.core.auth import ClientCredentials
from connectors.core.connector import Connection, Cursor, Options, Pulled, Sink
from connectors.core.errors import AccessDenied, ConfigurationError, ConnectorError, ContractBroken, NotFound
from connectors.core.http import BaseUrl, JsonResponse, PlatformSession, RequestRefused
from connectors.core.paging import Page, Records, offset_pages, token_pages
from connectors.core.schema import Stream
from connectors.edfi.data_standard import DATA_STANDARDS, DataStandard, data_standard, spoken_by
from connectors.edfi.streams import SCHOOLS, STAFF_IDENTIFICATION_CODES, STREAMS

_RECORDS_PATH = "$[*]"
_CHANGE_VERSION = "change_version"
_SERVER = "server"
_PART = "part"
_LACKING = "lacking"
_WHY_LACKING = {
    "unknown": "the server has no such resource (404), so there is nothing to read",
    "denied": "the key may not read it (403), so nothing was read. Where the server has it, "
    "let the platform's administrator add it to the claim set",
}
_FROM_SNAPSHOT = {"Use-Snapshot": "true"}
_NEXT_PAGE_TOKEN = "Next-Page-Token"  # noqa: S105 - a header
_TOTAL_COUNT = "Total-Count"

_IDENTIFICATION_SYSTEM = "staffIdentificationSystemDescriptor"
# numbers that governments give out to persons; none of them is an employee number
_NEVER_ASKED_FOR = frozenset(
    {"SSN", "Canadian SIN", "Drivers License", "Health Record", "Medicaid", "Selective Service", "US Visa"}
)


class EdFiOptions(Options):
    """Settings of an Ed-Fi connection in district.yml."""

    base_url: BaseUrl
    """The address of the discovery document, school year or tenant included where there is one."""
    data_standard: str | None = None
    """None: as the server's discovery document says."""
    use_snapshot: bool = False
    """Read from the server's snapshot instead of the database that changes meanwhile."""
    employee_number_system: str = "uri://ed-fi.org/StaffIdentificationSystemDescriptor#District"
    """The one kind of identification code that is asked for (Data Standard 6.0)."""
    page_size: int = Field(default=500, ge=1, le=500)
    requests_per_second: float = Field(default=20.0, gt=0)

    @field_validator("data_standard", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        # YAML reads 5.2 without quotes as a number
        return str(value) if isinstance(value, float) else value

    @field_validator("data_standard")
    @classmethod
    def _is_supported(cls, value: str | None) -> str | None:
        if value is not None and value not in DATA_STANDARDS:
            raise ValueError(f"{value!r} is not supported. Supported: {', '.join(sorted(DATA_STANDARDS))}")
        return value

    @field_validator("employee_number_system")
    @classmethod
    def _is_no_government_number(cls, value: str) -> str:
        namespace, _, code = value.partition("#")
        if not namespace.startswith("uri://") or not code:
            raise ValueError(f"{value!r} is no descriptor. Write it as the server does: uri://…#District")
        if code in _NEVER_ASKED_FOR:
            raise ValueError(f"{code} numbers are never loaded. Name the system of the district's employee numbers")
        return value

    @property
    def asks_platform_for_streams(self) -> bool:
        return self.data_standard is None


class NoSnapshot(ConnectorError):
    """`use_snapshot` is set and the server has no snapshot now: it may be making a new one."""

    is_transient = True
    stops_connection = True


@dataclass(frozen=True)
class _Discovery:
    version: str
    model_version: str
    standard: DataStandard
    data_url: str
    token_url: str
    change_queries_url: str


@dataclass(frozen=True)
class _ChangeVersions:
    oldest: int
    newest: int


@dataclass(frozen=True)
class _Changes:
    """What the feeds of a window say: ids whose natural key changed, ids that were deleted."""

    rekeyed: set[str]
    deleted: set[str]


class EdFiConnector:
    """One connection to an Ed-Fi ODS/API."""

    platform: ClassVar[str] = "edfi"
    streams: ClassVar[tuple[Stream, ...]] = STREAMS
    options_model: ClassVar[type[Options]] = EdFiOptions
    secret_names: ClassVar[tuple[str, ...]] = ("client_id", "client_secret")

    def __init__(self, connection: Connection) -> None:
        options = connection.options
        if not isinstance(options, EdFiOptions):
            raise ConfigurationError(f"{connection.name}: the options are not those of an Ed-Fi connection")
        self._name = connection.name
        self._page_size = options.page_size
        self._given = data_standard(options.data_standard) if options.data_standard else None
        self._use_snapshot = options.use_snapshot
        self._parts = {STAFF_IDENTIFICATION_CODES.name: {_IDENTIFICATION_SYSTEM: options.employee_number_system}}
        self._http = PlatformSession(connection.name, options.base_url, options.requests_per_second)
        self._auth = ClientCredentials(
            self._http.post_form, lambda: self._discovery().token_url, connection, self._http.base_url
        )
        self._http.authenticate_with(self._auth)
        self._discovered: _Discovery | None = None
        # None until the server has shown it: pages by token exist since ODS/API 7.3
        self._pages_by_token: bool | None = None

    def streams_of(self) -> tuple[Stream, ...]:
        """Those of the Data Standard; the server is asked for it where the options do not name it."""
        return (self._given or self._discovery().standard).streams()

    def check(self) -> str:
        discovery = self._discovery()
        self._auth.sign_in()
        self._records(self._get(self._url(SCHOOLS), {"limit": "1"}))
        return (
            f"{self._name}: signed in to Ed-Fi ODS/API {discovery.version}, "
            f"Data Standard {discovery.model_version or 'not named'}, and schools can be read"
        )

    def pull(self, stream: Stream, cursor: Cursor | None, sink: Sink) -> Pulled:
        """A stream that a server may do without is looked for first, until it has been delivered once."""
        if stream.name in self._discovery().standard.optional and (cursor is None or _LACKING in cursor):
            if reason := self._lacking(stream):
                found = {_LACKING: reason, _SERVER: self._discovery().data_url}
                note = f"{self._name}.{stream.name}: {_WHY_LACKING[reason]}"
                # told once: the note stands in the manifest until something else is found
                return Pulled(found, is_reset=cursor != found, pages=0, notes=(note,) if cursor != found else ())
            cursor = None
        return self._pull(stream, cursor, sink)

    def _pull(self, stream: Stream, cursor: Cursor | None, sink: Sink) -> Pulled:
        versions = self._change_versions()
        if versions is None:
            note = "change queries are off on the server, so every pull reads everything"
            return self._pull_everything(stream, None, sink, note)
        if cursor is None:
            return self._pull_everything(stream, versions, sink)
        saved = cursor.get(_CHANGE_VERSION)
        if not isinstance(saved, int):
            return self._pull_everything(stream, versions, sink, "the cursor could not be read")
        if cursor.get(_SERVER, self._discovery().data_url) != self._discovery().data_url:
            note = f"the saved change version {saved} is of another server or school year, so everything was read"
            return self._pull_everything(stream, versions, sink, note)
        if cursor.get(_PART, {}) != self._part(stream):
            return self._pull_everything(stream, versions, sink, "another part of it is asked for than last time")
        if saved + 1 < versions.oldest:
            note = (
                f"changes since version {saved} are asked for and the server keeps them from {versions.oldest} on, "
                "so everything was read"
            )
            return self._pull_everything(stream, versions, sink, note)
        if saved > versions.newest:
            if self._use_snapshot and self._is_known_to_database(saved):
                return Pulled(cursor, is_reset=False, pages=0)  # the snapshot is older than what was read
            note = (
                f"the saved change version {saved} is newer than the server's newest, {versions.newest}: "
                "its database was replaced, so everything was read"
            )
            return self._pull_everything(stream, versions, sink, note)
        if saved == versions.newest:
            return Pulled(cursor, is_reset=False, pages=0)
        window = {"minChangeVersion": str(saved + 1), "maxChangeVersion": str(versions.newest)}
        try:
            changes = self._changes(stream, window)
        except NotFound:
            note = "the server has no feed of deletes for it, so every pull reads everything"
            return self._pull_everything(stream, versions, sink, note)
        return self._pull_changes(stream, window, versions.newest, changes, sink)

    def close(self) -> None:
        self._http.close()

    # -- what a server may do without, and snapshots ----------------------------------------

    def _lacking(self, stream: Stream) -> str:
        """Why the stream can't be read, in a word of _WHY_LACKING; blank where it can."""
        try:
            self._get(self._url(stream), {**self._part(stream), "limit": "1"})
        except NotFound:
            return "unknown"
        except AccessDenied:
            return "denied"
        return ""

    def _get(self, path_or_url: str, params: Mapping[str, str] | None = None) -> JsonResponse:
        """One document, from the snapshot where that is set. Raises NoSnapshot where there is none."""
        if not self._use_snapshot:
            return self._http.get_json(path_or_url, params)
        try:
            return self._http.get_json(path_or_url, params, headers=_FROM_SNAPSHOT)
        except NotFound:
            # 404 also means that the snapshot is gone, which says nothing about the record or resource
            if not self._has_snapshot():
                raise NoSnapshot(
                    f"{self._name}: use_snapshot is set and the server has no snapshot (404). Run again later, ask the "
                    "platform's administrator when snapshots are made, or take use_snapshot out"
                ) from None
            raise

    def _has_snapshot(self) -> bool:
        """Whether schools can be read from it, or from the database neither."""
        look = (self._url(SCHOOLS), {"limit": "1"})
        try:
            self._http.get_json(*look, headers=_FROM_SNAPSHOT)
        except NotFound:
            self._http.get_json(*look)
            return False
        return True

    def _is_known_to_database(self, version: int) -> bool:
        """Whether the database behind the snapshot has come to that change version."""
        versions = self._change_versions(from_snapshot=False)
        return versions is not None and version <= versions.newest

    def _part(self, stream: Stream) -> dict[str, str]:
        """What narrows the stream's requests, where only a part of the resource is ever asked for."""
        return self._parts.get(stream.name, {})

    # -- everything ------------------------------------------------------------------------

    def _pull_everything(self, stream: Stream, versions: _ChangeVersions | None, sink: Sink, note: str = "") -> Pulled:
        """Every record. `versions` were read before the first page, so later changes come next time."""
        reported = self._total(stream)
        pages = received = 0
        for page in self._pages(stream, {}, reported):
            if page.records:
                sink.add_page(page.body, _RECORDS_PATH)
            pages += 1
            received += len(page.records)
        notes = [f"{self._name}.{stream.name}: {note}"] if note else []
        added = 0
        if reported is not None and received > reported:
            # what was added while pages were read is in the count by now
            added = max(0, (self._total(stream) or 0) - reported)
            if added:
                notes.append(f"{self._name}.{stream.name}: {added} records were added while pages were read")
        cursor = self._cursor(stream, versions.newest) if versions is not None else None
        return Pulled(
            cursor, is_reset=True, pages=pages, reported_total=reported, added_meanwhile=added, notes=tuple(notes)
        )

    def _total(self, stream: Stream) -> int | None:
        """The server's own count before the first page; None where it gives none."""
        try:
            response = self._get(self._url(stream), {**self._part(stream), "limit": "0", "totalCount": "true"})
        except RequestRefused:
            return None
        return response.count_in(_TOTAL_COUNT)

    # -- changes ---------------------------------------------------------------------------

    def _change_versions(self, from_snapshot: bool = True) -> _ChangeVersions | None:
        """The range of change versions, of the snapshot where that is set; None where change queries are off."""
        url = f"{self._discovery().change_queries_url}/availableChangeVersions"
        try:
            response = self._get(url) if from_snapshot else self._http.get_json(url)
        except NotFound:
            return None
        document = response.document if isinstance(response.document, dict) else {}
        # older servers begin these names with a capital
        found = {str(name).lower(): value for name, value in document.items()}
        oldest, newest = found.get("oldestchangeversion"), found.get("newestchangeversion")
        if not isinstance(oldest, int) or not isinstance(newest, int):
            raise ContractBroken(
                f"{self._name}: {response.url_without_query} answered without oldest and newest change version. "
                "Ask the platform's administrator"
            )
        return _ChangeVersions(oldest, newest)

    def _changes(self, stream: Stream, window: dict[str, str]) -> _Changes:
        deleted = self._feed_ids(stream, "deletes", window)
        try:
            rekeyed = self._feed_ids(stream, "keyChanges", window)
        except NotFound:
            rekeyed = set()  # servers before 6.0 do not tell; there a new key comes as an upsert
        return _Changes(rekeyed, deleted)

    def _feed_ids(self, stream: Stream, feed: str, window: dict[str, str]) -> set[str]:
        what = f"{self._name}.{stream.name} {feed}"
        pages = offset_pages(
            self._get, f"{self._url(stream)}/{feed}", window, self._records, _identity, self._page_size, what
        )
        return {self._id(record, what) for page in pages for record in page.records}

    def _pull_changes(
        self, stream: Stream, window: dict[str, str], newest: int, changes: _Changes, sink: Sink
    ) -> Pulled:
        """Key changes, then upserts, then deletes, all of one window that was fixed beforehand."""
        pages = 0
        present: set[str] = set()
        for page in self._pages(stream, window, None):
            if page.records:
                sink.add_page(page.body, _RECORDS_PATH)
            pages += 1
            present.update(self._id(record, f"{self._name}.{stream.name}") for record in page.records)
        deleted = set(changes.deleted)
        for record_id in sorted(changes.rekeyed - present - deleted):
            # a stream is keyed on id, so a new natural key is a new version of the same record
            try:
                response = self._get(f"{self._url(stream)}/{quote(record_id, safe='')}")
            except NotFound:
                deleted.add(record_id)
                continue
            if not self._is_asked_for(stream, response.document):
                deleted.add(record_id)  # its new key is outside the part that is read
                continue
            sink.add_page(b"[" + response.body + b"]", _RECORDS_PATH)
            pages += 1
        # the window ended before the pages were read: an id that still came was made anew
        gone = sorted(deleted - present)
        if gone:
            sink.add_deletes(gone)
        return Pulled(self._cursor(stream, newest), is_reset=False, pages=pages)

    def _cursor(self, stream: Stream, version: int) -> Cursor:
        """The server stands in it: another one, or another school year's, counts its own versions."""
        part = {_PART: self._part(stream)} if self._part(stream) else {}
        return {_CHANGE_VERSION: version, _SERVER: self._discovery().data_url, **part}

    # -- pages -----------------------------------------------------------------------------

    def _pages(self, stream: Stream, window: dict[str, str], expected: int | None) -> Iterator[Page]:
        """Pages by token where the server has them, by limit and offset otherwise.

        A server that does not know tokens either refuses `pageSize` or passes it over and
        sends its default page without a token; then all is read again by offset.
        """
        what = f"{self._name}.{stream.name}"
        window = {**self._part(stream), **window}
        if self._pages_by_token is not False:
            pages = token_pages(
                self._get,
                self._url(stream),
                {**window, "pageSize": str(self._page_size)},
                self._records_of(stream),
                "pageToken",
                _NEXT_PAGE_TOKEN,
                what,
            )
            try:
                first = next(pages)
            except RequestRefused as refused:
                if refused.status != 400:
                    raise
                self._pages_by_token = False
            else:
                if first.response.headers.get(_NEXT_PAGE_TOKEN):
                    self._pages_by_token = True
                if self._pages_by_token or not first.records or len(first.records) == expected:
                    yield first
                    yield from pages
                    return
        # without an upper bound: a record that changes while pages are read would leave the
        # window and move the later ones up, past the offset
        open_window = {name: value for name, value in window.items() if name != "maxChangeVersion"}
        yield from offset_pages(
            self._get, self._url(stream), open_window, self._records_of(stream), _identity, self._page_size, what
        )

    def _records_of(self, stream: Stream) -> Records:
        """The records of a page, all of them of the part that was asked for."""

        def read(response: JsonResponse) -> list[Any]:
            records = self._records(response)
            if not all(self._is_asked_for(stream, record) for record in records):
                raise ContractBroken(
                    f"{self._name}.{stream.name}: the server passes over {' and '.join(self._part(stream))} and sends "
                    "records that were not asked for. None of them was landed; ask the platform's administrator"
                )
            return records

        return read

    def _is_asked_for(self, stream: Stream, record: Any) -> bool:
        return all(isinstance(record, dict) and record.get(name) == value for name, value in self._part(stream).items())

    def _records(self, response: JsonResponse) -> list[Any]:
        """The records of a page; never zero records by default."""
        if not isinstance(response.document, list):
            raise ContractBroken(
                f"{self._name}: {response.url_without_query} answered with something else than a list of records. "
                "Check that base_url is an Ed-Fi ODS/API, or ask the platform's administrator"
            )
        return response.document

    def _id(self, record: Any, what: str) -> str:
        record_id = record.get("id") if isinstance(record, dict) else None
        if not isinstance(record_id, str) or not record_id:
            raise ContractBroken(f"{what}: a record came without id. Ask the platform's administrator")
        return record_id

    # -- discovery -------------------------------------------------------------------------

    def _url(self, stream: Stream) -> str:
        return f"{self._discovery().data_url}/{self._discovery().standard.resource(stream)}"

    def _discovery(self) -> _Discovery:
        if self._discovered is None:
            self._discovered = self._discover()
        return self._discovered

    def _discover(self) -> _Discovery:
        response = self._http.get_json("", authenticated=False)
        document = response.document if isinstance(response.document, dict) else {}
        urls = document.get("urls")
        if not isinstance(urls, dict):
            urls = {}
        data_url, token_url = urls.get("dataManagementApi"), urls.get("oauth")
        if not isinstance(data_url, str) or not isinstance(token_url, str):
            raise ContractBroken(
                f"{self._name}: {response.url_without_query} is no Ed-Fi discovery document: it names no "
                "dataManagementApi and oauth addresses. Correct base_url"
            )
        if "{" in data_url or "{" in token_url:
            raise ConfigurationError(
                f"{self._name}: the server keeps several years or tenants ({data_url}). "
                "Add the year or tenant to base_url"
            )
        data_url = data_url.rstrip("/")
        change_queries = urls.get("changeQueries")
        if not isinstance(change_queries, str):
            # a server may have them and not say so; where it has not, this answers 404
            change_queries = data_url.replace("/data/v3", "/changeQueries/v1")
        model_version = self._model_version(document.get("dataModels"))
        version = document.get("version")
        return _Discovery(
            version if isinstance(version, str) else "of unknown version",
            model_version,
            self._standard_of(model_version),
            data_url,
            token_url,
            change_queries.rstrip("/"),
        )

    def _standard_of(self, model_version: str) -> DataStandard:
        """The Data Standard to read by: the server's own, which the options may name but not contradict."""
        supported = f"Supported: {', '.join(sorted(DATA_STANDARDS))}"
        spoken = spoken_by(model_version) if model_version else self._given
        if self._given is not None and spoken != self._given:
            raise ConfigurationError(
                f"{self._name}: the server speaks Data Standard {model_version} and data_standard is set to "
                f"{self._given.version}. {supported}"
            )
        if spoken is None and model_version:
            raise ConfigurationError(f"{self._name}: the server speaks Data Standard {model_version}. {supported}")
        if spoken is None:
            raise ConfigurationError(
                f"{self._name}: the server does not say which Data Standard it speaks. Set data_standard. {supported}"
            )
        return spoken

    @staticmethod
    def _model_version(models: object) -> str:
        for model in models if isinstance(models, list) else []:
            if isinstance(model, dict) and model.get("name") == "Ed-Fi" and isinstance(model.get("version"), str):
                return str(model["version"])
        return ""


def _identity(record: Any) -> str:
    """What tells a record from all others: its id, or all of it where it has none."""
    record_id = record.get("id") if isinstance(record, dict) else None
    return record_id if isinstance(record_id, str) and record_id else repr(record)
