"""One request and its response, between the server's socket and a platform stand-in.

Belongs here: what all stand-ins share about HTTP: parsed requests, responses, the
clock, tokens. Does not belong here: any platform's paths, envelopes or paging.
"""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import parse_qs

import orjson

JSON_TYPE = "application/json; charset=utf-8"


@dataclass
class Request:
    """A parsed request. `path` is below the platform's base; `base_url` is that base.

    `repeats_page` and `loops` are set by faults: serve the page before once more; let
    the next link point back to the first page.
    """

    method: str
    path: str
    query_text: str
    headers: dict[str, str]
    body: bytes
    base_url: str
    repeats_page: bool = False
    loops: bool = False
    query: dict[str, list[str]] = field(init=False)

    def __post_init__(self) -> None:
        self.query = parse_qs(self.query_text, keep_blank_values=True)

    def value(self, name: str) -> str | None:
        """The first value of a query parameter, or None where it is absent."""
        values = self.query.get(name)
        return values[0] if values else None

    def form(self) -> dict[str, str]:
        """The fields of a form body; the last of repeated ones."""
        return {name: values[-1] for name, values in parse_qs(self.body.decode("utf-8", "replace")).items()}


@dataclass
class Response:
    """`framing`: `length` sends Content-Length; `close` sends none and ends with the connection;
    `short` promises more bytes than it sends."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = JSON_TYPE
    framing: Literal["length", "close", "short"] = "length"
    missing_bytes: int = 0

    @classmethod
    def of(cls, document: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
        return cls(status, orjson.dumps(document), headers or {})


class Clock:
    """The server's time: the wall clock, but never before the synthetic district's own day.

    Readings strictly increase, so that two changes never share a time. `advance` lets a
    test live through days in seconds.
    """

    def __init__(self, not_before: datetime) -> None:
        self._start = not_before
        self._begun = time.monotonic()
        self._last = not_before
        self._ahead = timedelta()
        self._lock = threading.Lock()

    def advance(self, by: timedelta) -> None:
        """Puts the clock ahead. It never goes back: what happened would then be to come."""
        if by < timedelta():
            raise ValueError("the server's clock only goes forward")
        with self._lock:
            self._ahead += by

    def now(self) -> datetime:
        with self._lock:
            simulated = self._start + timedelta(seconds=time.monotonic() - self._begun)
            moment = max(datetime.now(UTC), simulated) + self._ahead
            if moment <= self._last:
                moment = self._last + timedelta(microseconds=1)
            self._last = moment
            return moment


class Tokens:
    """Bearer tokens with a life that a test may change, and single-use refresh tokens."""

    def __init__(self, clock: Clock, life_seconds: int) -> None:
        self.life_seconds = life_seconds
        self.issued = 0
        self._clock = clock
        self._expiry: dict[str, datetime] = {}
        self._refresh: set[str] = set()

    def issue(self) -> str:
        token = secrets.token_urlsafe(30)
        self._expiry[token] = self._clock.now() + timedelta(seconds=self.life_seconds)
        self.issued += 1
        return token

    def issue_refresh(self) -> str:
        token = secrets.token_urlsafe(30)
        self._refresh.add(token)
        return token

    def spend_refresh(self, token: str) -> bool:
        """True once per refresh token: it is gone afterwards."""
        if token not in self._refresh:
            return False
        self._refresh.remove(token)
        return True

    def accepts(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        expiry = self._expiry.get(token.strip())
        return scheme.lower() == "bearer" and expiry is not None and self._clock.now() < expiry

    def expire(self) -> None:
        """Ends the life of every access token now; refresh tokens live on."""
        self._expiry.clear()

    def revoke_refresh(self) -> None:
        """Ends the life of every refresh token too: only the password helps now."""
        self._refresh.clear()


def instant(moment: datetime) -> str:
    """ISO 8601 in UTC, to the microsecond, with Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
