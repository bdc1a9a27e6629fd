"""The OneRoster connector: one connection, by REST or by CSV.

Belongs here: what may be set, and which of the two ways it means. Does not belong here:
either way (rest, csv_source), field names (streams), who is staff (people).
"""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar, Protocol
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from connectors.core.auth import ClientCredentials
from connectors.core.connector import Connection, Cursor, Options, Pulled, Sink
from connectors.core.errors import ConfigurationError
from connectors.core.http import BaseUrl, PlatformSession, checked_base_url
from connectors.core.schema import Stream
from connectors.oneroster.csv_source import CsvSource
from connectors.oneroster.rest import RestSource, Version
from connectors.oneroster.streams import STREAMS

# without demographics: nothing of them is ever asked for
_SCOPES: dict[Version, str] = {
    "1.1": "https://purl.imsglobal.org/spec/or/v1p1/scope/roster-core.readonly",
    "1.2": "https://purl.imsglobal.org/spec/or/v1p2/scope/roster-core.readonly",
}
_REST_ONLY = ("oauth_url", "version", "scope", "page_size", "requests_per_second", "overlap_hours")


class OneRosterOptions(Options):
    """Settings of a OneRoster connection in district.yml: a base_url or a folder."""

    base_url: BaseUrl | None = None
    """The address before /ims/oneroster."""
    oauth_url: str | None = None
    """Where access tokens are given; base_url/token unless set."""
    version: Version = "1.2"
    scope: str | None = None
    """The scope to ask for; that of rosters without demographics unless set."""
    page_size: int = Field(default=500, ge=1, le=10_000)
    requests_per_second: float = Field(default=5.0, gt=0)
    overlap_hours: float = Field(default=24.0, ge=0, le=8_784)
    """How far before the watermark each incremental pull starts to read again."""
    folder: str | None = None
    """A delivery of CSV files (a folder, a zip) or a folder of deliveries, relative to district.yml's folder."""
    staff_roles: tuple[str, ...] = ()
    """Roles of the district's own that are staff, besides those of the specification."""

    @field_validator("version", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        # YAML reads 1.2 without quotes as a number
        return str(value) if isinstance(value, float) else value

    @field_validator("oauth_url")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                checked_base_url(value.partition("?")[0])
            except ValueError as fault:
                raise ValueError(str(fault).replace("base_url", "oauth_url")) from None
        return value

    @model_validator(mode="after")
    def _one_way(self) -> OneRosterOptions:
        if (self.base_url is None) == (self.folder is None):
            raise ValueError("give a base_url (REST) or a folder (CSV), one of the two")
        misplaced = [name for name in _REST_ONLY if self.folder is not None and name in self.model_fields_set]
        if misplaced:
            raise ValueError(f"{', '.join(misplaced)}: of REST only; a folder of CSV files has none")
        return self

    def secrets_of(self, secret_names: tuple[str, ...]) -> tuple[str, ...]:
        """A folder needs none."""
        return secret_names if self.folder is None else ()


class _Source(Protocol):
    def streams_of(self) -> tuple[Stream, ...]: ...

    def check(self) -> str: ...

    def pull(self, stream: Stream, cursor: Cursor | None, sink: Sink) -> Pulled: ...


class OneRosterConnector:
    """One connection to a OneRoster server, or to a folder of OneRoster CSV files."""

    platform: ClassVar[str] = "oneroster"
    streams: ClassVar[tuple[Stream, ...]] = STREAMS
    options_model: ClassVar[type[Options]] = OneRosterOptions
    secret_names: ClassVar[tuple[str, ...]] = ("client_id", "client_secret")

    def __init__(self, connection: Connection) -> None:
        options = connection.options
        if not isinstance(options, OneRosterOptions):
            raise ConfigurationError(f"{connection.name}: the options are not those of a OneRoster connection")
        self._sessions: list[PlatformSession] = []
        self._auth: ClientCredentials | None = None
        self._source: _Source = (
            self._rest(connection, options, options.base_url)
            if options.base_url is not None
            else CsvSource(connection.name, connection.base_folder, str(options.folder), options.staff_roles)
        )

    def streams_of(self) -> tuple[Stream, ...]:
        return self._source.streams_of()

    def check(self) -> str:
        if self._auth is not None:
            self._auth.sign_in()
        return self._source.check()

    def pull(self, stream: Stream, cursor: Cursor | None, sink: Sink) -> Pulled:
        return self._source.pull(stream, cursor, sink)

    def close(self) -> None:
        for session in self._sessions:
            session.close()

    def _rest(self, connection: Connection, options: OneRosterOptions, base_url: str) -> RestSource:
        http = self._session(connection, base_url, options)
        oauth_url = options.oauth_url or f"{http.base_url}/token"
        parts = urlsplit(oauth_url)
        # tokens may be given by another host; the roster's host never learns the secret, nor that one the token
        asker = self._session(connection, f"{parts.scheme}://{parts.netloc}", options)
        self._auth = ClientCredentials(
            asker.post_form,
            oauth_url,
            connection,
            http.base_url,
            scope=_SCOPES[options.version] if options.scope is None else options.scope,
        )
        http.authenticate_with(self._auth)
        overlap = timedelta(hours=options.overlap_hours)
        return RestSource(connection.name, http, options.version, options.page_size, overlap, options.staff_roles)

    def _session(self, connection: Connection, base_url: str, options: OneRosterOptions) -> PlatformSession:
        session = PlatformSession(connection.name, base_url, options.requests_per_second)
        self._sessions.append(session)
        return session
