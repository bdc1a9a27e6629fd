"""The door between a platform's connector and everything else.

Belongs here: what a connector is given, what it hands over, what it answers. Does
not belong here: HTTP (http), typing and writing (landing), the order of a load (pull).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict, Field, model_validator

from connectors.core.schema import Stream

if TYPE_CHECKING:
    import polars as pl  # a fifth of a second that only files need

Cursor = dict[str, Any]


class Options(BaseModel):
    """What any connection may set in district.yml; each platform adds its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_reject_share: float = Field(default=0.01, ge=0, le=1)
    """Share of a delivery's records that may be rejected before the run fails."""
    first_school_year: int | None = Field(default=None, ge=1990, le=2100)
    """The first school year, by the year it ends in, that the source should deliver. None: the first it did."""
    last_school_year: int | None = Field(default=None, ge=1990, le=2100)
    """The last one, where the source is no longer fed. None: the current one."""

    @model_validator(mode="after")
    def _years_in_order(self) -> Options:
        if self.first_school_year and self.last_school_year and self.first_school_year > self.last_school_year:
            raise ValueError(
                f"first_school_year {self.first_school_year} is after last_school_year {self.last_school_year}"
            )
        return self

    def secrets_of(self, secret_names: tuple[str, ...]) -> tuple[str, ...]:
        """The secrets that a connection with these options needs; the connector's `secret_names` unless overridden."""
        return secret_names

    @property
    def asks_platform_for_streams(self) -> bool:
        """Whether only the platform itself can say which streams the connection carries."""
        return False


@dataclass(frozen=True)
class Connection:
    """One configured source: a platform, how to reach it, and where its state is.

    base_folder: relative paths in the options resolve against it.
    state_folder: holds rotated tokens; nothing else is kept there.
    """

    district_id: str
    name: str
    timezone: str
    options: Options
    base_folder: Path
    state_folder: Path
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class SourceFile:
    """The file a batch of rows came from: its name as a person knows it, and its content's sha256."""

    name: str
    sha256: str


class Sink(Protocol):
    """Where a connector puts what it pulled, page by page; nothing is kept by the connector."""

    def add_page(self, body: bytes, records_path: str) -> None:
        """JSON bytes, and the JSONPath of its records: `$[*]` or `$.result[*]`."""

    def add_frame(self, frame: pl.DataFrame, source_file: SourceFile) -> None:
        """Text columns named like the stream's fields; other columns become `_extra`."""

    def add_deletes(self, keys: Sequence[str]) -> None:
        """Keys of records that the platform reports as deleted (single-column keys)."""

    def add_reject(self, row: int | None, field: str, reason: str) -> None:
        """A record that could not be read at all. The reason holds no personal value."""


@dataclass(frozen=True)
class Pulled:
    """What a finished pull says of itself.

    cursor: where the next pull starts; None where the stream has no cursor.
    is_reset: everything was pulled, so what is absent is gone.
    reported_total: the platform's own count of the records it should have sent.
    added_meanwhile: how many more that count came to while pages were read.
    notes: sentences for the analyst (fallbacks taken, files passed over).
    """

    cursor: Cursor | None
    is_reset: bool
    pages: int
    reported_total: int | None = None
    added_meanwhile: int = 0
    notes: tuple[str, ...] = ()


class Connector(Protocol):
    """A platform's connector; built per connection, closed by its owner."""

    platform: ClassVar[str]
    streams: ClassVar[tuple[Stream, ...]]
    options_model: ClassVar[type[Options]]
    secret_names: ClassVar[tuple[str, ...]]

    def __init__(self, connection: Connection) -> None: ...

    def streams_of(self) -> tuple[Stream, ...]:
        """The streams that this connection carries, in the order to pull them."""

    def check(self) -> str:
        """One cheap authenticated look; a sentence for the analyst. Raises ConnectorError."""

    def pull(self, stream: Stream, cursor: Cursor | None, sink: Sink) -> Pulled:
        """Hand everything since the cursor (None: everything) to the sink. Raises ConnectorError."""

    def close(self) -> None: ...
