"""Reads competency frameworks as CASE packages, from an endpoint or from a folder.

Belongs here: the options, which of the two it is, the order of a pull. Does not belong
here: asking a provider (endpoint), reading files (folder), what a package holds (packages).

A package is taken whole: where anything has changed, all of them are, so that what a
framework no longer has counts as deleted.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from connectors.case.endpoint import PackageEndpoint
from connectors.case.folder import PackageFolder
from connectors.case.packages import pages_of
from connectors.case.streams import STREAMS
from connectors.core.auth import FixedToken
from connectors.core.connector import Connection, Cursor, Options, Pulled, Sink
from connectors.core.errors import ConfigurationError
from connectors.core.http import BaseUrl, PlatformSession
from connectors.core.schema import Stream


class CaseOptions(Options):
    """Settings of a CASE connection in district.yml: an endpoint or a folder.

    documents: identifiers of the frameworks to read; empty: all there are.
    """

    base_url: BaseUrl | None = None
    """The provider's address, without /ims/case/…"""
    folder: str | None = Field(default=None, min_length=1)
    """Where the package files are, relative to district.yml's folder."""
    documents: tuple[str, ...] = ()
    version: Literal["1.0", "1.1"] = "1.0"
    signs_in: bool = False
    """Whether the provider wants a bearer token (the secret `token`)."""
    page_size: int = Field(default=100, ge=1, le=1000)
    requests_per_second: float = Field(default=5.0, gt=0)

    @field_validator("version", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        # YAML reads 1.1 without quotes as a number
        return str(value) if isinstance(value, float) else value

    @model_validator(mode="after")
    def _one_place(self) -> CaseOptions:
        if (self.base_url is None) == (self.folder is None):
            raise ValueError("give either base_url (a provider) or folder (package files)")
        if self.folder is not None and self.signs_in:
            raise ValueError("signs_in is for a provider: a folder needs no token")
        return self

    def secrets_of(self, secret_names: tuple[str, ...]) -> tuple[str, ...]:
        return secret_names if self.signs_in else ()


class CaseConnector:
    """One connection to a CASE provider, or to a folder of packages."""

    platform: ClassVar[str] = "case"
    streams: ClassVar[tuple[Stream, ...]] = STREAMS
    options_model: ClassVar[type[Options]] = CaseOptions
    secret_names: ClassVar[tuple[str, ...]] = ("token",)

    def __init__(self, connection: Connection) -> None:
        options = connection.options
        if not isinstance(options, CaseOptions):
            raise ConfigurationError(f"{connection.name}: the options are not those of a CASE connection")
        self._name = connection.name
        self._http: PlatformSession | None = None
        self._place: PackageEndpoint | PackageFolder
        if options.folder is not None:
            root = connection.base_folder / options.folder
            self._place = PackageFolder(connection.name, root, options.folder, options.documents)
            return
        self._http = PlatformSession(connection.name, options.base_url or "", options.requests_per_second)
        if options.signs_in:
            self._http.authenticate_with(FixedToken(connection, "token", "Bearer"))
        self._place = PackageEndpoint(
            self._http, options.version, options.page_size, options.documents, connection.name
        )

    def streams_of(self) -> tuple[Stream, ...]:
        return STREAMS

    def check(self) -> str:
        return self._place.check()

    def pull(self, stream: Stream, cursor: Cursor | None, sink: Sink) -> Pulled:
        """Every package where any has changed; nothing otherwise."""
        seen = self._place.look()
        if cursor == seen.state:
            return Pulled(cursor, is_reset=False, pages=0)
        notes: tuple[str, ...] = ()
        if cursor is not None and cursor.get("server") != seen.state.get("server"):
            notes = (f"{self._name}.{stream.name}: the saved state is of another place, so everything was read",)
        pages = 0
        for records in self._place.records(stream, seen):
            for page in pages_of(records):
                sink.add_page(page, "$[*]")
                pages += 1
        return Pulled(seen.state, is_reset=True, pages=pages, notes=notes)

    def close(self) -> None:
        if self._http is not None:
            self._http.close()
