"""Turns one batch of records into a typed Parquet part and counts, with DuckDB.

Belongs here: the order of the SQL for a batch, row numbers, rejects, the file of a part.
Does not belong here: the SQL's expressions (shaping_sql, typing_sql), whether pages can
be read (page_checks), which batches there are and what a run adds up to (writer).

Pages are held in memory until typed, and the engine may not spill, so nothing withheld
ever touches the disk.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from connectors.core.landing import shaping_sql
from connectors.core.landing import typing_sql as sql
from connectors.core.landing.engine import engine_in_memory
from connectors.core.landing.integrity import landed_file
from connectors.core.landing.manifest import LandedFile
from connectors.core.landing.page_checks import CheckedPages
from connectors.core.schema import Stream

if TYPE_CHECKING:
    import polars as pl  # a fifth of a second that only files need

_REJECT_COLUMNS = "row_number bigint, field varchar, reason varchar, value varchar"


@dataclass(frozen=True)
class Batch:
    """What one batch held, and the file it was written to (None where no record fits).

    present: by required field, records that hold it. withheld: by path, records that held it.
    """

    records: int
    part: LandedFile | None
    present: Counter[str] = field(default_factory=Counter)
    withheld: Counter[str] = field(default_factory=Counter)
    undeclared: frozenset[str] = frozenset()


class BatchWriter:
    """Types batches of one stream and writes them into a folder. Not for two threads at once.

    where: the connection and stream, for messages. metadata: SQL by metadata column, but
    the row number's, the change's and the source file's.
    """

    def __init__(self, folder: Path, stream: Stream, where: str, metadata: dict[str, str]) -> None:
        self._folder = folder
        self._stream = stream
        self._where = where
        self._metadata = metadata
        self._parts = 0
        self._rows = 0
        self._database = engine_in_memory()
        self._database.execute(f"create temp table rejects ({_REJECT_COLUMNS})")

    def __enter__(self) -> BatchWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    # --- batches ----------------------------------------------------------------

    def write_pages(self, pages: CheckedPages) -> Batch:
        self._database.register("pages", pages.table)
        try:
            text = shaping_sql.record_text(self._stream, pages.records_path, pages.are_as_declared)
            return self._write(text, None, may_hold_more=not pages.are_as_declared)
        finally:
            self._database.unregister("pages")

    def write_frame(self, frame: pl.DataFrame, source_file_hash: str) -> Batch:
        """Text columns of a file."""
        declared = {field.name for field in self._stream.fields}
        withheld = [name for name in frame.columns if name in self._stream.withheld]
        held = {name: int((frame[name].str.strip_chars() != "").fill_null(False).sum()) for name in withheld}
        undeclared = [name for name in frame.columns if name not in declared and name not in withheld]
        # by place: to SQL, Name and name are one column
        place = {name: f"c{number}" for number, name in enumerate(frame.columns)}
        self._database.register("frame", frame.rename(place).drop([place[name] for name in withheld]).to_arrow())
        columns = [
            f"{place.get(field.name, 'cast(null as varchar)')} as {sql.identifier(field.name)}"
            for field in self._stream.fields
        ]
        columns += [f"false as {shaping_sql.withheld_flag(number)}" for number, _ in enumerate(self._stream.withheld)]
        pairs = ", ".join(f"{sql.literal(name)}, {place[name]}" for name in undeclared)
        extra = f"cast(json_object({pairs}) as varchar)" if undeclared else "cast(null as varchar)"
        text = f"select {', '.join(columns)}, {extra} as _extra, cast(null as varchar) as _misshapen from frame"
        try:
            batch = self._write(text, source_file_hash, may_hold_more=False)
        finally:
            self._database.unregister("frame")
        return Batch(batch.records, batch.part, batch.present, Counter(held), frozenset(undeclared))

    def write_deletes(self, keys: Sequence[str]) -> LandedFile:
        """At least one key of a deleted record; the stream's key is one column."""
        (key,) = self._stream.key
        columns = ", ".join(
            f"cast({sql.identifier(field.name) if field.name == key else 'null'} as {sql.SQL_TYPES[field.type]})"
            f" as {sql.identifier(field.name)}"
            for field in self._stream.fields
        )
        record_hash = f"md5('delete' || {sql.identifier(key)})"
        metadata = self._metadata_columns("null", "delete", None)
        self._database.register("deletes", pa.table({key: pa.array(list(keys), pa.string())}))
        part = self._copy(
            f"select {columns}, cast(null as varchar) as _extra, {record_hash} as _record_hash, {metadata} from deletes"
        )
        self._database.unregister("deletes")
        assert part is not None  # noqa: S101 - a row per key was written
        return part

    # --- rejects ----------------------------------------------------------------

    def note_reject(self, row: int | None, field: str, reason: str) -> None:
        self._database.execute("insert into rejects values (?, ?, ?, null)", [row, field, reason])

    def worst_rejects(self) -> list[tuple[str, str, int]]:
        """Field, reason and number of the three most frequent reasons."""
        return self._database.execute(
            "select field, reason, count(*) from rejects group by field, reason order by count(*) desc, field limit 3"
        ).fetchall()

    def write_rejects(self) -> LandedFile:
        path = self._folder / "rejects-0000.parquet"
        return landed_file(path, self._copy_to("select * from rejects order by row_number, field", path))

    # --- steps of a batch -------------------------------------------------------

    def _write(self, text: str, source_file_hash: str | None, may_hold_more: bool) -> Batch:
        """text: query for a row per record in order, a text column per field."""
        self._database.execute(f"create or replace temp table batch as {sql.typed_records(self._stream, text)}")
        required = [field.name for field in self._stream.fields if field.required]
        columns = [
            "count(*)",
            "count(*) filter (_failed)",
            *(f"count({sql.identifier(name)})" for name in required),
            *(f"count(*) filter ({shaping_sql.withheld_flag(n)})" for n, _ in enumerate(self._stream.withheld)),
        ]
        records, failed, *counts = self._row(f"select {', '.join(columns)} from batch")
        present = Counter(dict(zip(required, counts, strict=False)))
        withheld = Counter(dict(zip(self._stream.withheld, counts[len(required) :], strict=True)))
        undeclared = self._undeclared() if may_hold_more else frozenset()
        numbered = f"select *, row_number() over () + {self._rows} as _row_number"
        if failed:
            present += self._note_rejects(f"{numbered} from ({text})", f"{numbered} from batch")
        names = ", ".join(sql.identifier(field.name) for field in self._stream.fields)
        metadata = self._metadata_columns("_row_number", "upsert", source_file_hash)
        part = self._copy(
            f"select {names}, _extra, _record_hash, {metadata} from ({numbered} from batch) where not _failed"
        )
        self._database.execute("drop table batch")
        self._rows += records
        return Batch(records, part, present, withheld, undeclared)

    def _note_rejects(self, text: str, typed: str) -> Counter[str]:
        """Why each failed record failed; by required field, failed records that hold one of another type."""
        self._database.execute(
            f"create or replace temp table failed as select * from ({text})"
            f" where _row_number in (select _row_number from ({typed}) where _failed)"
        )
        self._database.execute(
            "insert into rejects select _row_number, _misshapen,"
            " 'is an object, a list or a single value where another of these is declared', null"
            " from failed where _misshapen is not null"
        )
        unfit: Counter[str] = Counter()
        for declared in self._stream.fields:
            condition = sql.has_failed(declared)
            if condition is None:
                continue
            value = "cast(null as varchar)" if declared.personal else f"left({sql.identifier(declared.name)}, 200)"
            name, reason = sql.literal(declared.name), sql.reject_reason(declared)
            self._database.execute(
                f"insert into rejects select _row_number, {name}, {reason}, {value} from failed where {condition}"
            )
            if declared.required:
                (unfit[declared.name],) = self._row(
                    f"select count(*) from failed where {condition} and not {sql.is_blank(declared)}"
                )
        self._database.execute("drop table failed")
        return unfit

    def _undeclared(self) -> frozenset[str]:
        found = self._database.execute(
            "select distinct unnest(json_keys(_extra)) from batch where _extra is not null"
        ).fetchall()
        return frozenset(name for (name,) in found)

    def _row(self, query: str) -> tuple[Any, ...]:
        """The one row of a query."""
        row = self._database.execute(query).fetchone()
        assert row is not None  # noqa: S101 - for the type checker: these are aggregates
        return row

    # --- files ------------------------------------------------------------------

    def _metadata_columns(self, row_number: str, change: str, source_file_hash: str | None) -> str:
        values = self._metadata | {
            "_row_number": row_number,
            "_change": sql.literal(change),
            "_source_file_hash": "null" if source_file_hash is None else sql.literal(source_file_hash),
        }
        return ", ".join(
            f"cast({values[name]} as {kind}) as {name}" for name, kind in sql.METADATA_COLUMNS.items() if name in values
        )

    def _copy(self, query: str) -> LandedFile | None:
        """Write a query's rows as the next part. No rows, no file."""
        path = self._folder / f"part-{self._parts:04d}.parquet"
        rows = self._copy_to(query, path)
        if rows == 0:
            path.unlink()
            return None
        self._parts += 1
        return landed_file(path, rows)

    def _copy_to(self, query: str, path: Path) -> int:
        (rows,) = self._row(f"copy ({query}) to {sql.literal(str(path))} (format parquet, compression zstd)")
        return int(rows)
