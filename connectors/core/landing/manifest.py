"""The two small files that say what a run is: its manifest and its verdict.

Belongs here: their fields, reading and writing them. Does not belong here: what
makes a verdict (expectations) or which runs count (state).
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from connectors.core.landing.layout import MANIFEST, VERDICT, write_whole

FILE_INTACT = "file_intact"
"""The check that the verdict of a damaged run names."""


class LandedFile(BaseModel):
    """One Parquet file of a run.

    newest_run_id: in a base run, the newest of the runs whose rows the file holds.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    rows: int
    bytes: int
    sha256: str
    newest_run_id: str | None = None


class Manifest(BaseModel):
    """What one run did. Written last: without it the run does not exist.

    records_received = records_landed + records_rejected. duplicate_records are landed
    (raw is kept) and superseded in staging. records_deleted counts delete rows.
    """

    model_config = ConfigDict(frozen=True)

    manifest_version: int = 1
    district_id: str
    platform: str
    connection: str
    stream: str
    run_id: str
    outcome: Literal["landed", "failed"]
    reason: str | None = None
    is_transient: bool | None = None
    started_at: datetime
    extracted_at: datetime
    schema_hash: str
    is_reset: bool = False
    cursor: dict[str, Any] | None = None
    pages: int = 0
    records_reported: int | None = None
    records_received: int = 0
    records_landed: int = 0
    records_rejected: int = 0
    duplicate_records: int = 0
    records_deleted: int = 0
    withheld_fields: dict[str, int] = {}
    undeclared_fields: list[str] = []
    notes: list[str] = []
    source_files: list[str] = []
    files: list[LandedFile] = []
    rejects_file: str | None = None
    rejects: LandedFile | None = None
    """The rejects file as it was written; None in manifests of before this was kept."""
    folded: list[FoldedRun] = []
    """What a base run replaces, oldest first; empty for a run that was pulled."""

    def write(self, run_folder: Path) -> None:
        """Commit the run."""
        write_whole(run_folder / MANIFEST, self.model_dump_json(indent=1).encode())

    @classmethod
    def read(cls, run_folder: Path) -> Manifest:
        """The run's manifest. Raises ValueError where it can't be read, OSError where it is not there."""
        return cls.model_validate_json((run_folder / MANIFEST).read_bytes())


class FoldedRun(BaseModel):
    """A run whose rows now stand in a base run: its manifest and its verdict as they were.

    rows_folded: how many of its rows were unchanged repeats and are not in the base run.
    """

    model_config = ConfigDict(frozen=True)

    manifest: Manifest
    verdict: dict[str, Any]
    rows_folded: int = 0


class RunVerdict(BaseModel):
    """What expectations said of a landed run; the findings stand in `document`."""

    model_config = ConfigDict(frozen=True)

    outcome: Literal["accepted", "rejected"]
    document: dict[str, Any]

    @classmethod
    def read(cls, run_folder: Path) -> RunVerdict | None:
        """The run's verdict, or None while it is pending. Raises ValueError where it can't be read."""
        path = run_folder / VERDICT
        if not path.is_file():
            return None
        document = json.loads(path.read_bytes())
        return cls.model_validate(
            {"outcome": document.get("outcome") if isinstance(document, dict) else None, "document": document}
        )

    @property
    def is_set_aside(self) -> bool:
        """Rejected since its files are no longer as they were landed."""
        return self.outcome == "rejected" and any(
            finding.get("check_name") == FILE_INTACT for finding in self.document.get("findings", [])
        )


def write_verdict(run_folder: Path, verdict_json: str) -> None:
    """Put the verdict beside the manifest. The document must hold `outcome`."""
    write_whole(run_folder / VERDICT, verdict_json.encode())
