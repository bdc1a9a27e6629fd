"""The HTTP server on 127.0.0.1 that all stand-ins share, and the Sandbox that tests start.

Belongs here: sockets, framing, routing by first path part, the request log. Does not
belong here: any platform's contract.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from connectors.sandbox import (
    badgr_documents,
    case_server,
    credly_server,
    edfi_documents,
    edfi_six,
    grow_server,
    oneroster_server,
)
from connectors.sandbox.badgr_server import Badgr
from connectors.sandbox.district import AS_OF, District
from connectors.sandbox.edfi_server import EdFi
from connectors.sandbox.edfi_store import Rows
from connectors.sandbox.exchange import Clock, Request, Response
from connectors.sandbox.faults import Faults
from connectors.sandbox.reference import resources as reference_resources
from connectors.sandbox.stand_ins import STAND_INS, StandIn

CREDENTIALS = {
    "BADGES_USERNAME": "sandbox-badges@cedar-valley.example",
    "BADGES_PASSWORD": "sandbox-badges-password",
    "CREDLY_TOKEN": credly_server.TOKEN,
    "FRAMEWORKS_TOKEN": case_server.TOKEN,
    "SIS_CLIENT_ID": "sandbox-sis-client",
    "SIS_CLIENT_SECRET": "sandbox-sis-secret",
    "SIS6_CLIENT_ID": edfi_six.CLIENT_ID,
    "SIS6_CLIENT_SECRET": edfi_six.CLIENT_SECRET,
    "OBSERVE_CLIENT_ID": grow_server.CLIENT_ID,
    "OBSERVE_CLIENT_SECRET": grow_server.CLIENT_SECRET,
    "ROSTER_CLIENT_ID": oneroster_server.CLIENT_ID,
    "ROSTER_CLIENT_SECRET": oneroster_server.CLIENT_SECRET,
}
"""What the stand-ins let in, under the names that the demo's connections read. Not secret: they open nothing else."""


@dataclass(frozen=True)
class Logged:
    """One request as it was answered."""

    method: str
    path: str
    query: str
    status: int


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, port: int, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.open_connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def hang_up(self) -> None:
        """Ends the connections that clients keep open: a stopped platform answers nobody."""
        for connection in list(self.open_connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.open_connections.add(self.connection)

    def finish(self) -> None:
        self.server.open_connections.discard(self.connection)
        super().finish()

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal: the log is `Sandbox.requests`."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        return format_datetime(self.server.sandbox.clock.now(), usegmt=True)

    def _serve(self) -> None:
        sandbox = self.server.sandbox
        full_path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        platform, _, below = full_path.lstrip("/").partition("/")
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, f"/{below}", query, headers, body, f"{sandbox.url}/{platform}")
        if sandbox.serves(platform):
            response = sandbox.faults.answer(request, full_path, lambda: sandbox.stand_in(platform).answer(request))
        else:
            response = Response.of({"message": f"no platform answers below /{platform}"}, 404)
        sandbox.requests.append(Logged(self.command, full_path, query, response.status))
        self._send(response)

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.framing == "close":
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body[: len(response.body) - response.missing_bytes])
        self.wfile.flush()
        if response.framing != "length":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_WR)


class Sandbox:
    """A running stand-in for the platforms of one district, on a port of 127.0.0.1.

    badgr, edfi: the platforms' state and what a test may do to it. faults: what goes
    wrong on the way. requests: every request and its status, in order. credentials:
    what the platforms let in, by environment variable of the demo's connections.
    """

    def __init__(self, badgr: Badgr, edfi: EdFi, clock: Clock, port: int = 0, district: District | None = None) -> None:
        self.badgr = badgr
        self.edfi = edfi
        self.clock = clock
        self.district = district
        self.faults = Faults()
        self.requests: list[Logged] = []
        self._stand_ins: dict[str, StandIn] = {"badgr": badgr, "edfi": edfi}
        self._making = threading.Lock()
        self.credentials = dict(CREDENTIALS)
        self._server = _Server(port, self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def serves(self, platform: str) -> bool:
        """Whether that platform answers here. One of a synthetic district does, one of the public sample has two."""
        return platform in self._stand_ins or (platform in STAND_INS and self.district is not None)

    def stand_in(self, platform: str) -> StandIn:
        """The platform's state and what a test may do to it. Raises KeyError where there is none."""
        with self._making:
            if platform not in self._stand_ins and self.district is not None:
                self._stand_ins[platform] = STAND_INS[platform](self.district, self.clock)
            return self._stand_ins[platform]

    def url_of(self, platform: str) -> str:
        """The platform's base address."""
        return f"{self.url}/{platform}"

    @property
    def badgr_url(self) -> str:
        return self.url_of("badgr")

    @property
    def edfi_url(self) -> str:
        return self.url_of("edfi")

    @classmethod
    def of(cls, district: District, port: int = 0) -> Sandbox:
        """A sandbox that serves a synthetic district; `open` it or use `start`."""
        clock = Clock(datetime(district.as_of.year, district.as_of.month, district.as_of.day, 12, tzinfo=UTC))
        badgr = Badgr(
            badgr_documents.issuer_documents(),
            badgr_documents.badge_class_documents(),
            badgr_documents.assertion_documents(district),
            clock,
            CREDENTIALS["BADGES_USERNAME"],
            CREDENTIALS["BADGES_PASSWORD"],
        )
        return cls(badgr, _edfi(edfi_documents.resources(district), clock), clock, port, district)

    @classmethod
    @contextmanager
    def start(cls, district: District, port: int = 0) -> Iterator[Sandbox]:
        """Serves a synthetic district in a thread until the block ends."""
        with cls.of(district, port).opened() as sandbox:
            yield sandbox

    @classmethod
    @contextmanager
    def start_reference(cls, path: Path | str, port: int = 0) -> Iterator[Sandbox]:
        """Serves the Ed-Fi TPDM sample that stands in `path`/edfi/tpdm; Badgr is empty."""
        clock = Clock(datetime(AS_OF.year, AS_OF.month, AS_OF.day, 12, tzinfo=UTC))
        badgr = Badgr([], [], [], clock, CREDENTIALS["BADGES_USERNAME"], CREDENTIALS["BADGES_PASSWORD"])
        with cls(badgr, _edfi(reference_resources(Path(path)), clock), clock, port).opened() as sandbox:
            yield sandbox

    @contextmanager
    def opened(self) -> Iterator[Sandbox]:
        """Answers requests while the block runs."""
        self._thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            self._server.hang_up()
            self._thread.join()


def _edfi(resources: dict[str, Rows], clock: Clock) -> EdFi:
    return EdFi(resources, clock, CREDENTIALS["SIS_CLIENT_ID"], CREDENTIALS["SIS_CLIENT_SECRET"])
