"""What tests of several folders share: the loaded home, and which tests run side by side.

`make test` runs on every core. Homes cost most, so tests of one file stay together, and so
do those of all files that look at one long-lived home.
"""

from __future__ import annotations

import os
import tempfile

import pytest

from tests import parsed_project
from tests.connectors.conformance.summary import pytest_terminal_summary
from tests.homes import district, loaded, own

__all__ = ["district", "loaded", "own", "pytest_terminal_summary"]

PARSED = pytest.StashKey[tempfile.TemporaryDirectory[str]]()
LONG_LIVED = ("month", "battered", "tiny", "all_dark", "without_roster")


def pytest_configure(config: pytest.Config) -> None:
    if parsed_project.VARIABLE not in os.environ:  # workers have their controller's
        config.stash[PARSED] = tempfile.TemporaryDirectory(prefix="parsed-project-")
        os.environ[parsed_project.VARIABLE] = config.stash[PARSED].name


def pytest_unconfigure(config: pytest.Config) -> None:
    if PARSED in config.stash:
        del os.environ[parsed_project.VARIABLE]
        config.stash[PARSED].cleanup()


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    for item in items:
        homes = [name for name in LONG_LIVED if name in item.fixturenames]
        item.add_marker(pytest.mark.xdist_group(homes[0] if homes else item.nodeid.partition("::")[0]))
