"""The whole study at the size of a state: from built marts to the written report, how long and how much memory.

`make bench-study`, or `python tests/benchmarks/study.py [--teachers N …] [--folder F]`.
Fills the marts that the study reads with a drawn district (study_marts) and runs what a study runs: dbt's study
models, the evaluators' release, and the study to its report, each in a process of its own (study_stages). Beside
them one scan of the element scores in the same run. Prints Markdown tables. Ratios hold from machine to machine;
seconds don't.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(HERE)]

from build import Taken, print_table, take  # noqa: E402
from expertise import YEARS, dbt  # noqa: E402

from tests.dbt.conftest import write_build_input  # noqa: E402

SIZES = (7_000, 70_000)
EVERY_NIGHT = ("pub_evaluators__element_scores",)
STUDY_MODELS = (
    "path:models/intermediate/study",
    "pub_evaluators__study_panel",
    "pub_evaluators__study_aligned_elements",
    "pub_evaluators__study_costs",
    "pub_evaluators__study_flow",
    "pub_evaluators__pd_spending_summary",
    "pub_evaluators__unmapped_spending",
)
MOST_SECONDS, MOST_MB = 600, 6 * 1024


def stage(name: str, home: Path) -> Taken:
    return take([sys.executable, str(HERE / "study_stages.py"), name, str(home)], {"PYTHONPATH": str(ROOT)})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--teachers", type=int, nargs="+", default=SIZES)
    parser.add_argument("--memory", default="4GB", help="what dbt's engine may take")
    parser.add_argument("--folder", type=Path, help="keep everything here")
    options = parser.parse_args()
    os.environ["EXPERTISE_MEMORY_LIMIT"] = options.memory
    with tempfile.TemporaryDirectory(dir=options.folder) as temporary:
        folder = options.folder or Path(temporary)
        empty = folder / "empty"
        write_build_input(empty / "build_input", {})
        dbt(empty, "build", "--exclude-resource-type", "unit_test", "test")
        for teachers in options.teachers:
            home = folder / str(teachers)
            shutil.copytree(empty, home)
            drawn = stage("draw", home)
            print(f"{teachers:,} teachers drawn in {drawn.wall:.0f} s", file=sys.stderr)
            measure(home, teachers, drawn.said["scores"])
            if not options.folder:
                shutil.rmtree(home)


def measure(home: Path, teachers: int, scores: int) -> None:
    """Run every step at one size and print its tables."""
    every_night = dbt(home, "run", "--select", *EVERY_NIGHT)
    models = dbt(home, "run", "--select", *STUDY_MODELS)
    release = stage("publish", home)
    study = stage("study", home)
    scan = stage("scan", home)
    said = study.said
    # each part forgets the peak before it, so that of the process is the last one's
    study = replace(study, peak_mb=max(part["peak_mb"] for part in said["parts"].values()))
    print(f"\n{teachers:,} teachers, {YEARS} years, {scores:,} element scores: {said['answer']}")
    reference = scan.said["seconds"]
    print_table(
        "step | seconds | peak MB | times one scan",
        [
            ("one scan: mean score per teacher and year", f"{reference:.1f}", f"{scan.peak_mb:,.0f}", "1"),
            *(
                (name, f"{taken.wall:.1f}", f"{taken.peak_mb:,.0f}", f"{taken.wall / reference:.1f}")
                for name, taken in (
                    ("every night, study or not: element scores for evaluators", every_night),
                    ("every night, study or not: the evaluators' release", release),
                    ("study models in dbt", models),
                    ("`expertise study`", study),
                )
            ),
            *(
                (f"… {name}", f"{part['seconds']:.1f}", f"{part['peak_mb']:,.0f}", f"{part['seconds'] / reference:.1f}")
                for name, part in said["parts"].items()
            ),
        ],
    )
    seconds, peak = models.wall + study.wall, max(models.peak_mb, study.peak_mb)
    print_table(
        "whole study from built marts | seen | target | met",
        [
            ("seconds", f"{seconds:,.0f}", f"{MOST_SECONDS:,}", _yes(seconds < MOST_SECONDS)),
            ("peak MB", f"{peak:,.0f}", f"{MOST_MB:,}", _yes(peak < MOST_MB)),
        ],
    )


def _yes(is_met: bool) -> str:
    return "yes" if is_met else "no"


if __name__ == "__main__":
    main()
