"""A run that kills itself at a named point: `python -m tests.guarantees.crashes.killed POINT FOLDER`.

Belongs here: the points, and the process that dies there by its own SIGKILL, so that
nothing of it can tidy up. Does not belong here: what must hold afterwards (the tests).
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.core.landing.manifest import Manifest
from connectors.core.landing.writer import LandingWriter
from pipelines.assets import warehouse
from pipelines.progress import Silent
from pipelines.publish import layout, release
from pipelines.pull_source import pull_source
from pipelines.run import run
from pipelines.settings import load_settings
from tests.homes import ENVIRONMENT
from tests.pipelines.planted_warehouse import KEY, release_info

SOURCE = "sis"


def pull(home: Path) -> object:
    return pull_source(load_settings(home / "district.yml", ENVIRONMENT), SOURCE, True, Silent())


def whole_run(home: Path) -> object:
    return run(load_settings(home / "district.yml", ENVIRONMENT), Silent())


def publish(folder: Path) -> object:
    """From a planted warehouse; one release is kept, so that the old one is swept."""
    return release.publish(folder / "warehouse.duckdb", folder / "published", release_info("new"), KEY, keep=1)


@dataclass(frozen=True)
class Point:
    """Dies at the `number`-th call of owner.name, before the call or after it."""

    works: Callable[[Path], object]
    owner: Any
    name: str
    is_after: bool = False
    number: int = 1


POINTS = {
    "in a page": Point(pull, LandingWriter, "add_page", is_after=True, number=3),
    "before the manifest": Point(pull, Manifest, "write"),
    "after the manifest": Point(pull, Manifest, "write", is_after=True, number=4),
    "before the build": Point(whole_run, warehouse, "write_build_input"),
    "in publish": Point(whole_run, release, "place_releases"),
    "one file placed": Point(publish, layout, "sync_folder"),
    # three files are placed before
    "pointer half written": Point(publish, Path, "replace", number=4),
    "one pointer swapped": Point(publish, layout, "write_pointer", is_after=True),
    "before the sweep": Point(publish, release, "sweep"),
}


def dies_at(point: Point) -> None:
    """Put the end of this process around the point's function."""
    original = getattr(point.owner, point.name)
    calls = 0

    def deadly(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == point.number and not point.is_after:
            os.kill(os.getpid(), signal.SIGKILL)
        answer = original(*arguments, **named)
        if calls == point.number:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(point.owner, point.name, deadly)


if __name__ == "__main__":
    dies_at(POINTS[sys.argv[1]])
    POINTS[sys.argv[1]].works(Path(sys.argv[2]))
