"""What tests of several folders share: the loaded home, and the dbt project parsed once.

`make test` runs on every core. Homes cost most, so tests of one file stay together (`--dist loadfile`;
the runner's groups, which could hold several files together, have no effect with this pytest).
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


def pytest_configure(config: pytest.Config) -> None:
    if parsed_project.VARIABLE not in os.environ:  # workers have their controller's
        config.stash[PARSED] = tempfile.TemporaryDirectory(prefix="parsed-project-")
        os.environ[parsed_project.VARIABLE] = config.stash[PARSED].name


def pytest_unconfigure(config: pytest.Config) -> None:
    if PARSED in config.stash:
        del os.environ[parsed_project.VARIABLE]
        config.stash[PARSED].cleanup()
