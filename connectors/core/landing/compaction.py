"""Folds the accepted runs of a stream into one base run that keeps history.

Belongs here: which rows stay, writing the base run, proving it against the runs that it
folds, and the order in which it takes their place. Does not belong here: which streams
(pipelines.compact), what the runs of a stream add up to (state).

Every row keeps its own `_run_id` and `_row_number`. A full list that comes every day
repeats each unchanged record every day: of an unbroken streak of the same version the
first and the last row stay, and the rest is folded and counted. So every version, when
it was first and last seen, and which one is newest are what they were.

A crash at any point loses nothing: the base run counts from its manifest on, which is
written last, and only then are the folded runs removed; whatever a kill leaves is
swept by the next pull or compaction.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

from connectors.core.errors import ConnectorError
from connectors.core.landing.integrity import file_faults, landed_file, stream_faults
from connectors.core.landing.layout import (
    RUN_PREFIX,
    UNFINISHED_PREFIX,
    base_run_id,
    remove_run,
    sweep_unfinished,
    sync_folder,
)
from connectors.core.landing.manifest import FoldedRun, LandedFile, Manifest
from connectors.core.landing.state import Run, StreamState
from connectors.core.landing.typing_sql import identifier, literal
from connectors.core.schema import Stream

MEMORY_LIMIT = "512MB"
MANY_FILES = 8
SMALL_FILE_BYTES = 32 * 1024 * 1024
_REJECTS = "rejects-0000.parquet"
# where a row stands; set apart from what was landed
_FILE, _PLACE = "_landed_file", "file_row_number"


class CompactionRefused(ConnectorError):
    """The stream was left as it is; the message says why and what to do."""


@dataclass(frozen=True)
class Compaction:
    """What one compaction did to a stream. Bytes are those of Parquet files."""

    run_id: str
    runs_before: int
    files_before: int
    files_after: int
    rows_before: int
    rows_folded: int
    bytes_before: int
    bytes_after: int


def compact_stream(folder: Path, stream: Stream, now: datetime) -> Compaction | None:
    """Fold all accepted runs of a stream into one; None where there is nothing to fold.

    Failed, rejected and pending runs stay where they are. The caller holds the writer's lock.
    Raises CompactionRefused where a landed file is damaged, or the disk is full.
    """
    sweep_unfinished(folder)
    state = StreamState.read(folder)
    if faults := stream_faults(state):
        raise CompactionRefused(
            f"{stream.name}: a landed file is damaged, so nothing was folded: {faults[0]}. Run `expertise run` first"
        )
    for leftover in state.superseded:
        remove_run(leftover)
    if not _is_worth_it(state):
        return None
    run_id = base_run_id(state.stored[-1].manifest.run_id)
    unfinished = folder / f"{UNFINISHED_PREFIX}{run_id}"
    unfinished.mkdir()
    try:
        manifest = _write_base(unfinished, run_id, stream, state, now)
        _commit(folder, unfinished, manifest)
    except duckdb.Error as fault:
        # the engine's words may quote a value
        reason = str(fault).splitlines()[0] if isinstance(fault, duckdb.IOException) else type(fault).__name__
        raise CompactionRefused(f"{stream.name}: nothing was folded in {folder}: {reason}") from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    _remove_folded(state.stored)
    before = [file for run in state.stored for file in _files(run.manifest)]
    after = _files(manifest)
    return Compaction(
        run_id=run_id,
        runs_before=len(state.stored),
        files_before=len(before),
        files_after=len(after),
        rows_before=sum(part.rows for part in state.parts()),
        rows_folded=sum(part.rows for part in state.parts()) - sum(file.rows for file in manifest.files),
        bytes_before=sum(file.bytes for file in before),
        bytes_after=sum(file.bytes for file in after),
    )


def _files(manifest: Manifest) -> list[LandedFile]:
    return [*manifest.files, *([manifest.rejects] if manifest.rejects else [])]


def _is_worth_it(state: StreamState) -> bool:
    """Two runs or more, or one whose many small files would be fewer."""
    if len(state.stored) != 1:
        return len(state.stored) > 1
    files = state.stored[0].manifest.files
    return (
        not state.stored[0].manifest.folded
        and len(files) >= MANY_FILES
        and sum(file.bytes for file in files) < SMALL_FILE_BYTES * len(files)
    )


# --- writing ----------------------------------------------------------------------------


def _write_base(unfinished: Path, run_id: str, stream: Stream, state: StreamState, now: datetime) -> Manifest:
    """The base run's files, proven, and its manifest, not written yet."""
    spill = unfinished / "spill"
    with duckdb.connect(":memory:") as database:
        # landed columns hold nothing withheld, so they may be spilled beside where they stand
        database.execute(f"set temp_directory = {literal(str(spill))}")
        database.execute(f"set memory_limit = {literal(MEMORY_LIMIT)}")
        database.execute("set threads = 2")
        database.execute("set timezone = 'UTC'")
        files: list[LandedFile] = []
        folded: dict[str, int] = {}
        for parts in _groups(database, state):
            path = unfinished / f"part-{len(files):04d}.parquet"
            files.append(_fold(database, parts, path, stream, folded))
        rejects = _gather_rejects(database, state, unfinished / _REJECTS)
    shutil.rmtree(spill, ignore_errors=True)
    return _manifest(run_id, state, files, rejects, folded, now)


