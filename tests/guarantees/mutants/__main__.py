"""`make mutants`: every mutant, one after the other; 1 where one survives or is stale.

python -m tests.guarantees.mutants [NAME ...]
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.guarantees.mutants.copy_of_the_project import CopyOfTheProject, StaleMutant
from tests.guarantees.mutants.mutants import MUTANTS, Mutant


def main(names: list[str]) -> int:
    unknown = set(names) - {mutant.name for mutant in MUTANTS}
    if unknown:
        print(f"no such mutant: {', '.join(sorted(unknown))}")
        return 2
    chosen = [mutant for mutant in MUTANTS if not names or mutant.name in names]
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = CopyOfTheProject(Path(folder) / "project")
        sound = copy.run(list(dict.fromkeys(mutant.test for mutant in chosen)))
        if not sound.is_passed:
            print(f"the tests fail without any fault, so they prove nothing:\n{sound.said}")
            return 1
        survivors = sum(not _is_found(copy, mutant) for mutant in chosen)
    print(f"{len(chosen) - survivors} of {len(chosen)} mutants were found")
    return 1 if survivors else 0


def _is_found(copy: CopyOfTheProject, mutant: Mutant) -> bool:
    began = time.monotonic()
    try:
        answer = copy.run_with(mutant)
    except StaleMutant as fault:
        print(f"stale     {mutant.name}\n{fault}")
        return False
    word = "found" if answer.is_failed else "SURVIVED" if answer.is_passed else "BROKEN"
    print(f"{word:9} {mutant.guarantee:4} {mutant.name} ({time.monotonic() - began:.0f} s): {mutant.test}", flush=True)
    if not answer.is_failed:
        print(answer.said)
    return answer.is_failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
