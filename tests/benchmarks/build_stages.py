"""The stages of a build that the benchmark times, one a process, on a home that is landed.

Belongs here: each stage as the product runs it, and the bare SQL that a stage is compared
with. Does not belong here: timing of processes (build), the district (district_at_scale).

`python tests/benchmarks/build_stages.py STAGE HOME` prints one JSON document of what the
stage measured inside itself. dbt is no stage of this file: it is a process already.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines.settings import Settings, load_settings
from tests.homes import ENVIRONMENT


def judge(settings: Settings) -> dict[str, Any]:
    """Great Expectations over every landed delivery, and the verdicts written."""
    from connectors.core.landing.manifest import write_verdict
    from expectations.delivery import Calendar
    from expectations.runner import judge as judge_delivery
    from pipelines.build_input import states

    calendar = Calendar(settings.district.school_year_starts, datetime.now(settings.time_zone).date())
    seconds, rejected, rows = {}, [], 0
    for source, stream, state in states(settings):
        for run in state.pending:
            before = time.perf_counter()
            verdict = judge_delivery(
                source.platform.name, stream, run.parts, is_full=run.manifest.is_reset, calendar=calendar
            )
            seconds[f"{source.platform.name}.{stream.name}"] = time.perf_counter() - before
            rows += verdict.record_total
            write_verdict(run.folder, verdict.to_json())
            if verdict.outcome == "rejected":
                rejected.append(f"{stream.name}: {'; '.join(finding.message for finding in verdict.errors)}")
    if rejected:
        sys.exit(f"the benchmark's district does not pass its checks: {rejected}")
    return {"rows": rows, "seconds": seconds}


def count_deliveries(settings: Settings) -> dict[str, Any]:
    """The counts that `judge` makes, in one SQL pass over each delivery."""
    from expectations.delivery import Calendar, Delivery
    from expectations.suites import load_suite
    from pipelines.build_input import states
    from tests.benchmarks.one_pass import counts_sql

    calendar = Calendar(settings.district.school_year_starts, datetime.now(settings.time_zone).date())
    checks = 0
    for source, stream, state in states(settings):
        suite = load_suite(source.platform.name, stream)
        for run in state.accepted:
            with Delivery(stream, run.parts, suite.derived, calendar) as delivery:
                counts = delivery._session.execute(counts_sql(suite, delivery._query)).fetchone()
            checks += len(counts or ())
    return {"checks": checks}


def build_input(settings: Settings) -> dict[str, Any]:
    """What dbt is given: files verified by their sha256, and listed."""
    from pipelines.build_input import write_build_input

    write_build_input(settings, as_of=datetime.now(settings.time_zone).date())
    return {}


def bare(settings: Settings) -> dict[str, Any]:
    """dbt's compiled models in DuckDB alone, in dbt's order, into a file of its own; then its tests."""
    results = [
        result
        for result in json.loads((settings.warehouse.parent / "dbt" / "run_results.json").read_text())["results"]
        if result["unique_id"].startswith(("model.", "test."))
    ]
    nodes = json.loads((settings.warehouse.parent / "dbt" / "manifest.json").read_text())["nodes"]
    path = settings.warehouse.parent / "bare" / settings.warehouse.name
    shutil.rmtree(path.parent, ignore_errors=True)
    path.parent.mkdir()
    seconds = {"model": 0.0, "test": 0.0}
    with duckdb.connect(str(path)) as database:
        database.execute("set TimeZone = 'UTC'")
        database.execute(f"attach '{settings.warehouse}' as built (read_only)")
        database.execute("create schema landed")
        views = database.execute(
            "select sql from duckdb_views() where database_name = 'built' and schema_name = 'landed'"
        ).fetchall()
        for (view,) in views:
            database.execute(view)
        for node in nodes.values():
            if node["resource_type"] == "seed":
                database.execute(f"create table main.{node['name']} as from built.main.{node['name']}")
        database.execute("detach built")
        for result in results:
            kind = result["unique_id"].split(".")[0]
            node = nodes[result["unique_id"]]
            before = time.perf_counter()
            if kind == "test":
                database.execute(f"select count(*) from ({result['compiled_code']})").fetchone()
            else:
                made = "view" if node["config"]["materialized"] == "view" else "table"
                database.execute(f"create {made} main.{node['name']} as {result['compiled_code']}")
            seconds[kind] += time.perf_counter() - before
    shutil.rmtree(path.parent)
    return {"seconds": seconds}


def publish(settings: Settings) -> dict[str, Any]:
    """The release of every audience: written, checked, swapped in."""
    from connectors.core.landing.layout import new_run_id
    from pipelines.publish import release
    from pipelines.publish.layout import AUDIENCES

    seconds: dict[str, dict[str, float]] = {audience: {"write": 0.0, "check": 0.0} for audience in AUDIENCES}
    release._write = _timed(release._write, lambda args, took: seconds[args[2]].update(write=took))
    release._check = _timed(release._check, lambda args, took: seconds[args[2]].update(check=took))
    info = release.ReleaseInfo(new_run_id(), datetime.now(UTC), [], "benchmark", "benchmark", True, "benchmark")
    rows = release.build_releases(settings.warehouse, settings.published, info, settings.read_pseudonym_key())
    release.place_releases(settings.published, info.release_id)
    swaps = []
    for audience in AUDIENCES:
        before = time.perf_counter()
        release.point_to(settings.published, info.release_id, (audience,))
        swaps.append(time.perf_counter() - before)
    return {"seconds": seconds, "rows": {name: sum(made.values()) for name, made in rows.items()}, "swaps": swaps}


def find(settings: Settings) -> dict[str, Any]:
    """The expert finder's question, on an open release: median and slowest of fifty."""
    from pipelines.apps.access import Viewer
    from pipelines.apps.finder import find as find_experts
    from pipelines.apps.release_reader import open_release

    viewer = Viewer.parse("district_leader", settings.roles)
    took = []
    with open_release(settings.published, "leaders") as opened:
        for _ in range(50):
            before = time.perf_counter()
            found = find_experts(opened, viewer, "Questioning")
            took.append(time.perf_counter() - before)
    return {"experts": len(found), "median": statistics.median(took), "slowest": max(took)}


def _timed(function: Callable[..., Any], on_time: Callable[[tuple[Any, ...], float], None]) -> Callable[..., Any]:
    def timed(*arguments: Any) -> Any:
        before = time.perf_counter()
        answer = function(*arguments)
        on_time(arguments, time.perf_counter() - before)
        return answer

    return timed


@contextmanager
def _answers_on_stdout() -> Iterator[Any]:
    """Keep the real standard output for the answer; libraries may print."""
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with answer:
        yield answer


STAGES = {stage.__name__: stage for stage in (judge, count_deliveries, build_input, bare, publish, find)}

if __name__ == "__main__":
    with _answers_on_stdout() as answer:
        stage, home = sys.argv[1:]
        said = STAGES[stage](load_settings(Path(home) / "district.yml", ENVIRONMENT))
        answer.write(json.dumps(said))