def _groups(database: duckdb.DuckDBPyConnection, state: StreamState) -> list[list[_PlacedPart]]:
    """Files that may become one: of the same columns, and on the same side of every full pull.

    Whether a file was landed before the newest full pull must stay answerable per file, also
    if a delivery that is pending or rejected today is accepted later.
    """
    base = state.base_run_id or ""
    full_pulls = [base] + [
        run.manifest.run_id
        for run in state.runs
        if run.manifest.is_reset and run.manifest.outcome == "landed" and run.manifest.run_id > base
    ]
    placed = []
    for run in state.stored:
        for file in run.manifest.files:
            newest = file.newest_run_id or run.manifest.run_id
            side = sum(newest >= full_pull for full_pull in full_pulls)
            path = run.folder / file.name
            placed.append(_PlacedPart(path, newest, (str(side), *_columns(database, path))))
    placed.sort(key=lambda part: part.newest_run_id)
    return [list(parts) for _, parts in groupby(placed, key=lambda part: part.kind)]


@dataclass(frozen=True)
class _PlacedPart:
    path: Path
    newest_run_id: str
    kind: tuple[str, ...]


def _columns(database: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    described = database.execute(f"describe select * from {_plain(path)}").fetchall()
    return [f"{identifier(name)} {kind}" for name, kind, *_ in described]


def _fold(
    database: duckdb.DuckDBPyConnection,
    parts: Sequence[_PlacedPart],
    path: Path,
    stream: Stream,
    folded: dict[str, int],
) -> LandedFile:
    """Write one file of a group's rows without their unchanged repeats, and prove it."""
    landed = _read([part.path for part in parts])
    present = {column.split('"')[1] for column in parts[0].kind[1:]}
    key = [name for name in stream.key if name in present]
    database.execute(f"create or replace temp table kept as {kept_rows(landed, key)}")
    kept = f"{landed} semi join kept using ({_FILE}, {_PLACE})"
    database.execute(
        f"copy (select * exclude ({_FILE}, {_PLACE}) from {kept} order by _run_id, _row_number, {_FILE}, {_PLACE})"
        f" to {literal(str(path))} (format parquet, compression zstd)"
    )
    written = _read([path])
    _prove(database, f"select * exclude ({_FILE}, {_PLACE}) from", kept, written, path)
    _prove(database, f"{_versions(key)} from", landed, written, path)
    for run_id, count in database.execute(
        f"select _run_id, count(*) from {landed} anti join kept using ({_FILE}, {_PLACE}) group by _run_id"
    ).fetchall():
        folded[run_id] = folded.get(run_id, 0) + count
    file = landed_file(path, _count(database, written))
    return file.model_copy(update={"newest_run_id": max(part.newest_run_id for part in parts)})


def kept_rows(landed: str, key: Sequence[str]) -> str:
    """A query for file and place of the rows that stay: all but the middle of each unbroken streak.

    A row is folded only if the next one was not extracted before it (a clock that was put
    back), so that the last one of a streak is also the latest.
    """
    record = ", ".join(["_connection", *map(identifier, key)])
    before, after = "lag(_record_hash) over streak", "lead(_record_hash) over streak"
    return (
        f"select {_FILE}, {_PLACE} from (select {_FILE}, {_PLACE}, coalesce("
        f"{before} = _record_hash and {after} = _record_hash"
        " and lag(_change) over streak = _change and lead(_change) over streak = _change"
        " and lead(_extracted_at) over streak >= _extracted_at, false) as is_repeat"
        f" from {landed} window streak as (partition by {record}"
        f" order by _run_id, _row_number nulls last, {_FILE}, {_PLACE})) where not is_repeat"
    )


def _versions(key: Sequence[str]) -> str:
    """Every version of every record, with when it was first and last seen."""
    record = ", ".join(["_connection", *map(identifier, key), "_change", "_record_hash"])
    return f"select {record}, min(_run_id), max(_run_id), max(_extracted_at)"


def _prove(database: duckdb.DuckDBPyConnection, select: str, before: str, after: str, path: Path) -> None:
    """Raises CompactionRefused unless both hold the same rows, in whatever order."""
    grouped = " group by all" if "min(" in select else ""
    answers = [
        database.execute(
            f"select count(*), sum(cast(hash(content) as hugeint)) from ({select} {rows}{grouped}) as content"
        ).fetchone()
        for rows in (before, after)
    ]
    if answers[0] != answers[1]:
        raise CompactionRefused(
            f"{path.name} does not hold what it was made of, so nothing was folded. Is the disk or the memory at "
            "fault? Try again; if it happens again, report it"
        )


def _gather_rejects(database: duckdb.DuckDBPyConnection, state: StreamState, path: Path) -> LandedFile | None:
    """All rejects in one file, each with the run it is of."""
    selects = []
    for run in state.stored:
        if run.manifest.rejects_file:
            file = run.folder / run.manifest.rejects_file
            named = any(column.startswith('"run_id"') for column in _columns(database, file))
            run_id = "run_id" if named else f"{literal(run.manifest.run_id)} as run_id"
            selects.append(f"select {run_id}, row_number, field, reason, value from {_plain(file)}")
    if not selects:
        return None
    rejects = "(" + " union all ".join(selects) + ")"
    database.execute(
        f"copy (select * from {rejects} order by all) to {literal(str(path))} (format parquet, compression zstd)"
    )
    written = _plain(path)
    _prove(database, "select * from", rejects, written, path)
    return landed_file(path, _count(database, written))


def _read(paths: Sequence[Path]) -> str:
    listed = ", ".join(literal(str(path)) for path in paths)
    # the folders' names are no columns of what was landed
    options = f"hive_partitioning = false, filename = {literal(_FILE)}, file_row_number = true"
    return f"read_parquet([{listed}], {options})"


def _plain(path: Path) -> str:
    return f"read_parquet({literal(str(path))}, hive_partitioning = false)"


def _count(database: duckdb.DuckDBPyConnection, rows: str) -> int:
    counted = database.execute(f"select count(*) from {rows}").fetchone()
    return int(counted[0]) if counted else 0


def _manifest(
    run_id: str,
    state: StreamState,
    files: list[LandedFile],
    rejects: LandedFile | None,
    folded: dict[str, int],
    now: datetime,
) -> Manifest:
    """What was folded, oldest first; the counts are their sums."""
    runs = [run for run in state.runs if run.is_accepted]
    newest = runs[-1].manifest
    sums: dict[str, Any] = {
        name: sum(getattr(run.manifest, name) for run in runs)
        for name in (
            "pages",
            "records_received",
            "records_landed",
            "records_rejected",
            "duplicate_records",
            "records_deleted",
        )
    }
    return Manifest(
        district_id=newest.district_id,
        platform=newest.platform,
        connection=newest.connection,
        stream=newest.stream,
        run_id=run_id,
        outcome="landed",
        started_at=now,
        extracted_at=newest.extracted_at,
        schema_hash=newest.schema_hash,
        is_reset=any(run.manifest.is_reset for run in runs),
        cursor=newest.cursor,
        files=files,
        rejects_file=rejects.name if rejects else None,
        rejects=rejects,
        folded=[
            FoldedRun(
                manifest=run.manifest,
                verdict=run.verdict.document if run.verdict else {},
                rows_folded=run.rows_folded + folded.get(run.manifest.run_id, 0),
            )
            for run in runs
        ],
        **sums,
    )


# --- taking the place of what was folded ------------------------------------------------


def _commit(folder: Path, unfinished: Path, manifest: Manifest) -> None:
    """Durable, proven once more from the disk, renamed, manifest last."""
    if faults := file_faults(unfinished, manifest):
        raise CompactionRefused(f"{faults[0]}: the disk did not keep what was written, so nothing was folded")
    final = folder / f"{RUN_PREFIX}{manifest.run_id}"
    sync_folder(unfinished)
    unfinished.rename(final)
    sync_folder(folder)
    manifest.write(final)


def _remove_folded(runs: Sequence[Run]) -> None:
    for run in runs:
        remove_run(run.folder)
