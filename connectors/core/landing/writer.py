"""Writes one run of one stream: pages in, typed Parquet and rejects out, memory flat.

Belongs here: gathering pages into batches, adding up what they held, and the commit.
Does not belong here: what to pull and when (pull), typing and writing a batch (batches).

Three things overlap: the caller fetches the pages of one batch while the one before is
checked and the one before that is typed. More are never held, so memory stays flat.
"""

from __future__ import annotations

import shutil
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from connectors.core.connector import Connection, Pulled, SourceFile
from connectors.core.errors import ContractBroken, DeliveryRejected
from connectors.core.landing.batches import Batch, BatchWriter
from connectors.core.landing.duplicates import count_duplicates
from connectors.core.landing.layout import RUN_PREFIX, UNFINISHED_PREFIX, sync_folder
from connectors.core.landing.manifest import LandedFile, Manifest
from connectors.core.landing.page_checks import PageChecks
from connectors.core.landing.typing_sql import literal
from connectors.core.schema import Stream

if TYPE_CHECKING:
    import polars as pl  # a fifth of a second that only files need

BATCH_BYTES = 8 * 1024 * 1024
_MOST_UNDER_WAY = 2


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
        self._pages: list[bytes] = []
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
        self._under_way: deque[Future[Batch]] = deque()
        self._open = ExitStack()

    def __enter__(self) -> LandingWriter:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        self._batches = self._open.enter_context(
            BatchWriter(self._folder, self._stream, self._where(), self._metadata())
        )
        self._checks = self._open.enter_context(PageChecks(self._stream, self._where()))
        self._checking, self._typing = (self._open.enter_context(_one_thread(name)) for name in ("checking", "typing"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for step in self._under_way:
            step.cancel()
        self._open.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def records_received(self) -> int:
        """Records handed over so far, rejects included, deletes not."""
        self._settle()
        return self._rows_seen + self._rejected_unread

    @property
    def duplicate_records(self) -> int:
        """Landed records beyond the first of their key; reads the keys written so far."""
        self._settle()
        return count_duplicates(self._folder, self._parts, self._stream.key)

    @property
    def has_deletes(self) -> bool:
        return self._deleted > 0

    # --- the sink ---------------------------------------------------------------

    def add_page(self, body: bytes, records_path: str) -> None:
        """A fault of an earlier page may come up here, as it is typed meanwhile."""
        if self._pages and records_path != self._records_path:
            self._begin_batch()
        self._records_path = records_path
        self._pages.append(body)
        self._pages_bytes += len(body)
        if self._pages_bytes >= self._batch_bytes:
            self._begin_batch()

    def add_frame(self, frame: pl.DataFrame, source_file: SourceFile) -> None:
        self._settle()
        self._source_files[source_file.name] = None
        self._count(self._batches.write_frame(frame, source_file.sha256))

    def add_deletes(self, keys: Sequence[str]) -> None:
        if not keys:
            return
        if len(self._stream.key) != 1:
            raise ValueError(f"stream {self._stream.name} has a composite key: deletes need a single one")
        self._settle()
        self._parts.append(self._batches.write_deletes(keys))
        self._deleted += len(keys)

    def add_reject(self, row: int | None, field: str, reason: str) -> None:
        self._settle()
        self._rejected_unread += 1
        self._batches.note_reject(row, field, reason)

    # --- batches ----------------------------------------------------------------

    def _begin_batch(self) -> None:
        """Have the gathered pages checked and typed beside the caller."""
        pages, self._pages, self._pages_bytes = self._pages, [], 0
        checked = self._checking.submit(self._checks.check, pages, self._records_path)
        self._under_way.append(self._typing.submit(lambda: self._batches.write_pages(checked.result())))
        self._collect(_MOST_UNDER_WAY)

    def _settle(self) -> None:
        """Wait until every page handed over is typed and counted."""
        if self._pages:
            self._begin_batch()
        self._collect(0)

    def _collect(self, remaining: int) -> None:
        """Count batches, oldest first, until so many are under way. What a batch raised comes up here."""
        while len(self._under_way) > remaining:
            self._count(self._under_way.popleft().result())

    def _count(self, batch: Batch) -> None:
        self._rows_seen += batch.records
        self._present += batch.present
        self._withheld += batch.withheld
        self._undeclared |= batch.undeclared
        if batch.part is not None:
            self._landed += batch.part.rows
            self._parts.append(batch.part)
        if self._on_records:
            self._on_records(self._rows_seen)

    def _metadata(self) -> dict[str, str]:
        connection = self._identity.connection
        return {
            "_district_id": literal(connection.district_id),
            "_connection": literal(connection.name),
            "_run_id": literal(self._identity.run_id),
            "_extracted_at": f"timestamptz {literal(self._identity.started_at.isoformat())}",
        }

    # --- the end ----------------------------------------------------------------

    def commit(self, pulled: Pulled, finished_at: datetime) -> Manifest:
        """Check the delivery as a whole, make it durable, write the manifest last."""
        self._settle()
        received = self._rows_seen + self._rejected_unread
        rejected = received - self._landed
        self._fail_if_unusable(received, rejected)
        rejects = self._batches.write_rejects() if rejected else None
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
            duplicate_records=self.duplicate_records,
            records_deleted=self._deleted,
            withheld_fields={path: count for path, count in sorted(self._withheld.items()) if count},
            undeclared_fields=sorted(self._undeclared),
            notes=list(pulled.notes),
            source_files=list(self._source_files),
            files=self._parts,
            rejects_file=rejects.name if rejects else None,
            rejects=rejects,
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
            worst = self._batches.worst_rejects()
            reasons = "; ".join(f"{field} {reason} ({count})" for field, reason, count in worst)
            raise DeliveryRejected(
                f"{self._where()}: {rejected} of {received} records rejected ({share:.1%}, allowed {allowed:.1%}): "
                f"{reasons}. Have the platform corrected, or raise max_reject_share of this source"
            )

    def _where(self) -> str:
        return f"{self._identity.connection.name}.{self._stream.name}"


def _one_thread(name: str) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"landing-{name}")
