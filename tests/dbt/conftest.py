"""A build-input folder from small frames, and dbt run over it into a database of its own.

Belongs here: writing what `register_landing` reads, one real `dbt build` per case, reading
the result. Does not belong here: how landing writes files (connectors), what a case expects
(the tests).

Each case costs one dbt invocation, so the fixtures live as long as the session.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from connectors.core.landing.typing_sql import empty_select, landed_columns, literal
from connectors.registry import PLATFORMS
from pipelines import build_input, published_history
from pipelines.dbt_process import DBT_COMMAND
from pipelines.decisions.store import FRAME
from tests.dbt.tiny_district import tiny_district
from tests.parsed_project import lend

DBT_PROJECT = Path(__file__).parents[2] / "dbt_project"
AS_OF = date(2026, 11, 15)
ROSTER_ORDER = {"hr": 1, "sis": 2}
YEARS = {"hr": 2026}
CONNECTIONS = {
    "badgr": "badges",
    "case": "frameworks",
    "credly": "credly",
    "edfi": "sis",
    "open_badges": "badge_files",
    "grow": "observe",
    "files": "hr",
}
Rows = Sequence[Mapping[str, Any]]
Landed = Mapping[tuple[str, str], Rows]


@dataclass(frozen=True)
class Built:
    """A finished build: its database and what dbt said of every node."""

    path: Path
    results: list[dict[str, Any]]
    manifest: dict[str, Any]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.path), read_only=True) as database:
            database.execute("set timezone = 'UTC'")
            return database.execute(sql).fetchall()

    def not_passed(self) -> list[str]:
        return [
            f"{result['unique_id']}: {result['status']}: {result['message']}"
            for result in self.results
            if result["status"] not in ("success", "pass", "no-op")
        ]


def write_build_input(folder: Path, landed: Landed) -> None:
    """landed: rows by platform and stream. Rows may leave out columns; `_run_id` and `_change` have defaults."""
    (folder / "empty").mkdir(parents=True)
    settings = {
        "district_id": "tiny",
        "district_name": "Tiny Schools (SYNTHETIC)",
        "timezone": "America/Chicago",
        "school_year_start_month": 7,
        "school_year_start_day": 1,
        "as_of_date": AS_OF,
        "is_synthetic": True,
    }
    configured = [
        {
            "connection": CONNECTIONS[platform],
            "platform": platform,
            "stream": stream,
            "roster_rank": ROSTER_ORDER.get(CONNECTIONS[platform]),
            "first_school_year": YEARS.get(CONNECTIONS[platform]),
            "last_school_year": YEARS.get(CONNECTIONS[platform]),
        }
        for platform, stream in landed
    ]
    files: list[dict[str, Any]] = []
    runs: list[dict[str, Any]] = []
    with duckdb.connect(":memory:") as database:
        database.execute("set timezone = 'UTC'")
        for platform in PLATFORMS.values():
            for stream in platform.streams:
                empty = folder / "empty" / f"{platform.name}__{stream.name}.parquet"
                database.execute(f"copy ({empty_select(stream)}) to {literal(str(empty))} (format parquet)")
                rows = landed.get((platform.name, stream.name), ())
                if not rows:
                    continue
                connection = CONNECTIONS[platform.name]
                path = folder / f"{platform.name}__{stream.name}.parquet"
                columns = landed_columns(stream)
                complete = [
                    {
                        "_district_id": "tiny",
                        "_connection": connection,
                        "_run_id": "run-1",
                        "_extracted_at": datetime(2026, 11, 15, 12, tzinfo=UTC).isoformat(),
                        "_row_number": str(number),
                        "_change": "upsert",
                        "_record_hash": f"{number:08d}",
                    }
                    | {name: _text(value) for name, value in row.items()}
                    for number, row in enumerate(rows)
                ]
                frame = pl.DataFrame(complete, schema=dict.fromkeys(columns, pl.String), orient="row")
                database.register("rows_as_text", frame.to_arrow())
                typed = ", ".join(f'cast("{name}" as {kind}) as "{name}"' for name, kind in columns.items())
                database.execute(f"copy (select {typed} from rows_as_text) to {literal(str(path))} (format parquet)")
                files.append(
                    {
                        "platform": platform.name,
                        "stream": stream.name,
                        "connection": connection,
                        "run_id": "run-1",
                        "path": str(path),
                        "is_before_reset": False,
                    }
                )
                ids = sorted({row["_run_id"] for row in complete})
                runs += [_run(platform.name, stream.name, connection, run_id, complete) for run_id in ids]
    for name, content, schema in (
        ("settings", [settings], build_input.SETTINGS),
        ("configured_sources", configured, build_input.CONFIGURED_SOURCES),
        ("landed_files", files, build_input.LANDED_FILES),
        ("runs", runs, build_input.RUNS),
        ("findings", [], build_input.FINDINGS),
        ("rejects", [], build_input.REJECTS),
        ("decisions", [], FRAME),
        ("published_history", [], published_history.HISTORY),
        ("published_history_origin", [{}], published_history.ORIGIN),
    ):
        pl.DataFrame(content, schema=schema, orient="row").write_parquet(folder / f"{name}.parquet")


def _run(platform: str, stream: str, connection: str, run_id: str, rows: Rows) -> dict[str, Any]:
    """What the manifest and the verdict of an accepted run say."""
    changes = [row["_change"] for row in rows if row["_run_id"] == run_id]
    landed = changes.count("upsert")
    return {
        "connection": connection,
        "platform": platform,
        "stream": stream,
        "run_id": run_id,
        "outcome": "landed",
        "verdict": "accepted",
        "started_at": datetime(2026, 11, 15, 12, tzinfo=UTC),
        "extracted_at": datetime(2026, 11, 15, 12, 1, tzinfo=UTC),
        "is_reset": False,
        "pages": 1,
        "records_received": landed,
        "records_landed": landed,
        "records_rejected": 0,
        "duplicate_records": 0,
        "records_deleted": changes.count("delete"),
    }


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, dict)):
        return json.dumps(value)
    return str(value)


def run_dbt(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One dbt command over the build input in `folder`, its artefacts beside it."""
    lend(folder / "target", lambda: _dbt(folder, "parse").check_returncode(), ("partial_parse.msgpack",))
    return _dbt(folder, *arguments)


