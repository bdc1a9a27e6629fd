"""A Prism mock server per document: started on a free port of this machine, asked, ended by its process.

Belongs here: finding Prism, its process, what its answers say of a request. Does not belong
here: which requests (recorded), which documents (platforms).

Prism keeps no state and signs nobody in: it tells whether a request is one that the document
allows, and nothing about what comes of it.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

COMMAND = Path(sys.prefix) / "contracts" / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"
"""Where the Makefile installs it: beside the environment's Python, out of the project's own folders."""
_LONGEST_START = 60
_PATIENCE = 30


def why_not() -> str | None:
    """Why there is no Prism to ask here; None where there is one."""
    if shutil.which("node") is None:
        return "node is not installed: requests are not replayed against the published API documents"
    if not COMMAND.is_file():
        return "Prism is not installed: `make test` installs it where npm is; see tests/connectors/contracts/README.md"
    return None


@dataclass(frozen=True)
class Judged:
    """What Prism says of one request. faults: what it does not allow, empty where it is as documented."""

    status: int
    faults: tuple[str, ...]


class Prism:
    """A running mock server of one document."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy for this machine

    def judge(self, method: str, path: str, query: str, headers: Mapping[str, str]) -> Judged:
        """Send the request as it was, and read which of its parts the document does not allow."""
        address = f"{self.url}{path}" + (f"?{query}" if query else "")
        answer = self._session.request(method, address, headers=dict(headers), timeout=_PATIENCE, allow_redirects=False)
        violations = json.loads(answer.headers.get("sl-violations", "[]"))
        faults = [
            violation["message"]
            for violation in violations
            # its own made-up answers may break the document too: that is nothing that we sent
            if violation["location"][:1] == ["request"] and violation["severity"] == "Error"
        ]
        if not faults and not 200 <= answer.status_code < 300:
            told = answer.json() if "json" in answer.headers.get("Content-Type", "") else {}
            messages = [violation["message"] for violation in told.get("validation", [])]
            faults = messages or [str(told.get("detail") or told.get("title") or f"status {answer.status_code}")]
        return Judged(answer.status_code, tuple(faults))

    def close(self) -> None:
        self._session.close()


@contextmanager
def prism_of(document: Path, log: Path) -> Iterator[Prism]:
    """Prism with that document, ready; its process ends with the block. Raises AssertionError with its own words."""
    port = _free_port()
    command = ["node", str(COMMAND), "mock", "--verboseLevel", "warn", "--host", "127.0.0.1", "--port", str(port)]
    with (
        log.open("wb") as said,
        subprocess.Popen([*command, str(document)], stdout=said, stderr=said, cwd=log.parent) as process,
    ):
        try:
            if not _listens(process, port):
                raise AssertionError(f"Prism did not start with {document.name}:\n{log.read_text()[-2000:]}")
            prism = Prism(f"http://127.0.0.1:{port}")
            yield prism
            prism.close()
        finally:
            process.kill()


def _listens(process: subprocess.Popen[bytes], port: int) -> bool:
    """Waits for its port: nothing else tells that another process is ready."""
    deadline = time.monotonic() + _LONGEST_START
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.05)
    return False


def _free_port() -> int:
    with socket.socket() as attempt:
        attempt.bind(("127.0.0.1", 0))
        return int(attempt.getsockname()[1])
