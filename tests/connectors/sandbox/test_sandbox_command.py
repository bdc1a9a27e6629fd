"""`python -m connectors.sandbox` as another process sees it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import requests


def test_command__writes_files_serves_and_stops_when_told(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "connectors.sandbox", "--folder", str(tmp_path / "demo"), "--teachers", "16"]
    command += ["--truth", str(tmp_path / "truth.json")]
    root = Path(__file__).parents[3]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            assert set(ready) == {"badgr", "edfi", "port", "folder"}
            assert ready["badgr"] == f"http://127.0.0.1:{ready['port']}/badgr"
            assert requests.get(ready["edfi"], timeout=10).json()["urls"]["oauth"].startswith(ready["edfi"])
            assert requests.get(f"{ready['badgr']}/v2/issuers", timeout=10).status_code == 401
            assert (Path(ready["folder"]) / "drop" / "hr" / "roster_2026.csv").is_file()
            assert (Path(ready["folder"]) / "mappings" / "roster.yml").is_file()
            assert (tmp_path / "truth.json").is_file()
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
