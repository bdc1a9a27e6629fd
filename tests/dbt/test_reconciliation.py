"""Every landed row is loaded, deleted or superseded, or the build stops and says where.

Belongs here: counts over a whole build, and the blocking test proven to fail. Does not belong
here: the ways to differ one by one (dbt unit tests beside the models).
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import polars as pl

from connectors.registry import PLATFORMS
from tests.dbt.conftest import Built, run_dbt

THE_TEST = "test.expertise_warehouse.assert_landed_is_loaded_or_named"


def test_tiny_district__an_older_version_and_a_deleted_record_are_named(tiny: Built) -> None:
    assert tiny.rows(
        "select records_landed, delete_markers_landed, records_loaded, records_deleted, records_superseded, "
        "is_reconciled from pub_analysts__reconciliation where connection = 'sis' and stream = 'schools'"
    ) == [(3, 1, 1, 1, 2, True)]
    assert tiny.rows(
        "select run_id, records_landed, records_now_loaded, records_now_deleted, records_now_superseded "
        "from pub_analysts__loads where stream = 'schools' order by run_id"
    ) == [("run-0", 2, 0, 1, 1), ("run-1", 1, 1, 0, 1)]


def test_every_stream_is_counted_by_its_declared_key(tiny: Built) -> None:
    sql = next(
        node["compiled_code"]
        for node in tiny.manifest["nodes"].values()
        if node["name"] == "int_quality__records_superseded"
    )
    counted = re.findall(r"'(\w+)' as source_system.*?'(\w+)' as stream.*?group by _connection, ([^\n]+)", sql, re.S)
    declared = {
        (platform.name, stream.name, ", ".join(stream.key))
        for platform in PLATFORMS.values()
        for stream in platform.streams
    }
    assert set(counted) == declared and len(counted) == len(declared)


def test_streams_of_a_school_year__are_told_when_due(tiny: Built) -> None:
    due = set(tiny.rows("select platform, stream from school_year_streams"))
    dated = {
        (platform.name, stream.name)
        for platform in PLATFORMS.values()
        for stream in platform.streams
        if {"school_year", "schoolYear", "fiscal_year"} & {field.name for field in stream.fields}
    }
    dated_by_day = {("files", "pd_participation"), ("files", "survey_responses"), ("grow", "observations")}
    assert dated | dated_by_day == due


def test_a_lost_row__blocks_the_build_and_is_named(tiny: Built, tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    shutil.copytree(tiny.path.parent, folder)
    listed = folder / "build_input" / "landed_files.parquet"
    files = pl.read_parquet(listed)
    short = folder / "short.parquet"
    roster = files.filter(pl.col("stream") == "roster")["path"].item()
    rows = pl.read_parquet(roster)
    rows.head(rows.height - 1).write_parquet(short)
    files.with_columns(
        pl.when(pl.col("stream") == "roster").then(pl.lit(str(short))).otherwise("path").alias("path")
    ).write_parquet(listed)

    models = ["int_quality__records_landed+", "int_quality__records_superseded+", "int_quality__records_staged+"]
    done = run_dbt(folder, "build", "--exclude-resource-type", "unit_test", "--select", *models)

    results = json.loads((folder / "target" / "run_results.json").read_text())["results"]
    assert done.returncode == 1
    assert {result["unique_id"] for result in results if result["status"] == "fail"} == {THE_TEST}
    after = Built(folder / "warehouse.duckdb", results, {})
    assert after.rows(
        "select connection, stream, what_differs from pub_analysts__reconciliation where not is_reconciled"
    ) == [("hr", "roster", "run run-1: the manifest tells 19 rows and the landed files hold 18")]
