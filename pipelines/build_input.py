"""What dbt is given before a build: which landed files count, and what is known of them.

Belongs here: turning manifests, verdicts and settings into the Parquet files that the
dbt macro `register_landing` reads. Does not belong here: SQL over landed rows (dbt),
deciding which runs count (connectors.core.landing.state).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from connectors.core.landing.layout import stream_folder
from connectors.core.landing.state import Run, StreamState
from connectors.core.landing.typing_sql import empty_select, literal
from connectors.core.schema import Stream
from connectors.registry import PLATFORMS
from pipelines.settings import Settings, Source

SETTINGS = {
    "district_id": pl.String,
    "district_name": pl.String,
    "timezone": pl.String,
    "school_year_start_month": pl.Int32,
    "school_year_start_day": pl.Int32,
    "as_of_date": pl.Date,
    "is_synthetic": pl.Boolean,
}
CONFIGURED_SOURCES = {
    "connection": pl.String,
    "platform": pl.String,
    "stream": pl.String,
    "roster_rank": pl.Int32,
}
LANDED_FILES = {
    "platform": pl.String,
    "stream": pl.String,
    "connection": pl.String,
    "run_id": pl.String,
    "path": pl.String,
    "is_before_reset": pl.Boolean,
}
RUNS = {
    "connection": pl.String,
    "platform": pl.String,
    "stream": pl.String,
    "run_id": pl.String,
    "outcome": pl.String,
    "verdict": pl.String,
    "reason": pl.String,
    "started_at": pl.Datetime("us", "UTC"),
    "extracted_at": pl.Datetime("us", "UTC"),
    "is_reset": pl.Boolean,
    "pages": pl.Int64,
    "records_reported": pl.Int64,
    "records_received": pl.Int64,
    "records_landed": pl.Int64,
    "records_rejected": pl.Int64,
    "duplicate_records": pl.Int64,
    "records_deleted": pl.Int64,
    "undeclared_fields": pl.String,
}
FINDINGS = {
    "connection": pl.String,
    "platform": pl.String,
    "stream": pl.String,
    "run_id": pl.String,
    "check_name": pl.String,
    "severity": pl.String,
    "record_count": pl.Int64,
    "message": pl.String,
}
REJECTS = {
    "connection": pl.String,
    "platform": pl.String,
    "stream": pl.String,
    "run_id": pl.String,
    "row_number": pl.Int64,
    "field": pl.String,
    "reason": pl.String,
    "value": pl.String,
}


def states(settings: Settings) -> list[tuple[Source, Stream, StreamState]]:
    """Every configured stream with all its runs."""
    return [
        (
            source,
            stream,
            StreamState.read(
                stream_folder(settings.landing, settings.district.id, source.platform.name, source.name, stream.name)
            ),
        )
        for source, stream in settings.streams()
    ]


def write_build_input(settings: Settings, as_of: date) -> None:
    """Write the folder anew. as_of: the district's today, which decides what has expired."""
    folder = settings.build_input
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "empty").mkdir(parents=True)
    known = states(settings)
    month, day = settings.district.school_year_starts
    district = settings.district
    _write(
        folder / "settings.parquet",
        [
            {
                "district_id": district.id,
                "district_name": district.name,
                "timezone": district.timezone,
                "school_year_start_month": month,
                "school_year_start_day": day,
                "as_of_date": as_of,
                "is_synthetic": district.is_synthetic,
            }
        ],
        SETTINGS,
    )
    ranks = {name: rank for rank, name in enumerate(settings.document.roster_sources, start=1)}
    _write(
        folder / "configured_sources.parquet",
        [_place(source, stream) | {"roster_rank": ranks.get(source.name)} for source, stream, _ in known],
        CONFIGURED_SOURCES,
    )
    _write(folder / "landed_files.parquet", _landed_files(known), LANDED_FILES)
    _write(folder / "runs.parquet", _runs(known), RUNS)
    _write(folder / "findings.parquet", _findings(known), FINDINGS)
    _write_rejects(folder / "rejects.parquet", known)
    with duckdb.connect(":memory:") as database:
        for platform in PLATFORMS.values():
            for stream in platform.streams:
                path = folder / "empty" / f"{platform.name}__{stream.name}.parquet"
                database.execute(f"copy ({empty_select(stream)}) to {literal(str(path))} (format parquet)")


def _place(source: Source, stream: Stream) -> dict[str, Any]:
    return {"connection": source.name, "platform": source.platform.name, "stream": stream.name}


def _landed_files(known: list[tuple[Source, Stream, StreamState]]) -> Iterable[dict[str, Any]]:
    for source, stream, state in known:
        base = state.base_run_id or ""
        for run in state.accepted:
            for part in run.parts:
                yield _place(source, stream) | {
                    "run_id": run.manifest.run_id,
                    "path": str(part),
                    "is_before_reset": run.manifest.run_id < base,
                }


def _runs(known: list[tuple[Source, Stream, StreamState]]) -> Iterable[dict[str, Any]]:
    for source, stream, state in known:
        for run in state.runs:
            manifest = run.manifest
            yield (
                manifest.model_dump(include=set(RUNS))
                | _place(source, stream)
                | {
                    "verdict": _verdict(run),
                    "undeclared_fields": ", ".join(manifest.undeclared_fields) or None,
                }
            )


def _verdict(run: Run) -> str | None:
    if run.manifest.outcome == "failed":
        return None
    return run.verdict.outcome if run.verdict else "pending"


def _findings(known: list[tuple[Source, Stream, StreamState]]) -> Iterable[dict[str, Any]]:
    for source, stream, state in known:
        for run in state.runs:
            for finding in run.verdict.document.get("findings", []) if run.verdict else []:
                yield (
                    _place(source, stream)
                    | {"run_id": run.manifest.run_id}
                    | {name: finding[name] for name in ("check_name", "severity", "record_count", "message")}
                )


def _write_rejects(path: Path, known: list[tuple[Source, Stream, StreamState]]) -> None:
    frames = [pl.DataFrame(schema=REJECTS)]
    for source, stream, state in known:
        for run in state.runs:
            if run.manifest.rejects_file:
                place = _place(source, stream) | {"run_id": run.manifest.run_id}
                rejects = pl.read_parquet(run.folder / run.manifest.rejects_file, glob=False)
                frames.append(
                    rejects.with_columns(pl.lit(value).alias(name) for name, value in place.items())
                    .select(*REJECTS)
                    .cast(REJECTS)  # type: ignore[arg-type]
                )
    pl.concat(frames).write_parquet(path)


def _write(path: Path, rows: Iterable[dict[str, Any]], schema: dict[str, Any]) -> None:
    pl.DataFrame(list(rows), schema=schema, orient="row").write_parquet(path)
