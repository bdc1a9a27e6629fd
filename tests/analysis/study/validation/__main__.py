"""Every estimator on many drawn districts: `python -m tests.analysis.study.validation [SEEDS] [--write]`.

SEEDS is how many, 1,000 without. Prints the table, and every target that is missed; ends with 1 where one is.
`--write` puts the table into the README beside this file as well.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.analysis.study.validation.run import misses, run, summary, table, tasks

README = Path(__file__).with_name("README.md")
MARKS = ("<!-- table, written by --write -->", "<!-- end of table -->")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seeds", type=int, nargs="?", default=1_000, metavar="SEEDS")
    parser.add_argument("--write", action="store_true", help="put the table into the README")
    options = parser.parse_args()
    if options.seeds < 2:
        parser.error("a spread needs at least 2 seeds")
    work = tasks(range(1, options.seeds + 1))

    def tell(done: int, seconds: float) -> None:
        left = seconds / done * (len(work) - done)
        line = f"{done:,} of {len(work):,} parts, {seconds / 60:.1f} min, some {left / 60:.1f} min left"
        print(f"\r{line:<70}", end="" if done < len(work) else "\n", file=sys.stderr, flush=True)

    found = summary(run(work, tell))
    printed = table(found)
    print(f"{options.seeds:,} seeds\n\n{printed}\n")
    if options.write:
        before, rest = README.read_text().split(MARKS[0])
        _, after = rest.split(MARKS[1])
        told = f"{options.seeds:,} seeds for each planted effect:\n\n{printed}"
        README.write_text(f"{before}{MARKS[0]}\n{told}\n\n{MARKS[1]}{after}")
    missed = misses(found)
    print("\n".join(missed) or "every target is met where its assumption holds")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
