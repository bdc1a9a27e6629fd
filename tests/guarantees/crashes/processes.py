"""Runs as processes of their own, which may be killed, told to stop, or limited.

Belongs here: starting `expertise run` on a home and ending it with its children. Does not
belong here: when (the tests, random_instants).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.homes import ENVIRONMENT, Home

ROOT = Path(__file__).parents[3]


def start(home: Home, *module_and_arguments: str, **environment: str) -> subprocess.Popen[str]:
    """A Python process with the home's secrets, in a session of its own, output in files beside the home."""
    said = home.folder.with_suffix(".out").open("w")
    complained = home.folder.with_suffix(".err").open("w")
    with said, complained:
        return subprocess.Popen(
            [sys.executable, "-m", *module_and_arguments],
            cwd=home.folder,
            env=os.environ
            | ENVIRONMENT
            | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "COLUMNS": "400"}
            | environment,
            stdout=said,
            stderr=complained,
            text=True,
            start_new_session=True,
        )


def start_run(home: Home, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    return start(home, "pipelines.cli", "run", *arguments, **environment)


def output(home: Home) -> str:
    return home.folder.with_suffix(".out").read_text() + home.folder.with_suffix(".err").read_text()


def kill(process: subprocess.Popen[str], is_alone: bool = False) -> None:
    """SIGKILL to the run and its children, or to the run alone: its dbt must then end by itself."""
    if process.poll() is None:
        if is_alone:
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    process.wait(30)


def dbt_of(home: Home) -> list[int]:
    """Process ids of the dbt builds that write this home's warehouse (Linux)."""
    wanted = f"EXPERTISE_WAREHOUSE={home.settings.warehouse}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            is_dbt = b"dbt" in (folder / "cmdline").read_bytes() and wanted in (folder / "environ").read_bytes()
            if is_dbt and "\nState:\tZ" not in (folder / "status").read_text():
                found.append(int(folder.name))
        except OSError:
            continue  # it ended meanwhile, or is somebody else's
    return found
