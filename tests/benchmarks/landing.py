"""Landing beside the bare HTTP drain of the same pages, and beside dlt: medians in one run.

`make bench`, or `python tests/benchmarks/landing.py [--awards N] [--rounds N] [--dlt PYTHON]`.
Each way is a process of its own, in turns, so that a slow moment of the machine meets
all of them. Ratios hold from machine to machine; seconds don't.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@dataclass(frozen=True)
class Taken:
    """One process: wall and processor seconds, peak memory in MB, rows."""

    wall: float
    cpu: float
    peak_mb: float
    rows: int


def take(python: str, way: str, url: str, folder: Path) -> Taken:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    environment = os.environ | {"PYTHONPATH": str(ROOT), "RUNTIME__DLTHUB_TELEMETRY": "false"}
    before = time.monotonic()
    process = subprocess.Popen(
        [python, str(HERE / "landing_ways.py"), way, url, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    said = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - before
    if status:
        sys.exit(f"{way} failed")
    return Taken(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, int(said.split()[-1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--awards", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--dlt", help="a Python that has dlt; without it dlt is left out")
    parser.add_argument("--ways", nargs="+", default=["drain", "land", "dlt", "dlt_flat"], help="drain is the measure")
    options = parser.parse_args()
    pythons = {"drain": sys.executable, "land": sys.executable}
    if options.dlt:
        pythons |= {"dlt": options.dlt, "dlt_flat": options.dlt}
    ways = {way: python for way, python in pythons.items() if way in options.ways}
    taken: dict[str, list[Taken]] = {way: [] for way in ways}
    server = subprocess.Popen(
        [sys.executable, str(HERE / "award_server.py"), str(options.awards)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        url = server.stdout.readline().strip() if server.stdout else ""
        with tempfile.TemporaryDirectory() as folder:
            for number in range(1, options.rounds + 1):
                for way, python in ways.items():
                    taken[way].append(take(python, way, url, Path(folder) / way))
                    print(f"round {number}: {way} {taken[way][-1].wall:.1f} s", file=sys.stderr)
    finally:
        server.communicate(input="")
    print("| way | rows | wall s | CPU s | rows per CPU-second | peak MB | times the drain | times dlt's rows per s |")
    print("|---|---|---|---|---|---|---|---|")
    walls = {way: statistics.median(one.wall for one in runs) for way, runs in taken.items()}
    for way, runs in taken.items():
        cpu, peak = (statistics.median(getattr(one, name) for one in runs) for name in ("cpu", "peak_mb"))
        rows = runs[0].rows
        faster = f"{walls['dlt'] / walls[way]:.1f}" if "dlt" in walls else ""
        print(
            f"| {way} | {rows:,} | {walls[way]:.1f} | {cpu:.1f} | {rows / cpu:,.0f} | {peak:.0f}"
            f" | {walls[way] / walls['drain']:.1f} | {faster} |"
        )


if __name__ == "__main__":
    main()
