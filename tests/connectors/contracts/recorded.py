"""What our clients really ask of the stand-ins, request by request.

Belongs here: keeping requests as they arrive, and making a connector send every kind that it
knows. Does not belong here: what is right about a request (published, prism).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from connectors.core.connector import Connection, Connector, Cursor, SourceFile
from connectors.registry import PLATFORMS
from connectors.sandbox.exchange import Request, Response
from connectors.sandbox.faults import Faults
from connectors.sandbox.server import Sandbox

_PLACES_IN_A_PAGE_SET = ("cursor", "offset", "pageToken")
_SENT_BY_THE_LIBRARY = ("host", "connection", "accept-encoding", "content-length", "user-agent")


@dataclass(frozen=True)
class Recorded:
    """One request below its platform's base. headers: without the token, which is replaced by a made-up one."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]

    @property
    def query_names(self) -> set[str]:
        return {name for name, _ in parse_qsl(self.query, keep_blank_values=True)}

    @property
    def kind(self) -> tuple[object, ...]:
        """The same for requests that differ in nothing but how far a page set was read."""
        query = parse_qsl(self.query, keep_blank_values=True)
        further = tuple((name, "" if name in _PLACES_IN_A_PAGE_SET else value) for name, value in query)
        return self.method, self.path, further, self.headers

    @property
    def named(self) -> str:
        return f"{self.method} {self.path}" + (f"?{self.query}" if self.query else "")


class Dropping:
    """A sink for pulls of which only the requests matter."""

    def add_page(self, body: bytes, records_path: str) -> None: ...

    def add_frame(self, frame: Any, source_file: SourceFile) -> None: ...

    def add_deletes(self, keys: Sequence[str]) -> None: ...

    def add_reject(self, row: int | None, field: str, reason: str) -> None: ...


class Listening(Faults):
    """Keeps every request that a sandbox answers, and does it no harm."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Recorded] = []

    def answer(self, request: Request, full_path: str, answer: Callable[[], Response]) -> Response:
        headers = {name: value for name, value in request.headers.items() if name not in _SENT_BY_THE_LIBRARY}
        if "authorization" in headers:
            headers["authorization"] = headers["authorization"].split(" ")[0] + " made-up"
        self.heard.append(Recorded(request.method, request.path, request.query_text, tuple(sorted(headers.items()))))
        return super().answer(request, full_path, answer)


def listen(sandbox: Sandbox) -> Listening:
    """From now on every request of that sandbox is kept."""
    listening = Listening()
    sandbox.faults = listening
    return listening


def connector_to(
    sandbox: Sandbox, platform: str, stand_in: str, options: Mapping[str, Any], source: str, folder: Path
) -> Connector:
    """The registered client, as district.yml would make it."""
    connector_class = PLATFORMS[platform].connector_class()
    given = {"base_url": sandbox.url_of(stand_in), "requests_per_second": 1000, **options}
    secrets = {name: sandbox.credentials[f"{source}_{name}".upper()] for name in connector_class.secret_names}
    made = connector_class.options_model.model_validate(given)
    return connector_class(Connection("tiny", source, "America/Chicago", made, folder, folder, secrets))


def pull_all(connector: Connector, cursors: Mapping[str, Cursor | None] | None = None) -> dict[str, Cursor | None]:
    """Check, then pull every stream since its cursor; the cursors to go on from."""
    connector.check()
    cursors = cursors or {}
    return {
        stream.name: connector.pull(stream, cursors.get(stream.name), Dropping()).cursor
        for stream in connector.streams_of()
    }
