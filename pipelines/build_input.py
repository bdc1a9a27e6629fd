"""What dbt is given before a build: which landed files count, and what is known of them.

Belongs here: turning manifests, verdicts, settings and people's decisions into the Parquet files
that the dbt macro `register_landing` reads. Does not belong here: SQL over landed rows (dbt),
deciding which runs count (connectors.core.landing.state).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from connectors.core.landing.integrity import file_faults, stream_faults
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
    "first_school_year": pl.Int32,
    "last_school_year": pl.Int32,
}
LANDED_FILES = {
    "platform": pl.String,
    "stream": pl.String,
    "connection": pl.String,
    "run_id": pl.String,
    "path": pl.String,
    "rows": pl.Int64,
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
    "rows_folded": pl.Int64,
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


class DamagedLanding(Exception):
    """Landed files are not as they were landed; nothing was built."""

    def __init__(self, sources: Sequence[str], faults: Sequence[str]) -> None:
        shown = "; ".join(faults[:5]) + (f"; and {len(faults) - 5} more" if len(faults) > 5 else "")
        super().__init__(
            f"nothing was built, since landed files are damaged: {shown}. Run `expertise run` (with --source, name "
            f"{', '.join(sources)} too): what is damaged is set aside and everything of its stream is pulled again"
        )


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
    """Write the folder anew. as_of: the district's today, which decides what has expired.

    Raises DamagedLanding where a landed file is not what was landed, DecisionsUnavailable where
    people's decisions can't be read: nothing is built without them, since they hold refusals.
    """
    # heavy, and only a build reads them
    from pipelines.decisions.store import decisions_frame
    from pipelines.published_history import write_published_history

    known = states(settings)
    _refuse_damage(known)
    decisions = decisions_frame(settings)
    folder = settings.build_input
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "empty").mkdir(parents=True)
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
        [
            _place(source, stream)
            | {
                "roster_rank": ranks.get(source.name),
                "first_school_year": source.options.first_school_year,
                "last_school_year": source.options.last_school_year,
            }
            for source, stream, _ in known
        ],
        CONFIGURED_SOURCES,
    )
    _write(folder / "landed_files.parquet", _landed_files(known), LANDED_FILES)
    _write(folder / "runs.parquet", _runs(known), RUNS)
    _write(folder / "findings.parquet", _findings(known), FINDINGS)
    _write_rejects(folder / "rejects.parquet", known)
    decisions.write_parquet(folder / "decisions.parquet")
    write_published_history(settings, folder)
    with duckdb.connect(":memory:") as database:
        for platform in PLATFORMS.values():
            for stream in platform.streams:
                path = folder / "empty" / f"{platform.name}__{stream.name}.parquet"
                database.execute(f"copy ({empty_select(stream)}) to {literal(str(path))} (format parquet)")


def _refuse_damage(known: list[tuple[Source, Stream, StreamState]]) -> None:
    """Nothing is built from files that are not what was landed, nor without what they held."""
    faults = [
        (source.name, f"{source.name}.{stream.name}: {fault}")
        for source, stream, state in known
        for fault in stream_faults(state)
    ]
    if faults:
        raise DamagedLanding(sorted({name for name, _ in faults}), [sentence for _, sentence in faults])


def _place(source: Source, stream: Stream) -> dict[str, Any]:
    return {"connection": source.name, "platform": source.platform.name, "stream": stream.name}


def _landed_files(known: list[tuple[Source, Stream, StreamState]]) -> Iterable[dict[str, Any]]:
    for source, stream, state in known:
        for part in state.parts():
            yield _place(source, stream) | {
                "run_id": part.run_id,
                "path": str(part.path),
                "rows": part.rows,
                "is_before_reset": part.is_before_reset,
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
                    "rows_folded": run.rows_folded,
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
        counted = {run.folder for run in state.stored}
        others = [run for run in state.runs if not run.is_folded and run.folder not in counted]
        for run in (*state.stored, *others):
            name = run.manifest.rejects_file
            # what counts was looked at; of a run that does not count, a damaged file is left out
            if name and (run.folder in counted or not file_faults(run.folder, run.manifest)):
                rejects = pl.read_parquet(run.folder / name, glob=False)
                place = _place(source, stream)
                if "run_id" not in rejects.columns:  # a base run's rejects name the run that each is of
                    place |= {"run_id": run.manifest.run_id}
                frames.append(
                    rejects.with_columns(pl.lit(value).alias(name) for name, value in place.items())
                    .select(*REJECTS)
                    .cast(REJECTS)  # type: ignore[arg-type]
                )
    pl.concat(frames).write_parquet(path)


def _write(path: Path, rows: Iterable[dict[str, Any]], schema: dict[str, Any]) -> None:
    pl.DataFrame(list(rows), schema=schema, orient="row").write_parquet(path)
