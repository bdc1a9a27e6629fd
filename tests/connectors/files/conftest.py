"""What the tests of mapped files share: a district folder, a connector on it, a sink that keeps frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from connectors.core.connector import Connection, SourceFile
from connectors.files.client import FilesConnector, FilesOptions
from connectors.files.streams import STREAMS


class KeepingSink:
    """Keeps what a connector hands over."""

    def __init__(self) -> None:
        self.frames: list[pl.DataFrame] = []
        self.sources: list[SourceFile] = []
        self.rejects: list[tuple[int | None, str, str]] = []

    def add_page(self, body: bytes, records_path: str) -> None:
        raise AssertionError("files hand over frames")

    def add_frame(self, frame: pl.DataFrame, source_file: SourceFile) -> None:
        assert all(kind == pl.String for kind in frame.dtypes)
        self.frames.append(frame)
        self.sources.append(source_file)

    def add_deletes(self, keys: Sequence[str]) -> None:
        raise AssertionError("files report no deletes")

    def add_reject(self, row: int | None, field: str, reason: str) -> None:
        self.rejects.append((row, field, reason))

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [row for frame in self.frames for row in frame.to_dicts()]


class District:
    """A folder with mappings and exports."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def connection(self, **options: Any) -> Connection:
        return Connection(
            "cedar-valley",
            "hr",
            "America/Chicago",
            FilesOptions(mappings="mappings/*.yml", **options),
            base_folder=self.folder,
            state_folder=self.folder / "state",
        )

    def connector(self, **options: Any) -> FilesConnector:
        return FilesConnector(self.connection(**options))

    def pull(self, stream: str, cursor: dict[str, Any] | None = None) -> tuple[KeepingSink, Any]:
        sink = KeepingSink()
        declared = next(each for each in STREAMS if each.name == stream)
        return sink, self.connector().pull(declared, cursor, sink)


@pytest.fixture
def district(tmp_path: Path) -> District:
    return District(tmp_path)


SPENDING = """
stream: pd_spending
files: drop/ledger*.csv
columns:
  ledger_line_id: "Txn No"
  fiscal_year: {column: FY, kind: year}
  posted_date: {column: Date, format: "%m/%d/%Y"}
  amount_usd: Amount
"""


@pytest.fixture
def spending(district: District) -> Callable[..., None]:
    """Writes the mapping of a small ledger, with more YAML after it."""

    def write(more: str = "", columns: str = "") -> None:
        district.write("mappings/spending.yml", SPENDING + columns + more)

    return write
