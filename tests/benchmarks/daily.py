"""A usual day beside a first load, and a run after a crash beside the work that was lost.

`python tests/benchmarks/daily.py [--teachers N]`. Belongs here: these two ratios, on the
sandbox over HTTP. Does not belong here: landing at speed (landing), large builds (build).

A first load pulls everything; a day then changes awards and ratings, and the next pull
brings those alone. A run is killed when most of it is done, and the next one is timed: what
had landed is not pulled again, and what was built is built anew, since a build starts from
an empty file.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from connectors.sandbox.district import generate
from connectors.sandbox.server import Sandbox
from pipelines.progress import Silent
from pipelines.pull_source import pull_source
from tests.guarantees.crashes import changes
from tests.guarantees.crashes.processes import kill, output, start_run
from tests.homes import Home, judge, make_home

PLATFORMS = ("badges", "sis")


def pulled(home: Home) -> tuple[float, int]:
    """Seconds and records of one pull of both platforms."""
    before, records = time.monotonic(), 0
    for name in PLATFORMS:
        for stream in pull_source(home.settings, name, False, Silent()):
            assert stream.fault is None, stream.fault
            records += stream.manifest.records_received if stream.manifest else 0
    return time.monotonic() - before, records


def run_through(home: Home) -> float:
    before = time.monotonic()
    assert start_run(home).wait(1_200) == 0, output(home)
    return time.monotonic() - before


def killed(home: Home, seconds: float) -> float:
    """Kill a run so many seconds after its start; returns the seconds that it had."""
    before = time.monotonic()
    process = start_run(home)
    time.sleep(seconds)
    assert process.poll() is None, "the run ended before it could be killed"
    kill(process)
    return time.monotonic() - before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--teachers", type=int, default=600)
    options = parser.parse_args()
    district = generate(teachers=options.teachers)
    with tempfile.TemporaryDirectory() as folder, Sandbox.start(district) as sandbox:
        home = make_home(Path(folder) / "home", district, sandbox)
        full, records = pulled(home)
        for name in PLATFORMS:
            judge(home, name)  # a cursor is that of an accepted run
        changes.happen(home)
        day, changed = pulled(home)
        undisturbed = run_through(make_home(Path(folder) / "undisturbed", district, sandbox))
        crashed = make_home(Path(folder) / "crashed", district, sandbox)
        lost = killed(crashed, 0.7 * undisturbed)
        after = run_through(crashed)
    print("| measure | seen | target |\n|---|---|---|")
    print(f"| first pull of {', '.join(PLATFORMS)} | {full:.1f} s, {records:,} records | |")
    print(f"| a day's pull | {day:.1f} s, {changed:,} records: {day / full:.0%} | 5 % and 10 s |")
    print(f"| an undisturbed first run | {undisturbed:.1f} s | |")
    print(f"| the run after a kill at {lost:.1f} s | {after:.1f} s: {after / lost:.2f} × what was lost | 1.1 × |")


if __name__ == "__main__":
    main()
