"""Reads roster, licences and performance evaluations from an Ed-Fi ODS/API.

Belongs here: discovery, paging by token or by offset, change queries. Does not belong
here: HTTP and its faults (core.http), tokens (core.auth), what differs between data
standards (data_standard), field names (streams).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote

from pydantic import Field, field_validator

from connectors.core.auth import ClientCredentials
from connectors.core.connector import Connection, Cursor, Options, Pulled, Sink
from connectors.core.errors import ConfigurationError, ContractBroken, NotFound
from connectors.core.http import BaseUrl, JsonResponse, PlatformSession, RequestRefused
from connectors.core.paging import Page, offset_pages, token_pages
from connectors.core.schema import Stream
from connectors.edfi.data_standard import DATA_STANDARDS, data_standard
from connectors.edfi.streams import SCHOOLS, STREAMS

_RECORDS_PATH = "$[*]"
_CHANGE_VERSION = "change_version"
_SERVER = "server"
_NEXT_PAGE_TOKEN = "Next-Page-Token"  # noqa: S105 - a header
_TOTAL_COUNT = "Total-Count"


class EdFiOptions(Options):
    """Settings of an Ed-Fi connection in district.yml."""

    base_url: BaseUrl
    """The address of the discovery document, school year or tenant included where there is one."""
    data_standard: str = "5.2"
    page_size: int = Field(default=500, ge=1, le=500)
    requests_per_second: float = Field(default=20.0, gt=0)

    @field_validator("data_standard", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        # YAML reads 5.2 without quotes as a number
        return str(value) if isinstance(value, float) else value

    @field_validator("data_standard")
    @classmethod
    def _is_supported(cls, value: str) -> str:
        if value not in DATA_STANDARDS:
            raise ValueError(f"{value!r} is not supported. Supported: {', '.join(sorted(DATA_STANDARDS))}")
        return value


@dataclass(frozen=True)
class _Discovery:
    version: str
    model_version: str
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
        self._standard = data_standard(options.data_standard)
        self._http = PlatformSession(connection.name, options.base_url, options.requests_per_second)
        self._auth = ClientCredentials(
            self._http.post_form, lambda: self._discovery().token_url, connection, self._http.base_url
        )
        self._http.authenticate_with(self._auth)
        self._discovered: _Discovery | None = None
        # None until the server has shown it: pages by token exist since ODS/API 7.3
        self._pages_by_token: bool | None = None

    def streams_of(self) -> tuple[Stream, ...]:
        return self._standard.streams()

    def check(self) -> str:
        discovery = self._discovery()
        self._auth.sign_in()
        self._records(self._http.get_json(self._url(SCHOOLS), {"limit": "1"}))
        return (
            f"{self._name}: signed in to Ed-Fi ODS/API {discovery.version}, "
            f"Data Standard {discovery.model_version or 'not named'}, and schools can be read"
        )

    def pull(self, stream: Stream, cursor: Cursor | None, sink: Sink) -> Pulled:
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
        if saved + 1 < versions.oldest:
            note = (
                f"changes since version {saved} are asked for and the server keeps them from {versions.oldest} on, "
                "so everything was read"
            )
            return self._pull_everything(stream, versions, sink, note)
        if saved > versions.newest:
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
        cursor = self._cursor(versions.newest) if versions is not None else None
        return Pulled(
            cursor, is_reset=True, pages=pages, reported_total=reported, added_meanwhile=added, notes=tuple(notes)
        )

    def _total(self, stream: Stream) -> int | None:
        """The server's own count before the first page; None where it gives none."""
        try:
            response = self._http.get_json(self._url(stream), {"limit": "0", "totalCount": "true"})
        except RequestRefused:
            return None
        text = response.headers.get(_TOTAL_COUNT, "")
        return int(text) if re.fullmatch("[0-9]{1,18}", text) else None

    # -- changes ---------------------------------------------------------------------------

    def _change_versions(self) -> _ChangeVersions | None:
        """The server's range of change versions; None where change queries are off."""
        url = f"{self._discovery().change_queries_url}/availableChangeVersions"
        try:
            response = self._http.get_json(url)
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
            self._http.get_json, f"{self._url(stream)}/{feed}", window, self._records, _identity, self._page_size, what
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
                response = self._http.get_json(f"{self._url(stream)}/{quote(record_id, safe='')}")
            except NotFound:
                deleted.add(record_id)
                continue
            sink.add_page(b"[" + response.body + b"]", _RECORDS_PATH)
            pages += 1
        # the window ended before the pages were read: an id that still came was made anew
        gone = sorted(deleted - present)
        if gone:
            sink.add_deletes(gone)
        return Pulled(self._cursor(newest), is_reset=False, pages=pages)

    def _cursor(self, version: int) -> Cursor:
        """The server stands in it: another one, or another school year's, counts its own versions."""
        return {_CHANGE_VERSION: version, _SERVER: self._discovery().data_url}

    # -- pages -----------------------------------------------------------------------------

    def _pages(self, stream: Stream, window: dict[str, str], expected: int | None) -> Iterator[Page]:
        """Pages by token where the server has them, by limit and offset otherwise.

        A server that does not know tokens either refuses `pageSize` or passes it over and
        sends its default page without a token; then all is read again by offset.
        """
        what = f"{self._name}.{stream.name}"
        if self._pages_by_token is not False:
            pages = token_pages(
                self._http.get_json,
                self._url(stream),
                {**window, "pageSize": str(self._page_size)},
                self._records,
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
            self._http.get_json, self._url(stream), open_window, self._records, _identity, self._page_size, what
        )

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
        return f"{self._discovery().data_url}/{self._standard.resource(stream)}"

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
        if model_version and model_version.split(".")[0] != self._standard.major:
            raise ConfigurationError(
                f"{self._name}: the server speaks Data Standard {model_version} and data_standard is set to "
                f"{self._standard.version}. Supported: {', '.join(sorted(DATA_STANDARDS))}"
            )
        version = document.get("version")
        return _Discovery(
            version if isinstance(version, str) else "of unknown version",
            model_version,
            data_url,
            token_url,
            change_queries.rstrip("/"),
        )

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
