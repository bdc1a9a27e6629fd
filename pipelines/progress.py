"""What a person watching a run is told while it goes on.

Belongs here: the events, and the silent listener of unattended runs. Does not belong
here: drawing them (cli).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class StreamLine:
    """One stream of a run, as a report shows it; `is_new` False where nothing had changed."""

    connection: str
    stream: str
    is_new: bool
    records_received: int = 0
    records_landed: int = 0
    records_rejected: int = 0
    records_deleted: int = 0
    duplicate_records: int = 0
    fault: str | None = None
    damage: tuple[str, ...] = ()
    """Landed files that were found damaged, so that everything was pulled again."""


class Listener(Protocol):
    """Told of each step; must not raise."""

    def stage_started(self, stage: str, steps: int | None = None) -> None:
        """A stage begins: `pull`, `check`, `build` or `publish`; steps: how many, where known."""

    def stream_started(self, connection: str, stream: str) -> None: ...

    def records_received(self, connection: str, stream: str, count: int) -> None:
        """So many records of the stream have arrived so far."""

    def stream_ended(self, line: StreamLine) -> None:
        """A stream landed, had nothing new or failed."""

    def step_ended(self, stage: str, name: str) -> None:
        """One judged stream, or one built model or test."""


class Silent:
    """Listens to nothing."""

    def stage_started(self, stage: str, steps: int | None = None) -> None:
        return None

    def stream_started(self, connection: str, stream: str) -> None:
        return None

    def records_received(self, connection: str, stream: str, count: int) -> None:
        return None

    def stream_ended(self, line: StreamLine) -> None:
        return None

    def step_ended(self, stage: str, name: str) -> None:
        return None
