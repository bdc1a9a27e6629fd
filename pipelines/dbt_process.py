"""dbt as a child that ends with its run: `python -m pipelines.dbt_process` in place of `dbt`.

Belongs here: starting dbt, what of its settings makes it read the whole project anew, and the
watch for a run that is gone. Does not belong here: what dbt is asked (assets.warehouse), ending
it while the run still lives (assets.warehouse).

A run that is killed can't end its children: dbt would go on writing the warehouse beside the
next run, whose lock knows nothing of it. Windows keeps a dead parent's id, and there nothing
is noticed.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import Any

RUN_VARIABLE = "EXPERTISE_RUN_PID"
"""The process that the child watches."""
DBT_COMMAND = [sys.executable, "-P", "-m", "pipelines.dbt_process"]
"""-P: dbt is started inside its project, whose folders are no packages."""
_SECONDS_BETWEEN_LOOKS = 0.1


def _end_with(run: int) -> None:
    while os.getppid() == run:
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    os._exit(1)


def _reuse_parsing_wherever_the_warehouse_stands() -> None:
    """Take the file's path out of what dbt compares before it reuses a parsed project.

    No model reads the path, and with it every home that was copied or moved is parsed in full,
    which takes longer than a small build.
    """
    from dbt.adapters.duckdb.credentials import DuckDBCredentials

    compared = DuckDBCredentials._connection_keys

    def without_the_path(credentials: Any) -> tuple[str, ...]:
        return tuple(key for key in compared(credentials) if key != "path")  # type: ignore[no-untyped-call]

    DuckDBCredentials._connection_keys = without_the_path  # type: ignore[method-assign]


def main() -> None:
    """Run dbt with this process's arguments."""
    run = os.environ.get(RUN_VARIABLE)
    if run is not None and os.name != "nt":
        # before dbt is imported and reads its project, which takes seconds
        threading.Thread(target=_end_with, args=(int(run),), daemon=True).start()
    from dbt.cli.main import cli

    _reuse_parsing_wherever_the_warehouse_stands()
    cli(prog_name="dbt")


if __name__ == "__main__":
    main()
