"""What Dagster sees: made from the registry and the settings, ready for `dagster dev`."""

from __future__ import annotations

import os
import subprocess
import sys

import dagster as dg

from pipelines.automation.schedules import JOB_NAME, SCHEDULED_RETRIES
from pipelines.build import build_defs
from pipelines.run import RunReport
from tests.homes import ENVIRONMENT, Home

Loaded = tuple[Home, RunReport]


def test_definitions__every_stream_is_an_asset_with_a_blocking_check(loaded: Loaded) -> None:
    home, _ = loaded
    graph = build_defs(home.settings).resolve_asset_graph()
    expected = {
        dg.AssetKey(["landed", platform.name, stream.name])
        for platform in {source.platform for source in home.settings.sources.values()}
        for stream in platform.streams
    }
    assert len(expected) > 30 and expected <= set(graph.executable_asset_keys)
    blocking = {key.asset_key for key in graph.asset_check_keys if graph.get_check_spec(key).blocking}
    assert expected <= blocking
    dbt_checks = [
        key for key in graph.asset_check_keys if key.asset_key.path[0] in ("intermediate", "marts", "published")
    ]
    assert len(dbt_checks) > 100


def test_definitions__the_job_runs_daily_in_the_districts_time_and_retries_within_bounds(loaded: Loaded) -> None:
    home, _ = loaded
    definitions = build_defs(home.settings)
    schedule = definitions.resolve_schedule_def("daily_load")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 2 * * *", "America/Chicago")
    job = definitions.resolve_job_def(JOB_NAME)
    pulls = [node for node in job.nodes if node.name.startswith("pull_")]
    assert len(pulls) == 4
    assert all(node.definition.retry_policy == SCHEDULED_RETRIES for node in pulls)  # type: ignore[attr-defined]
    assert SCHEDULED_RETRIES.max_retries == 3
    assert job.executor_def.name == "in_process"


def test_definitions__two_districts_share_nothing(loaded: Loaded) -> None:
    home, _ = loaded
    one, other = build_defs(home.settings), build_defs(home.settings)
    assert one is not other and one.assets is not other.assets


def test_definitions__dagster_finds_them_from_outside(loaded: Loaded) -> None:
    home, _ = loaded
    done = subprocess.run(
        [sys.executable, "-m", "dagster", "definitions", "validate", "-m", "pipelines.definitions"],
        env=os.environ
        | ENVIRONMENT
        | {
            "EXPERTISE_CONFIG": str(home.folder / "district.yml"),
            "DAGSTER_HOME": str(home.folder / "dagster"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
