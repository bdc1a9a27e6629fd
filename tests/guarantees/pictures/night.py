"""One morning after a night with two faults, as the two pictures in the README.

`make pictures`: a synthetic district is loaded; in the night Badgr answers 503 to one
stream, and HR delivers a tenth of its hours; then `expertise status` and Dagster's asset
graph are drawn as they are. Needs chromium for the graph.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import requests

from connectors.sandbox import faults
from connectors.sandbox.district import generate
from connectors.sandbox.faults import Fault
from connectors.sandbox.server import Sandbox
from pipelines import screen, status_view
from pipelines.status import read_status
from tests.homes import ENVIRONMENT, Home, make_home

HERE = Path(__file__).parent
STATUS = HERE / "morning_status.svg"
GRAPH = HERE / "asset_graph.png"
TEACHERS = 60
SETTLES_SECONDS = 20
# Rich's own frame asks a font server for its font; this one takes what the reader has
FRAME = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img">
<title>expertise status, the morning after a night with two faults</title>
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" /></clipPath>{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}<g class="{unique_id}-matrix">{matrix}</g></g>
</svg>
"""


def night(home: Home) -> None:
    """A run that is well, and one that is not."""
    expertise(home)
    home.sandbox.faults.add(Fault("/v2/assertions/changed", faults.status(503, retry_after="0"), times=None))
    for hours in (home.folder / "drop").rglob("pd_hours_*.csv"):
        lines = hours.read_bytes().splitlines(keepends=True)
        hours.write_bytes(b"".join(lines[: len(lines) // 10]))
    expertise(home)


def expertise(home: Home) -> None:
    subprocess.run([sys.executable, "-m", "pipelines.cli", "run"], cwd=home.folder, env=environment(home), check=False)


def environment(home: Home) -> dict[str, str]:
    ours = {
        "DAGSTER_HOME": str(home.folder / "dagster"),
        "EXPERTISE_CONFIG": str(home.folder / "district.yml"),
        "PYTHONPATH": str(HERE.parents[2]),
    }
    return os.environ | ENVIRONMENT | ours


def draw_status(home: Home) -> None:
    console = screen.console
    console.file, console.record, console.width = io.StringIO(), True, 128
    status_view.show_status(read_status(home.settings))
    STATUS.write_text(console.export_svg(title="expertise status", code_format=FRAME))


def draw_graph(home: Home, chromium: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    page = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "dagster_webserver", "-m", "pipelines.definitions", "-p", str(port)]
    with served(command, home, page):
        with tempfile.TemporaryDirectory() as profile:
            subprocess.run(
                [
                    chromium,
                    "--headless=new",
                    "--no-sandbox",
                    "--hide-scrollbars",
                    f"--user-data-dir={profile}",
                    "--window-size=1900,1000",
                    f"--timeout={SETTLES_SECONDS * 1000}",
                    f"--virtual-time-budget={SETTLES_SECONDS * 1000}",
                    f"--screenshot={GRAPH}",
                    f"{page}/asset-groups",
                ],
                check=True,
                capture_output=True,
            )


@contextlib.contextmanager
def served(command: list[str], home: Home, page: str) -> Iterator[None]:
    """Dagster's page, until it is no longer needed."""
    with subprocess.Popen(command, cwd=home.folder, env=environment(home)) as process:
        try:
            for _ in range(120):
                with contextlib.suppress(requests.ConnectionError):
                    requests.get(f"{page}/server_info", timeout=5)
                    break
                time.sleep(1)
            yield
        finally:
            process.terminate()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, help="keep the district's home in this folder")
    options = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome") or sys.exit("chromium is not installed")
    with tempfile.TemporaryDirectory() as folder:
        district = generate(seed=11, teachers=TEACHERS)
        with Sandbox.start(district) as sandbox:
            home = make_home((options.keep or Path(folder)) / "home", district, sandbox)
            night(home)
            draw_status(home)
            draw_graph(home, chromium)


if __name__ == "__main__":
    main()
