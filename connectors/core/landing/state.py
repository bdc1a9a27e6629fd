"""What a stream's runs add up to: which count, and where the next pull starts.

Belongs here: questions answered from manifests and verdicts alone; there is no
other state. Does not belong here: judging, writing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from connectors.core.connector import Cursor
from connectors.core.landing.layout import run_folders
from connectors.core.landing.manifest import Manifest, RunVerdict


@dataclass(frozen=True)
class Run:
    """A finished run: landed or failed, judged or not yet."""

    folder: Path
    manifest: Manifest
    verdict: RunVerdict | None

    @property
    def is_accepted(self) -> bool:
        return self.manifest.outcome == "landed" and self.verdict is not None and self.verdict.outcome == "accepted"

    @property
    def is_pending(self) -> bool:
        return self.manifest.outcome == "landed" and self.verdict is None

    @property
    def parts(self) -> list[Path]:
        return [self.folder / file.name for file in self.manifest.files]


@dataclass(frozen=True)
class StreamState:
    """Every finished run of one stream of one connection, oldest first."""

    runs: tuple[Run, ...]

    @classmethod
    def read(cls, folder: Path) -> StreamState:
        return cls(tuple(Run(path, Manifest.read(path), RunVerdict.read(path)) for path in run_folders(folder)))

    @property
    def accepted(self) -> list[Run]:
        return [run for run in self.runs if run.is_accepted]

    @property
    def pending(self) -> list[Run]:
        return [run for run in self.runs if run.is_pending]

    @property
    def base_run_id(self) -> str | None:
        """The newest accepted run that pulled everything: what only older runs hold is gone."""
        return max((run.manifest.run_id for run in self.accepted if run.manifest.is_reset), default=None)

    def cursor(self, schema_hash: str) -> Cursor | None:
        """Where the next pull starts: from the newest accepted run, or None for everything.

        A cursor saved under another declaration of the stream is not used, since rows
        before it were landed without the fields that are new.
        """
        if not self.accepted:
            return None
        newest = self.accepted[-1].manifest
        return newest.cursor if newest.schema_hash == schema_hash else None
