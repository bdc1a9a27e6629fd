"""Kill the run at many random instants, then run once: `make crash`.

Belongs here: the long version of test_random_instants, with its summary. Does not belong
here: other faults.

In each round the platforms change, one home is loaded undisturbed (the oracle), and in
another the run is killed again and again, every second time without its children, and then
let through once. Readers must have seen the old release or the new one, whole, and in the
end everything must equal the oracle.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from connectors.sandbox.district import generate
from connectors.sandbox.server import Sandbox
from tests.guarantees.crashes import changes
from tests.guarantees.crashes.processes import kill, output, start_run
from tests.homes import TEACHERS, Home, make_home, mart_hashes, release_rows


def killed_at(home: Home, seconds: float, is_alone: bool = False) -> bool:
    """Start a run and kill it so many seconds later; False if it had ended before."""
    process = start_run(home)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        kill(process, is_alone)
        return True
    return False


def run_through(home: Home) -> float:
    """One undisturbed run; returns its seconds."""
    began = time.monotonic()
    process = start_run(home)
    assert process.wait(600) == 0, output(home)
    return time.monotonic() - began


def one_round(kills: int, home: Home, oracle: Home, chance: random.Random) -> tuple[int, float]:
    """Returns how many kills struck a living run, and the seconds of the run after them."""
    before = release_rows(home)
    changes.happen(home)
    usual = run_through(oracle)
    expected = release_rows(oracle)
    struck = 0
    for number in range(kills):
        struck += killed_at(home, chance.uniform(0.5, usual), is_alone=number % 2 == 1)
        assert release_rows(home) in (before, expected), "readers saw half a release"
    seconds = run_through(home)
    assert mart_hashes(home) == mart_hashes(oracle), "the marts differ from the undisturbed run's"
    for audience in ("leaders", "evaluators"):
        assert release_rows(home, audience) == release_rows(oracle, audience), f"the release for {audience} differs"
    return struck, seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instants", type=int, default=100)
    parser.add_argument("--round", type=int, default=10, help="kills before each run that is let through")
    parser.add_argument("--seed", type=int, default=41)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    folder = Path(tempfile.mkdtemp(prefix="crash-"))
    district = generate(seed=11, teachers=TEACHERS)
    struck, done = 0, 0
    with Sandbox.start(district) as sandbox:
        home = make_home(folder / "home", district, sandbox)
        run_through(home)
        oracle = home.copy(folder / "oracle")
        began = time.monotonic()
        while done < options.instants:
            kills = min(options.round, options.instants - done)
            alive, seconds = one_round(kills, home, oracle, chance)
            done, struck = done + kills, struck + alive
            print(
                f"{done} of {options.instants} kills ({struck} struck a living run), every round equal to the oracle;"
                f" the run after them {seconds:.0f} s; {(time.monotonic() - began) / 60:.0f} min so far",
                flush=True,
            )
    shutil.rmtree(folder)
    print(f"done: {struck} kills of a living run, no difference, no half release")


if __name__ == "__main__":
    main()
