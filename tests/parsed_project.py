"""The dbt project, parsed once a test session and lent to every home and build of it.

dbt reads the whole project before it builds anything, which takes longer than a small build.
What it keeps of that (`partial_parse.msgpack`, and our copy of its manifest) holds wherever
the warehouse stands, so the first to need it parses and the others get a copy. Outside of a
test session nothing is lent.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

VARIABLE = "EXPERTISE_TESTS_PARSED_PROJECT"
"""The session's folder, for every worker of it."""


def lend(target: Path, parse: Callable[[], object], files: tuple[str, ...]) -> None:
    """Put the files of the parsed project into `target`; the first caller's `parse` makes them there."""
    folder = os.environ.get(VARIABLE)
    if folder is None:
        return
    shared = Path(folder) / "-".join(files)
    with FileLock(Path(folder) / "lock"):
        if not shared.is_dir():
            parse()
            made = shared.with_suffix(".making")
            made.mkdir(parents=True)
            for name in files:
                shutil.copy(target / name, made)
            made.rename(shared)
            return
    target.mkdir(parents=True, exist_ok=True)
    for name in files:
        shutil.copy(shared / name, target)
