"""A sink that keeps records in memory, for tests that look at what a connector hands over.

Belongs here: unpacking pages. Does not belong here: landing (connectors.core.landing).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import polars as pl

from connectors.core.connector import SourceFile


class CountingSink:
    """Takes pages of the two shapes that APIs send."""

    def __init__(self) -> None:
        self.pages: list[list[Any]] = []
        self.deletes: list[str] = []
        self.events: list[str] = []

    @property
    def records(self) -> list[Any]:
        return [record for page in self.pages for record in page]

    def ids(self, key: str = "id") -> list[str]:
        return [record[key] for record in self.records]

    def add_page(self, body: bytes, records_path: str) -> None:
        document = json.loads(body)
        self.pages.append({"$[*]": lambda: document, "$.result[*]": lambda: document["result"]}[records_path]())
        self.events.append("page")

    def add_deletes(self, keys: Sequence[str]) -> None:
        self.deletes.extend(keys)
        self.events.append("deletes")

    def add_frame(self, frame: pl.DataFrame, source_file: SourceFile) -> None:
        raise AssertionError("an API connector hands over pages")

    def add_reject(self, row: int | None, field: str, reason: str) -> None:
        raise AssertionError("an API connector rejects nothing")
