"""Writes one run of one stream: pages in, typed Parquet and rejects out, memory flat.

Belongs here: gathering pages into batches, running the typing, writing files and
counting. Does not belong here: what to pull and when (pull), the SQL (typing_sql).

Pages are held in memory until typed, so nothing withheld ever touches the disk.
"""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType

import duckdb
import polars as pl
import pyarrow as pa

from connectors.core.connector import Connection, Pulled, SourceFile
from connectors.core.errors import ContractBroken, DeliveryRejected
from connectors.core.landing import shaping_sql
from connectors.core.landing import typing_sql as sql
from connectors.core.landing.layout import RUN_PREFIX, UNFINISHED_PREFIX, sync_file, sync_folder
from connectors.core.landing.manifest import LandedFile, Manifest
from connectors.core.schema import Stream

BATCH_BYTES = 16 * 1024 * 1024
_REJECT_COLUMNS = "row_number bigint, field varchar, reason varchar, value varchar"


@dataclass(frozen=True)
class RunIdentity:
    """Which run of which stream is being written."""

    connection: Connection
    platform: str
    stream: Stream
    run_id: str
    started_at: datetime


class LandingWriter:
    """The sink of one run. Use as a context manager; `commit` or nothing remains.

    Raises ContractBroken where a page can't be read or a required field is absent from
    every record, DeliveryRejected above the connection's share of rejects.
    """

    def __init__(
        self,
        folder: Path,
        identity: RunIdentity,
        batch_bytes: int = BATCH_BYTES,
        on_records: Callable[[int], None] | None = None,
    ) -> None:
        """on_records: told how many records have been read so far, batch by batch."""
        self._on_records = on_records
        self._identity = identity
        self._stream = identity.stream
        self._stream_folder = folder
        self._folder = folder / f"{UNFINISHED_PREFIX}{identity.run_id}"
        self._batch_bytes = batch_bytes
        self._pages: list[str] = []
        self._pages_bytes = 0
        self._records_path = ""
        self._parts: list[LandedFile] = []
        self._landed = 0
        self._deleted = 0
        self._rejected_unread = 0
        self._rows_seen = 0
        self._present: Counter[str] = Counter()
        self._withheld: Counter[str] = Counter()
        self._undeclared: set[str] = set()
        self._source_files: dict[str, None] = {}
        self._database = duckdb.connect(":memory:")

    def __enter__(self) -> LandingWriter:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        self._database.execute("set timezone = 'UTC'")
        self._database.execute("set preserve_insertion_order = true")
        self._database.execute(f"create temp table rejects ({_REJECT_COLUMNS})")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def records_received(self) -> int:
        """Records handed over so far, rejects included, deletes not."""
        self._flush_pages()
        return self._rows_seen + self._rejected_unread

    @property
    def has_deletes(self) -> bool:
        return self._deleted > 0

    # --- the sink ---------------------------------------------------------------

    def add_page(self, body: bytes, records_path: str) -> None:
        if self._pages and records_path != self._records_path:
            self._flush_pages()
        self._records_path = records_path
        try:
            self._pages.append(body.decode("utf-8"))
        except UnicodeDecodeError as fault:
            raise ContractBroken(f"{self._where()}: a page is not UTF-8 (byte {fault.start})") from None
        self._pages_bytes += len(body)
        if self._pages_bytes >= self._batch_bytes:
            self._flush_pages()

    def add_frame(self, frame: pl.DataFrame, source_file: SourceFile) -> None:
        self._flush_pages()
        self._source_files[source_file.name] = None
        declared = {field.name for field in self._stream.fields}
        withheld = [name for name in frame.columns if name in self._stream.withheld]
        for name in withheld:
            self._withheld[name] += int((frame[name].str.strip_chars() != "").fill_null(False).sum())
        undeclared = [name for name in frame.columns if name not in declared and name not in withheld]
        self._undeclared.update(undeclared)
        # by place: to SQL, Name and name are one column
        place = {name: f"c{number}" for number, name in enumerate(frame.columns)}
        self._database.register("frame", frame.rename(place).drop([place[name] for name in withheld]).to_arrow())
        columns = [
            f"{place.get(field.name, 'cast(null as varchar)')} as {sql.identifier(field.name)}"
            for field in self._stream.fields
        ]
        pairs = ", ".join(f"{sql.literal(name)}, {place[name]}" for name in undeclared)
        extra = f"cast(json_object({pairs}) as varchar)" if undeclared else "cast(null as varchar)"
        self._database.execute(
            f"create or replace temp table batch as select row_number() over () + {self._rows_seen} as _row_number,"
            f" {', '.join(columns)}, {extra} as _extra, cast(null as varchar) as _misshapen from frame"
        )
        self._database.unregister("frame")
        self._write_batch(source_file.sha256)

    def add_deletes(self, keys: Sequence[str]) -> None:
        if not keys:
            return
        if len(self._stream.key) != 1:
            raise ValueError(f"stream {self._stream.name} has a composite key: deletes need a single one")
        self._flush_pages()
        key = self._stream.key[0]
        self._database.register("deletes", pa.table({key: pa.array(list(keys), pa.string())}))
        columns = [
            f"cast({sql.identifier(name)} as {kind}) as {sql.identifier(name)}"
            if name == key
            else f"cast(null as {kind}) as {sql.identifier(name)}"
            for name, kind in sql.landed_columns(self._stream).items()
            if name not in sql.METADATA_COLUMNS
        ]
        record_hash = f"md5('delete' || {sql.identifier(key)})"
        self._copy(
            f"select {', '.join(columns)}, cast(null as varchar) as _extra, {record_hash} as _record_hash,"
            f" {self._metadata('null', 'delete', 'null')} from deletes"
        )
        self._database.unregister("deletes")
        self._deleted += len(keys)

    def add_reject(self, row: int | None, field: str, reason: str) -> None:
        self._flush_pages()
        self._rejected_unread += 1
        self._database.execute("insert into rejects values (?, ?, ?, null)", [row, field, reason])

    # --- batches ----------------------------------------------------------------

    def _flush_pages(self) -> None:
        if not self._pages:
            return
        pages = pa.table({"body": pa.array(self._pages, pa.large_string())})
        self._pages, self._pages_bytes = [], 0
        self._database.register("pages", pages)
        try:
            path = self._records_path
            if self._ask(shaping_sql.pages_without_records(path)):
                raise ContractBroken(f"{self._where()}: a page holds no list of records at {path}")
            with_extra = bool(self._ask(shaping_sql.is_out_of_the_ordinary(self._stream, path)))
            text = shaping_sql.record_text(self._stream, path, self._rows_seen + 1, with_extra)
            self._database.execute(f"create or replace temp table batch as {text}")
        except duckdb.InvalidInputException:
            raise ContractBroken(f"{self._where()}: a page is not JSON") from None
        finally:
            self._database.unregister("pages")
        flags = ", ".join(
            f"count(*) filter ({shaping_sql.withheld_flag(number)})" for number in range(len(self._stream.withheld))
        )
        if flags:
            counts = self._database.execute(f"select {flags} from batch").fetchone() or ()
            for path, count in zip(self._stream.withheld, counts, strict=True):
                self._withheld[path] += count
        self._undeclared.update(
            name
            for (name,) in self._database.execute(
                "select distinct unnest(json_keys(_extra)) from batch where _extra is not null"
            ).fetchall()
        )
        self._write_batch(None)

    def _ask(self, query: str) -> object:
        """The one value of a query."""
        row = self._database.execute(query).fetchone()
        return row[0] if row else None

    def _write_batch(self, source_file_hash: str | None) -> None:
        fields = self._stream.fields
        required = [field for field in fields if field.required]
        present = ", ".join(f"count(*) filter (not {sql.is_blank(field)})" for field in required)
        counted = self._database.execute(f"select count(*), {present} from batch").fetchone() or ()
        count, *found = counted
        self._rows_seen += count
        for field, number in zip(required, found, strict=True):
            self._present[field.name] += number
        conditions = [f"({condition})" for field in fields if (condition := sql.has_failed(field))]
        failed = " or ".join(["_misshapen is not null", *conditions])
        typed = ", ".join(f"{sql.typed(field)} as {sql.identifier(field.name)}" for field in fields)
        texts = ", ".join(f"coalesce({sql.identifier(field.name)}, chr(0))" for field in fields)
        record_hash = f"md5(concat_ws(chr(31), {texts}, coalesce(_extra, chr(0))))"
        metadata = self._metadata(
            "_row_number", "upsert", "null" if source_file_hash is None else sql.literal(source_file_hash)
        )
        landed = self._copy(
            f"select {typed}, _extra, {record_hash} as _record_hash, {metadata} from batch where not ({failed})"
        )
        self._landed += landed
        if landed < count:
            self._note_rejects()
        self._database.execute("drop table batch")
        if self._on_records:
            self._on_records(self._rows_seen)

    def _note_rejects(self) -> None:
        self._database.execute(
            "insert into rejects select _row_number, _misshapen,"
            " 'is not the object, list or list of objects that is declared', null"
            " from batch where _misshapen is not null"
        )
        for field in self._stream.fields:
            condition = sql.has_failed(field)
            if condition is None:
                continue
            value = "cast(null as varchar)" if field.personal else f"left({sql.identifier(field.name)}, 200)"
            name, reason = sql.literal(field.name), sql.reject_reason(field)
            self._database.execute(
                f"insert into rejects select _row_number, {name}, {reason}, {value} from batch where {condition}"
            )

    def _metadata(self, row_number: str, change: str, source_file_hash: str) -> str:
        connection = self._identity.connection
        values = {
            "_district_id": sql.literal(connection.district_id),
            "_connection": sql.literal(connection.name),
            "_run_id": sql.literal(self._identity.run_id),
            "_extracted_at": f"timestamptz {sql.literal(self._identity.started_at.isoformat())}",
            "_row_number": row_number,
            "_change": sql.literal(change),
            "_source_file_hash": source_file_hash,
        }
        return ", ".join(f"cast({value} as {sql.METADATA_COLUMNS[name]}) as {name}" for name, value in values.items())

    def _copy(self, query: str) -> int:
        """Write a query's rows as the next part; returns how many. No rows, no file."""
        path = self._folder / f"part-{len(self._parts):04d}.parquet"
        rows = self._copy_to(query, path)
        if rows == 0:
            path.unlink()
            return 0
        self._parts.append(_landed_file(path, rows))
        return rows

    def _copy_to(self, query: str, path: Path) -> int:
        target = sql.literal(str(path))
        copied = self._database.execute(f"copy ({query}) to {target} (format parquet, compression zstd)").fetchone()
        return int(copied[0]) if copied else 0

    # --- the end ----------------------------------------------------------------

    def commit(self, pulled: Pulled, finished_at: datetime) -> Manifest:
        """Check the delivery as a whole, make it durable, write the manifest last."""
        self._flush_pages()
        received = self._rows_seen + self._rejected_unread
        rejected = received - self._landed
        self._fail_if_unusable(received, rejected)
        rejects_file = None
        if rejected:
            rejects_file = "rejects-0000.parquet"
            self._copy_to("select * from rejects order by row_number, field", self._folder / rejects_file)
            sync_file(self._folder / rejects_file)
        identity = self._identity
        manifest = Manifest(
            district_id=identity.connection.district_id,
            platform=identity.platform,
            connection=identity.connection.name,
            stream=self._stream.name,
            run_id=identity.run_id,
            outcome="landed",
            started_at=identity.started_at,
            extracted_at=finished_at,
            schema_hash=self._stream.schema_hash,
            is_reset=pulled.is_reset,
            cursor=pulled.cursor,
            pages=pulled.pages,
            records_reported=pulled.reported_total,
            records_received=received,
            records_landed=self._landed,
            records_rejected=rejected,
            duplicate_records=self._duplicates(),
            records_deleted=self._deleted,
            withheld_fields={path: count for path, count in sorted(self._withheld.items()) if count},
            undeclared_fields=sorted(self._undeclared),
            notes=list(pulled.notes),
            source_files=list(self._source_files),
            files=self._parts,
            rejects_file=rejects_file,
        )
        final = self._stream_folder / f"{RUN_PREFIX}{identity.run_id}"
        sync_folder(self._folder)
        self._folder.rename(final)
        sync_folder(self._stream_folder)
        manifest.write(final)
        return manifest

    def _fail_if_unusable(self, received: int, rejected: int) -> None:
        if received == 0:
            return
        absent = [field.name for field in self._stream.fields if field.required and not self._present[field.name]]
        if absent and self._rows_seen:
            raise ContractBroken(
                f"{self._where()}: required field {', '.join(absent)} is missing from all {self._rows_seen} records. "
                f"Was it renamed? Undeclared fields found: {', '.join(sorted(self._undeclared)) or 'none'}"
            )
        share = rejected / received
        allowed = self._identity.connection.options.max_reject_share
        if share > allowed:
            worst = self._database.execute(
                "select field, reason, count(*) from rejects group by field, reason"
                " order by count(*) desc, field limit 3"
            ).fetchall()
            reasons = "; ".join(f"{field} {reason} ({count})" for field, reason, count in worst)
            raise DeliveryRejected(
                f"{self._where()}: {rejected} of {received} records rejected ({share:.1%}, allowed {allowed:.1%}): "
                f"{reasons}. Have the platform corrected, or raise max_reject_share of this source"
            )

    def _duplicates(self) -> int:
        """Landed records beyond the first of their key."""
        if not self._parts:
            return 0
        parts = [str(self._folder / part.name) for part in self._parts]
        key = ", ".join(sql.identifier(name) for name in self._stream.key)
        row = self._database.execute(
            f"select coalesce(sum(count - 1), 0) from (select count(*) as count from read_parquet(?) "
            f"where _change = 'upsert' group by {key})",
            [parts],
        ).fetchone()
        return int(row[0]) if row else 0

    def _where(self) -> str:
        return f"{self._identity.connection.name}.{self._stream.name}"


def _landed_file(path: Path, rows: int) -> LandedFile:
    sync_file(path)
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return LandedFile(name=path.name, rows=rows, bytes=path.stat().st_size, sha256=digest)
