"""What was accepted before a delivery, and what the delivery says beside it.

Belongs here: counting records that were live before, and those that come late. Does not
belong here: what is made of the counts (runner), which runs count (landing's state).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from connectors.core.landing.typing_sql import identifier, literal
from connectors.core.schema import Stream


class Earlier:
    """The accepted landed files since the newest full delivery, that one included. Use as a context manager.

    Without parts nothing was known before. Methods raise duckdb.Error where a file can't be read.
    """

    def __init__(self, stream: Stream, parts: Sequence[Path]) -> None:
        self._stream = stream
        self._parts = list(parts)
        self._session = duckdb.connect(
            config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
        )

    def __enter__(self) -> Earlier:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def live_count(self) -> int:
        """How many records were live: landed, and not deleted since."""
        if not self._parts:
            return 0
        key = ", ".join(identifier(column) for column in self._stream.key)
        return self._count(
            f"select count(*) from (select {key}, max(_run_id) filter (_change = 'upsert') as landed,"
            f" max(_run_id) filter (_change = 'delete') as deleted from {_files(self._parts)} group by all)"
            " where landed is not null and (deleted is null or landed > deleted)"
        )

    def late_count(self, parts: Sequence[Path], changed_at: str | None, created_at: str | None) -> int:
        """How many records of a full delivery no earlier one brought, although they were there to be read.

        changed_at: the column that says when a record changed. Without it, created_at tells
        of records never seen before, and nothing of those that changed late.
        """
        at = changed_at or created_at
        if not self._parts or not parts or at is None:
            return 0
        column = identifier(at)
        known = [f"earlier.{identifier(name)} = delivered.{identifier(name)}" for name in self._stream.key]
        # not by content: a field declared anew changes every record's hash
        known += [f"earlier.{column} >= delivered.{column}"] if changed_at else []
        return self._count(
            f"select count(*) from {_files(parts)} as delivered where delivered._change = 'upsert'"
            f" and delivered.{column} < (select max(_extracted_at) from {_files(self._parts)})"
            f" and not exists (select 1 from {_files(self._parts)} as earlier where {' and '.join(known)})"
        )

    def _count(self, query: str) -> int:
        row = self._session.execute(query).fetchone()
        return int(row[0]) if row else 0


def _files(parts: Sequence[Path]) -> str:
    listed = ", ".join(literal(str(part)) for part in parts)
    return f"read_parquet([{listed}], union_by_name = true)"
