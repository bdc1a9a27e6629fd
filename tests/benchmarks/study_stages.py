"""The parts of the study's benchmark that run in processes of their own, on a warehouse whose models are built.

Belongs here: starting the drawing, the release of the evaluators' tables, the study as `expertise study` runs it,
and the scan that both are compared with. Does not belong here: what is drawn (study_marts), timing of processes
(study).

`python tests/benchmarks/study_stages.py STAGE HOME` prints one JSON document of what the stage measured inside
itself.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

RELEASE_ID, AUDIENCE = "benchmark", ("evaluators",)


def draw(home: Path) -> dict[str, Any]:
    """The marts of as many teachers as the folder's name says."""
    from tests.benchmarks.study_marts import fill

    return {"scores": fill(home / "warehouse.duckdb", int(home.name))}


def publish(home: Path) -> dict[str, Any]:
    """The evaluators' release alone: written, checked, swapped in."""
    from pipelines.publish import release

    release.AUDIENCES = AUDIENCE
    info = release.ReleaseInfo(RELEASE_ID, datetime.now(UTC), [], "benchmark", "benchmark", True, "benchmark")
    rows = release.build_releases(home / "warehouse.duckdb", home / "published", info, b"k" * 32)
    release.place_releases(home / "published", info.release_id)
    release.point_to(home / "published", info.release_id, AUDIENCE)
    return {"rows": rows}


def study(home: Path) -> dict[str, Any]:
    """As commands/study does it: seconds and peak memory of every part."""
    parts: dict[str, dict[str, float]] = {}
    begun: list[tuple[str, float]] = []

    def tick(name: str) -> None:
        if begun:
            before, since = begun.pop()
            parts[before] = {"seconds": time.monotonic() - since, "peak_mb": _peak_mb()}
        _forget_peak()
        begun.append((name, time.monotonic()))

    tick("start of the program")
    from pipelines.apps.release_reader import open_release
    from pipelines.study.release_panel import read_release
    from pipelines.study.steps import run_study

    tick("reading the release")
    with open_release(home / "published", "evaluators") as release:
        found = read_release(release, "expertise study", "benchmark")
        document = run_study(found.question, found.panel, found.extras, home / "study", tick)
    tick("end")
    return {"parts": parts, "answer": document["headline"]["sentence"]}


def scan(home: Path) -> dict[str, Any]:
    """One pass over the element scores: the mean per teacher and school year."""
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as database:
        before = time.monotonic()
        database.execute(
            "select count(*), avg(mean_score) from (select staff_key, school_year, avg(score) as mean_score"
            " from pub_evaluators__element_scores group by all)"
        ).fetchall()
        return {"seconds": time.monotonic() - before}


def _peak_mb() -> float:
    """Most resident memory since `_forget_peak`, MB; where there is no /proc, since the start."""
    status = Path("/proc/self/status")
    if not status.is_file():
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def _forget_peak() -> None:
    clear = Path("/proc/self/clear_refs")
    if clear.is_file():
        clear.write_text("5")


STAGES = {stage.__name__: stage for stage in (draw, publish, study, scan)}

if __name__ == "__main__":
    # libraries may print: the answer has standard output to itself
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    name, home = sys.argv[1:]
    with answer:
        answer.write(json.dumps(STAGES[name](Path(home))))
