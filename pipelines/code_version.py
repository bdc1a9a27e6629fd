"""The version of the code that made a release.

Belongs here: the package's version. Does not belong here: versions of data.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def code_version() -> str:
    """The installed package's version, or `unknown` when run from files alone."""
    try:
        return version("expertise-warehouse")
    except PackageNotFoundError:
        return "unknown"
