"""How Dagster starts dbt: dagster-dbt's resource without what no build here needs.

Belongs here: what is started beside dbt itself, and what dbt writes of its own work. Does
not belong here: the project's place and what is built (assets.warehouse).

Before every build dagster-dbt runs `dbt --version`, which takes seconds and asks PyPI for
newer versions, and makes a dbt adapter in Dagster's own process, for column metadata that
nobody asks for. The two methods are not public: should they be renamed, builds are slower
and right.
"""

# Dagster reads the annotations of a resource, so no `from __future__ import annotations`
from functools import cached_property
from importlib.metadata import version
from typing import Any

from dagster_dbt import DbtCliResource
from packaging.version import Version

# dbt's log in full is 10 MB of JSON a build; what went wrong is in it at this level too
QUIETER_LOG = ["--log-level-file", "info"]


class DbtCommand(DbtCliResource):
    """The dbt-core of this environment."""

    @cached_property
    def _cli_version(self) -> Version:
        return Version(version("dbt-core"))

    def _initialize_dbt_core_adapter(self, _args: Any) -> Any:
        return None
