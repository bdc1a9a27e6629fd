"""Row 43: a build with far too little memory fails by name; no table is there in part."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest

from pipelines.assets.warehouse import BUILD, DBT_PROJECT
from pipelines.dbt_process import DBT_COMMAND
from pipelines.run import RunReport
from pipelines.step_failures import explained
from tests.homes import Home

MART = "fct_evaluation_scores"


@pytest.mark.parametrize(("limit", "is_enough"), [("20MB", False), ("400MB", True)])
def test_memory__a_mart_is_whole_or_not_there(
    loaded: tuple[Home, RunReport], tmp_path: Path, limit: str, is_enough: bool
) -> None:
    home, _ = loaded
    expected = home.query(f"select count(*), sum(hash(evaluation_score_key, score))::varchar from {MART}")
    target, warehouse = tmp_path / "dbt", tmp_path / "warehouse.duckdb"
    target.mkdir()
    shutil.copy(home.settings.warehouse.parent / "dbt" / "partial_parse.msgpack", target)
    places = {"project-dir": DBT_PROJECT, "profiles-dir": DBT_PROJECT, "target-path": target, "log-path": target}
    done = subprocess.run(
        [
            *DBT_COMMAND,
            *BUILD,
            "--exclude-resource-type",
            "test",
            "--select",
            f"+{MART}",
            *(part for name in places for part in (f"--{name}", places[name])),
        ],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ
        | {
            "EXPERTISE_WAREHOUSE": str(warehouse),
            "EXPERTISE_BUILD_INPUT": str(home.settings.build_input),
            "EXPERTISE_MEMORY_LIMIT": limit,
        },
    )
    assert (done.returncode == 0) == is_enough, done.stdout
    with duckdb.connect(str(warehouse), read_only=True) as built:
        if is_enough:
            sql = f"select count(*), sum(hash(evaluation_score_key, score))::varchar from {MART}"
            assert built.execute(sql).fetchall() == expected
        else:
            assert "Out of Memory Error" in done.stdout
            assert built.execute(f"from duckdb_tables() where table_name = '{MART}'").fetchall() == []
            told = explained("build_warehouse", done.stdout, target / "dbt.log")
            assert "out of memory" in told.why and "raise EXPERTISE_MEMORY_LIMIT" in told.why
