"""A small HTTP server on 127.0.0.1 that plays scripted answers, byte by byte if need be.

Belongs here: sockets, and answers that real servers give when they are ill. Does not
belong here: any platform's paths or rules (the tests', or the sandbox's).

Nothing here is an HTTP library on purpose: a library would refuse to send a wrong
Content-Length, half a gzip stream or one byte at a time.
"""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Request:
    """What arrived. Header names are lower case; `at` is monotonic seconds."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: str
    at: float

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body, keep_blank_values=True))

    @property
    def token(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")


@dataclass(frozen=True)
class Answer:
    """Bytes to send, with pauses (seconds) between them; the connection may close after."""

    pieces: tuple[bytes | float, ...]
    close: bool = False


Script = Answer | Callable[[Request], Answer]


def answer(status: int = 200, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
    """A well-formed answer with its true Content-Length."""
    return Answer((head(status, {"Content-Length": str(len(body)), **(headers or {})}), body))


def json_answer(document: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return answer(status, json.dumps(document).encode(), {"Content-Type": "application/json", **(headers or {})})


def short_answer(body: bytes, sent: int) -> Answer:
    """Content-Length tells the truth about the body; only its first bytes come."""
    return Answer(
        (head(200, {"Content-Type": "application/json", "Content-Length": str(len(body))}), body[:sent]), True
    )


def unframed_answer(body: bytes) -> Answer:
    """No Content-Length: only the end of the connection ends the body."""
    return Answer((head(200, {"Content-Type": "application/json", "Connection": "close"}), body), True)


def chunked_answer(body: bytes, cut: bool = False) -> Answer:
    """Two chunks; cut: the connection ends after the first."""
    half = len(body) // 2
    chunks = [b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:half], body[half:])]
    sent = chunks[:1] if cut else [*chunks, b"0\r\n\r\n"]
    headers = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
    return Answer((head(200, headers), *sent), close=cut)


def gzip_answer(body: bytes, keep: int | None = None) -> Answer:
    """A gzip body; keep: only so many of its bytes, with a Content-Length that agrees."""
    packed = gzip.compress(body)[:keep]
    return answer(200, packed, {"Content-Type": "application/json", "Content-Encoding": "gzip"})


def head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Scripted", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class SkippingClock:
    """Real time plus the time that was asked to be slept and was skipped instead."""

    def __init__(self, wrong_by: float = 0.0) -> None:
        self.slept: list[float] = []
        self._wrong_by = wrong_by

    def monotonic(self) -> float:
        return time.monotonic() + sum(self.slept)

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time() + sum(self.slept) + self._wrong_by, UTC)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@dataclass
class ScriptedServer:
    """Plays answers per method and path and keeps what was asked.

    A request without an answer left is answered 418, and leaving the context then fails
    the test: an extra request is a fault too.
    """

    requests: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._scripts: dict[tuple[str, str], deque[Script]] = defaultdict(deque)
        self._standing: dict[tuple[str, str], Script] = {}
        self._unexpected: list[str] = []
        self._stop = threading.Event()
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.base_url = f"http://127.0.0.1:{self.port}"

    def on(self, method: str, path: str, *answers: Script) -> None:
        """Answers to give in this order, once each."""
        self._scripts[method, path].extend(answers)

    def always(self, method: str, path: str, script: Script) -> None:
        """The answer to give when no other is left."""
        self._standing[method, path] = script

    def asked(self, method: str, path: str) -> list[Request]:
        return [request for request in self.requests if (request.method, request.path) == (method, path)]

    def __enter__(self) -> ScriptedServer:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._listener.close()
        with self._lock:
            for connection in self._connections:
                connection.close()
        if fault is None and self._unexpected:
            raise AssertionError(f"requests without a scripted answer: {self._unexpected}")

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError:
                return
            with self._lock:
                self._connections.add(connection)
            threading.Thread(target=self._converse, args=[connection], daemon=True).start()

    def _converse(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            try:
                while not self._stop.is_set():
                    request = _read(stream)
                    if request is None:
                        return
                    played = self._next(request)
                    for piece in played.pieces:
                        if isinstance(piece, bytes):
                            connection.sendall(piece)
                        elif self._stop.wait(piece):
                            return
                    if played.close:
                        return
            except OSError:
                return
            finally:
                with self._lock:
                    self._connections.discard(connection)

    def _next(self, request: Request) -> Answer:
        place = (request.method, request.path)
        with self._lock:
            self.requests.append(request)
            waiting = self._scripts[place]
            script = waiting.popleft() if waiting else self._standing.get(place)
            if script is None:
                self._unexpected.append(f"{request.method} {request.path} {request.query}")
                return answer(418)
        return script if isinstance(script, Answer) else script(request)


def _read(stream: Any) -> Request | None:
    first = stream.readline().decode("latin-1").split()
    if len(first) != 3:
        return None
    headers: dict[str, str] = {}
    while line := stream.readline().decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", "0"))).decode()
    target = urlsplit(first[1])
    query = dict(parse_qsl(target.query, keep_blank_values=True))
    return Request(first[0], target.path, query, headers, body, time.monotonic())
