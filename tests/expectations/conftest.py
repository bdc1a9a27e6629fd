"""Landed Parquet files as the landing writes them, for tests of expectations.

Belongs here: writing records of a declared stream to a real file. Does not belong
here: the landing's own typing (tests/connectors).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors.core.landing.typing_sql import empty_select, identifier
from connectors.core.schema import Stream

Record = Mapping[str, Any]
Land = Callable[..., Path]


@pytest.fixture
def land(tmp_path: Path) -> Land:
    """Write records to one landed file: `land(stream, records, deletes=…)` gives its path."""
    written = 0

    def write(stream: Stream, records: Sequence[Record], deletes: Sequence[Record] = ()) -> Path:
        nonlocal written
        written += 1
        path = tmp_path / f"part-{written:04}.parquet"
        with duckdb.connect() as session:
            session.execute("set TimeZone = 'UTC'")
            session.execute(f"create table landed as {empty_select(stream)}")
            for change, group in (("upsert", records), ("delete", deletes)):
                for record in group:
                    values = {name: _stored(value) for name, value in record.items()} | {"_change": change}
                    names = ", ".join(identifier(name) for name in values)
                    marks = ", ".join("?" for _ in values)
                    session.execute(f"insert into landed ({names}) values ({marks})", list(values.values()))
            session.execute(f"copy landed to '{path}' (format parquet)")
        return path

    return write


def _stored(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, list | dict) else value
