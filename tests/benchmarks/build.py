"""Judge, build and publish at growing sizes, stage by stage, beside the same SQL without dbt.

`make bench-build`, or `python tests/benchmarks/build.py [--teachers N …] [--folder F]`.
Prints Markdown tables. Each stage is a process of its own, so its processor time and peak
memory are its own. Ratios hold from machine to machine; seconds don't.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DBT_PROJECT = ROOT / "dbt_project"
STAGES = ("judge", "build input", "dbt parse", "dbt build", "publish")
SMALL_MEMORY = "1GB"
LARGEST_SHOWN = 8


@dataclass(frozen=True)
class Taken:
    """One process: wall and processor seconds, peak memory in MB, and what it said of itself."""

    wall: float
    cpu: float
    peak_mb: float
    said: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Size:
    """Everything measured at one size."""

    teachers: int
    rows: int
    stages: dict[str, Taken]
    bare: Taken
    counts: Taken
    question: dict[str, float]
    nodes: dict[str, float]
    """Seconds by dbt node."""
    span: float
    """Seconds from dbt's first node to its last."""

    @property
    def wall(self) -> float:
        return sum(taken.wall for taken in self.stages.values())

    def seconds_of(self, kind: str) -> float:
        return sum(seconds for name, seconds in self.nodes.items() if name.startswith(f"{kind}."))


def take(command: list[str], environment: dict[str, str] | None = None) -> Taken:
    """Run one process and see what it used."""
    before = time.monotonic()
    with tempfile.TemporaryFile("w+") as answer:
        process = subprocess.Popen(command, stdout=answer, env=os.environ | (environment or {}))
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - before
        process.returncode = os.waitstatus_to_exitcode(status)
        answer.seek(0)
        text = answer.read()
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{text[-3000:]}")
    said = json.loads(text) if text.startswith("{") else {}
    return Taken(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said)


def stage(name: str, home: Path, environment: dict[str, str] | None = None) -> Taken:
    command = [sys.executable, str(HERE / "build_stages.py"), name, str(home)]
    return take(command, {"PYTHONPATH": str(ROOT)} | (environment or {}))


