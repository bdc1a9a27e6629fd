"""A pytest plugin: the run ends where the project was imported from elsewhere than the working directory.

Without it a mutant would be tested against the installed project, and would seem to survive.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import connectors
import expectations
import pipelines


def pytest_configure() -> None:
    here = Path.cwd().resolve()
    for package in (connectors, expectations, pipelines):
        found = Path(str(package.__file__)).resolve()
        if not found.is_relative_to(here):
            raise pytest.UsageError(f"{package.__name__} was imported from {found.parent}, not from the copy {here}")
