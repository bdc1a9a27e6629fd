"""A copy of the project in a folder of its own, in which one fault at a time may be put.

Belongs here: copying, changing one text, running one test there. Does not belong here:
which faults (mutants), what is said of them (__main__, test_mutants).

The project is installed editable, so `import connectors` would find the true one: the
test runs with the copy first on the path, and a plugin ends the run if anything of the
project was imported from elsewhere.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.guarantees.mutants.mutants import Mutant

PROJECT = Path(__file__).parents[3]
_PARTS = ("connectors", "expectations", "pipelines", "dbt_project", "tests", "pyproject.toml")
_FAILED_TESTS = 1
"""pytest's exit code where tests ran and some failed; others mean that it could not run them."""
_LONGEST = 900
"""Seconds: the month of guarantee 6 takes some minutes."""
_PLUGIN = "tests.guarantees.mutants.only_the_copy"


class StaleMutant(Exception):
    """The text that a mutant changes does not stand in its file as the mutant says."""


@dataclass(frozen=True)
class Answer:
    """What became of a test. is_failed: the test ran and failed, as it must with a fault in place."""

    is_passed: bool
    is_failed: bool
    said: str


def check_text(mutant: Mutant, root: Path = PROJECT) -> str:
    """The file's text with the fault in it. Raises StaleMutant with what to do."""
    path = root / mutant.file
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    count = text.count(mutant.old)
    if count != 1:
        raise StaleMutant(
            f"mutant {mutant.name}: its old text stands {count} times in {mutant.file}, not once. The code has moved "
            "on: find where the guarantee hangs now and write `old` and `new` anew in mutants.py"
        )
    return text.replace(mutant.old, mutant.new)


class CopyOfTheProject:
    """The project's source and tests, copied to a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        ignored = shutil.ignore_patterns("__pycache__", ".*", "*.egg-info", "target", "logs")
        for part in _PARTS:
            source = PROJECT / part
            if source.is_dir():
                shutil.copytree(source, folder / part, ignore=ignored)
            else:
                shutil.copy(source, folder / part)

    def run(self, tests: Sequence[str]) -> Answer:
        """Run tests in the copy as it stands."""
        options = ["-x", "-p", _PLUGIN, "-p", "no:cacheprovider", "--tb=line"]
        try:
            done = subprocess.run(
                [sys.executable, "-m", "pytest", *options, *tests],
                cwd=self.folder,
                env=os.environ | {"PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1"},
                capture_output=True,
                text=True,
                check=False,
                timeout=_LONGEST,
            )
        except subprocess.TimeoutExpired:
            return Answer(False, False, f"the test did not end within {_LONGEST} seconds")
        said = f"{done.stdout[-2000:]}{done.stderr[-2000:]}"
        return Answer(done.returncode == 0, done.returncode == _FAILED_TESTS, said)

    def run_with(self, mutant: Mutant) -> Answer:
        """Put the fault in, run its test, take the fault out. Raises StaleMutant."""
        path = self.folder / mutant.file
        sound, faulty = path.read_text(encoding="utf-8"), check_text(mutant, self.folder)
        path.write_text(faulty, encoding="utf-8")
        try:
            return self.run([mutant.test])
        finally:
            path.write_text(sound, encoding="utf-8")