def dbt(home: Path, *arguments: str, environment: dict[str, str] | None = None) -> Taken:
    """dbt as a run starts it (pipelines.assets.warehouse), without Dagster."""
    target = home / "warehouse" / "dbt"
    places = {"project-dir": DBT_PROJECT, "profiles-dir": DBT_PROJECT, "target-path": target, "log-path": target}
    command = [str(Path(sys.executable).parent / "dbt"), "--log-level-file", "info", "--quiet", *arguments]
    return take(
        [*command, *(part for name, path in places.items() for part in (f"--{name}", str(path)))],
        {
            "EXPERTISE_WAREHOUSE": str(home / "warehouse" / "warehouse.duckdb"),
            "EXPERTISE_BUILD_INPUT": str(home / "warehouse" / "build_input"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        }
        | (environment or {}),
    )


def dbt_build(home: Path, environment: dict[str, str] | None = None) -> Taken:
    """From an empty file, as every run does."""
    (home / "warehouse" / "warehouse.duckdb").unlink(missing_ok=True)
    return dbt(home, "build", "--exclude-resource-type", "unit_test", environment=environment)


def measure(home: Path, teachers: int, rows: int) -> Size:
    stages = {"judge": stage("judge", home), "build input": stage("build_input", home)}
    stages["dbt parse"] = dbt(home, "parse")
    stages["dbt build"] = dbt_build(home)
    results = json.loads((home / "warehouse" / "dbt" / "run_results.json").read_text())["results"]
    moments = [moment for result in results for moment in _moments(result)]
    bare = stage("bare", home)
    stages["publish"] = stage("publish", home)
    return Size(
        teachers,
        rows,
        stages,
        bare,
        stage("count_deliveries", home),
        stage("find", home).said,
        {result["unique_id"]: result["execution_time"] for result in results},
        max(moments) - min(moments),
    )


def _moments(result: dict[str, Any]) -> list[float]:
    return [
        datetime.fromisoformat(step[end]).timestamp()
        for step in result["timing"]
        for end in ("started_at", "completed_at")
        if step[end]
    ]


def print_table(head: str, rows: Iterable[Sequence[object]]) -> None:
    """Markdown; the head's cells are separated by ` | ` already."""
    print(f"\n| {head} |\n|{'---|' * (head.count(' | ') + 1)}")
    for row in rows:
        print(f"| {' | '.join(str(cell) for cell in row)} |")


def print_stages(sizes: list[Size]) -> None:
    rows = []
    for size in sizes:
        place = (f"{size.teachers:,}", f"{size.rows:,}")
        for name in STAGES:
            taken = size.stages[name]
            rows.append((*place, name, f"{taken.wall:.1f}", f"{taken.cpu:.1f}", f"{taken.peak_mb:.0f}"))
        cpu = sum(taken.cpu for taken in size.stages.values())
        rows.append((*place, "**all**", f"{size.wall:.1f}", f"{cpu:.1f}", ""))
    print_table("teachers | landed rows | stage | wall s | CPU s | peak MB", rows)


def print_growth(sizes: list[Size]) -> None:
    """How time grows beside rows: an exponent of 1 is linear."""
    rows = []
    for small, large in pairwise(sizes):
        times = large.rows / small.rows
        for name in ("judge", "build input", "dbt build", "dbt models", "bare models", "publish"):
            growth = _seconds(large, name) / _seconds(small, name)
            exponent = math.log(growth) / math.log(times)
            step = f"{small.teachers:,} to {large.teachers:,}"
            rows.append((step, f"{times:.1f}", name, f"{growth:.1f}", f"{exponent:.2f}"))
    print_table("teachers | rows × | stage | time × | exponent", rows)


def _seconds(size: Size, name: str) -> float:
    if name == "dbt models":
        return size.seconds_of("model")
    if name == "bare models":
        return float(size.bare.said["seconds"]["model"])
    return size.stages[name].wall


def print_dbt(sizes: list[Size]) -> None:
    rows = []
    for size in sizes:
        wall, models, bare = size.stages["dbt build"].wall, size.seconds_of("model"), size.bare.said["seconds"]
        seconds = (wall, wall - size.span, models, bare["model"], models / bare["model"])
        tests = (size.seconds_of("seed"), size.seconds_of("test"), bare["test"])
        rows.append((f"{size.teachers:,}", *(f"{value:.1f}" for value in (*seconds, *tests))))
    print_table(
        "teachers | dbt build s | of it start and end s | models s | bare models s | models × bare"
        " | seeds s | tests s | bare tests s",
        rows,
    )


def print_largest(size: Size) -> None:
    total = size.seconds_of("model")
    models = [(seconds, name.split(".")[-1]) for name, seconds in size.nodes.items() if name.startswith("model.")]
    print_table(
        f"model, at {size.teachers:,} teachers | s | share of the models",
        [
            (f"`{name}`", f"{seconds:.1f}", f"{seconds / total:.0%}")
            for seconds, name in sorted(models, reverse=True)[:LARGEST_SHOWN]
        ],
    )


def print_publish(sizes: list[Size]) -> None:
    rows = []
    for size in sizes:
        said = size.stages["publish"].said
        for (audience, took), swap in zip(said["seconds"].items(), said["swaps"], strict=True):
            question = f"{size.question['median'] * 1000:.1f}, {size.question['slowest'] * 1000:.1f}"
            rows.append(
                (
                    f"{size.teachers:,}",
                    audience,
                    f"{said['rows'][audience]:,}",
                    f"{took['write']:.1f}",
                    f"{took['check']:.1f}",
                    f"{swap * 1000:.1f}",
                    question if audience == "leaders" else "",
                )
            )
    print_table(
        "teachers | audience | rows | write s | check s | swap ms | expert question ms: median, slowest of 50", rows
    )


def print_checks(sizes: list[Size]) -> None:
    """What checking costs, as a share of the run; one SQL pass for the same counts beside it."""
    rows = []
    for size in sizes:
        judge, counts, tests = size.stages["judge"].wall, size.counts.wall, size.seconds_of("test")
        release = sum(took["check"] for took in size.stages["publish"].said["seconds"].values())
        seconds = (judge, counts, judge / counts, tests, size.bare.said["seconds"]["test"], release)
        share = (judge + tests + release) / size.wall
        rows.append((f"{size.teachers:,}", *(f"{value:.1f}" for value in seconds), f"{share:.0%}"))
    print_table(
        "teachers | judging s | its counts in one-pass SQL s | times | dbt tests s | bare s | release checks s"
        " | all checks, share of the run",
        rows,
    )


def print_small_memory(home: Path, size: Size) -> None:
    limited = dbt_build(home, {"EXPERTISE_MEMORY_LIMIT": SMALL_MEMORY})
    free = size.stages["dbt build"]
    times = f"{limited.wall:.1f} ({limited.wall / free.wall:.2f} ×)"
    print_table(
        f"dbt build at {size.teachers:,} teachers | wall s | peak MB",
        [
            ("as set", f"{free.wall:.1f}", f"{free.peak_mb:.0f}"),
            (f"engine limited to {SMALL_MEMORY}", times, f"{limited.peak_mb:.0f}"),
        ],
    )


def make_district(*arguments: object) -> Taken:
    command = [sys.executable, str(HERE / "district_at_scale.py"), *map(str, arguments)]
    return take(command, {"PYTHONPATH": str(ROOT)})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--teachers", type=int, nargs="+", default=[600, 6_000, 24_000], help="multiples of 60")
    parser.add_argument("--folder", type=Path, help="where the districts are made; default a temporary one")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        template = Path(folder) / "template"
        make_district(template)
        sizes = []
        for teachers in options.teachers:
            home = Path(folder) / str(teachers)
            rows = make_district(template, home, teachers).said["rows"]
            print(f"{teachers:,} teachers: {rows:,} rows landed", file=sys.stderr)
            sizes.append(measure(home, teachers, rows))
        print_stages(sizes)
        print_growth(sizes)
        print_dbt(sizes)
        print_largest(sizes[-1])
        print_publish(sizes)
        print_checks(sizes)
        print_small_memory(home, sizes[-1])


if __name__ == "__main__":
    main()
