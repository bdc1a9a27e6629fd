"""What staging would make of a landing: the newest version of each record, by the macro of dbt_project.

Belongs here: reading landed runs as the warehouse reads them. Does not belong here: how they
came there (bench), what must be in them (cases/).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from connectors.core.landing.state import StreamState
from connectors.core.landing.typing_sql import identifier, literal
from connectors.core.schema import Stream
from tests.guarantees.live_rows import newest_records

Rows = dict[str, dict[str, str]]
"""Key of a record, its parts joined -> its columns as text; without those about the load."""


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    """One for all readings: opening an engine costs more than reading these few rows."""
    return duckdb.connect(":memory:", config={"threads": 1})


@cache
def _newest(key: tuple[str, ...]) -> str:
    return newest_records("landed", key)


def live_rows(folder: Path, stream: Stream) -> Rows:
    """Every record of a stream's folder that is not deleted, in its newest version."""
    parts = StreamState.read(folder).parts()
    if not parts:
        return {}
    reads = [
        f"select *, {part.is_before_reset} as _is_before_reset from read_parquet({literal(str(part.path))}, "
        "hive_partitioning = false)"
        for part in parts
    ]
    kept = [*(field.name for field in stream.fields), "_extra"]
    with _engine().cursor() as database:
        database.execute(f"create temp view landed as {' union all by name '.join(reads)}")
        # as text, and by the engine: instants would each be made a datetime of Python's
        told = ", ".join(f"cast({identifier(name)} as varchar) as {identifier(name)}" for name in kept)
        found = database.execute(f"select {told} from ({_newest(stream.key)}) where not is_deleted").fetchall()
    rows: Rows = {}
    for values in found:
        row = dict(zip(kept, values, strict=True))
        key = "|".join(str(row[part]) for part in stream.key)
        assert key not in rows, f"{stream.name}: one row per record"
        rows[key] = {name: str(row.get(name)) for name in kept}
    return rows


def without(rows: Rows, *columns: str) -> Rows:
    return {key: {name: value for name, value in row.items() if name not in columns} for key, row in rows.items()}


def differences(one: Rows, other: Rows) -> dict[str, Any]:
    """By key, the columns in which two readings differ; short enough for a message."""
    found: dict[str, Any] = {}
    for key in sorted(one.keys() | other.keys()):
        if key not in other:
            found[key] = "only in the first"
        elif key not in one:
            found[key] = "only in the second"
        elif one[key] != other[key]:
            found[key] = {
                name: (value, other[key].get(name)) for name, value in one[key].items() if value != other[key].get(name)
            }
    return dict(list(found.items())[:5]) | ({"and more": len(found) - 5} if len(found) > 5 else {})


def everything_in(folder: Path) -> str:
    """All that stands in the files below a folder, Parquet unpacked, as one text to search in."""
    texts = []
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".parquet":
            frame = pl.read_parquet(path, hive_partitioning=False)
            texts.append(frame.select(pl.all().cast(pl.String, strict=False)).write_ndjson())
        elif path.is_file():
            texts.append(path.read_bytes().decode(errors="replace"))
    return "\n".join(texts)