def _dbt(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*DBT_COMMAND, *arguments, "--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)],
        env=os.environ
        | {
            "EXPERTISE_WAREHOUSE": str(folder / "warehouse.duckdb"),
            "EXPERTISE_BUILD_INPUT": str(folder / "build_input"),
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "logs"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        },
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def build(folder: Path, landed: Landed, *arguments: str) -> Built:
    """Write the build input, run `dbt build`, read dbt's own account of it."""
    write_build_input(folder / "build_input", landed)
    done = run_dbt(folder, "build", *arguments)
    results = folder / "target" / "run_results.json"
    assert results.is_file(), f"dbt did not build:\n{done.stdout}\n{done.stderr}"
    return Built(
        path=folder / "warehouse.duckdb",
        results=json.loads(results.read_text())["results"],
        manifest=json.loads((folder / "target" / "manifest.json").read_text()),
    )


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Every source configured, a handful of planted people; unit tests run here and nowhere else."""
    return build(tmp_path_factory.mktemp("tiny"), tiny_district())


@pytest.fixture(scope="session")
def all_dark(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """No source configured at all."""
    return build(tmp_path_factory.mktemp("all_dark"), {}, "--exclude-resource-type", "unit_test")


@pytest.fixture(scope="session")
def without_roster(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Badges only: nobody who could be named."""
    badges = {place: rows for place, rows in tiny_district().items() if place[0] in ("badgr", "open_badges")}
    return build(tmp_path_factory.mktemp("without_roster"), badges, "--exclude-resource-type", "unit_test")
