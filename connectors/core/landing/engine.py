"""The DuckDB that landing works with, and its limits.

Belongs here: threads, memory, what may be spilled. Does not belong here: SQL.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

_BEFORE_SPILLING = "128MB"


def engine_in_memory() -> duckdb.DuckDBPyConnection:
    """A database that never touches the disk, for what sees withheld values.

    What it holds is bounded by what it is given: a batch at a time. A page may be large,
    so no limit below the machine's own is set.
    """
    return _opened({"temp_directory": ""})


def engine_that_spills(folder: Path) -> duckdb.DuckDBPyConnection:
    """A database for landed values only, which writes what exceeds its memory to a folder."""
    return _opened({"temp_directory": str(folder), "memory_limit": _BEFORE_SPILLING})


def _opened(limits: dict[str, str]) -> duckdb.DuckDBPyConnection:
    # one thread each: landing overlaps its steps instead, and memory must not depend on the machine
    database = duckdb.connect(":memory:", config={**limits, "threads": 1})
    database.execute("set timezone = 'UTC'")
    return database
