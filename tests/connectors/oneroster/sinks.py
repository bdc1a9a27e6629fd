"""A sink that keeps everything in memory, and sources built for a test.

Belongs here: what the tests of REST and of CSV share. Does not belong here: what they try.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from connectors.core.connector import Connection, SourceFile
from connectors.oneroster.client import OneRosterConnector, OneRosterOptions
from tests.connectors.counting_sink import CountingSink


class KeepingSink(CountingSink):
    """Pages, frames, deletes and rejects."""

    def __init__(self) -> None:
        super().__init__()
        self.files: list[SourceFile] = []
        self.rejects: list[tuple[int | None, str, str]] = []

    def add_frame(self, frame: pl.DataFrame, source_file: SourceFile) -> None:
        self.pages.append(frame.rows(named=True))
        self.files.append(source_file)

    def add_reject(self, row: int | None, field: str, reason: str) -> None:
        self.rejects.append((row, field, reason))


def connection(home: Path, secrets: dict[str, str] | None = None, **options: Any) -> Connection:
    chosen = OneRosterOptions(**options)
    return Connection("cedar", "roster", "America/Chicago", chosen, home, home / "state", secrets or {})


def rest(base_url: str, folder: Path, **options: Any) -> OneRosterConnector:
    secrets = {"client_id": "client", "client_secret": "CANARY-SECRET"}
    return OneRosterConnector(connection(folder, secrets, base_url=base_url, requests_per_second=1000, **options))


def csv(folder: Path, place: str = "roster", **options: Any) -> OneRosterConnector:
    return OneRosterConnector(connection(folder, folder=place, **options))
