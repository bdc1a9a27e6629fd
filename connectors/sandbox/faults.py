"""Faults that a test switches on: what goes wrong between a platform and us.

Belongs here: when a fault strikes and what it does to one response. Does not belong
here: what a connector should make of it.

    sandbox.faults.add(Fault("/v2/assertions/changed", status(429, retry_after="2")))
    sandbox.faults.add(Fault("/evaluationElementRatings", cut_off(), first=2))
    sandbox.faults.add(Fault("/staffs", each_record(remove_field("lastSurname")), times=None))
"""

from __future__ import annotations

import gzip
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson

from connectors.sandbox.exchange import Request, Response

Answer = Callable[[], Response]
Effect = Callable[[Request, Answer], Response]
Transform = Callable[[dict[str, Any]], None]


@dataclass
class Fault:
    """One fault. path: a regular expression, searched in path and query. first: which matching
    request it strikes first, counted from 1. times: how many of them, None for ever. method:
    None for any; token requests are spared unless the pattern names them."""

    path: str
    effect: Effect
    first: int = 1
    times: int | None = 1
    method: str | None = None
    seen: int = field(default=0, init=False)
    struck: int = field(default=0, init=False)

    def strikes(self, request_line: str, method: str) -> bool:
        """Counts a request and tells whether this fault strikes it."""
        if self.method not in (None, method) or not re.search(self.path, request_line):
            return False
        if "token" in request_line.partition("?")[0] and "token" not in self.path:
            return False
        self.seen += 1
        if self.seen < self.first or (self.times is not None and self.seen >= self.first + self.times):
            return False
        self.struck += 1
        return True


class Faults:
    """The faults that are on. The first added one that strikes is the one that happens."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> Fault:
        """Switches a fault on and gives it back: its `struck` tells how often it happened."""
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Switches all faults off."""
        with self._lock:
            self._faults.clear()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """While the block runs no fault strikes, and none counts the requests."""
        with self._lock:
            faults, self._faults = self._faults, []
        try:
            yield
        finally:
            with self._lock:
                self._faults = faults

    def answer(self, request: Request, full_path: str, answer: Answer) -> Response:
        """The response to a request, with at most one fault done to it."""
        line = f"{full_path}?{request.query_text}" if request.query_text else full_path
        with self._lock:
            # every fault counts every request that it could strike
            striking = [fault for fault in self._faults if fault.strikes(line, request.method)]
        return striking[0].effect(request, answer) if striking else answer()


# whole responses ---------------------------------------------------------------------------


def status(code: int, retry_after: str | None = None) -> Effect:
    """Answers with a status alone: 401, 403, 429, 500, 503… `retry_after` is sent as it is."""

    def effect(_request: Request, _answer: Answer) -> Response:
        headers = {"Retry-After": retry_after} if retry_after is not None else {}
        return Response.of({"message": "the sandbox was told to fail"}, code, headers)

    return effect


def login_page() -> Effect:
    """Answers 200 with the HTML of a login page, as a proxy does."""

    def effect(_request: Request, _answer: Answer) -> Response:
        page = b"<!DOCTYPE html><html><body><form action='/login'>Please sign in</form></body></html>"
        return Response(200, page, content_type="text/html; charset=utf-8")

    return effect


def error_body() -> Effect:
    """Answers 200 with `{"error": …}` instead of data."""

    def effect(_request: Request, _answer: Answer) -> Response:
        return Response.of({"error": "temporarily unable to serve data"})

    return effect


def delayed(seconds: float) -> Effect:
    """Answers rightly, but late."""

    def effect(_request: Request, answer: Answer) -> Response:
        time.sleep(seconds)
        return answer()

    return effect


def missing_key(name: str = "result") -> Effect:
    """Takes a key out of the envelope; an array is put into an envelope without one."""

    def effect(_request: Request, answer: Answer) -> Response:
        response = answer()
        document = orjson.loads(response.body)
        document = {"items": document} if isinstance(document, list) else document
        document.pop(name, None)
        response.body = orjson.dumps(document)
        return response

    return effect


# bodies on the wire ------------------------------------------------------------------------


def cut_off(share: float = 0.6) -> Effect:
    """Sends a part of the body without Content-Length, and closes the connection."""

    def effect(_request: Request, answer: Answer) -> Response:
        response = answer()
        response.body = response.body[: int(len(response.body) * share)]
        response.framing = "close"
        return response

    return effect


def short_body(missing_bytes: int = 20) -> Effect:
    """Promises the whole body by Content-Length, sends less, and closes the connection."""

    def effect(_request: Request, answer: Answer) -> Response:
        response = answer()
        response.missing_bytes = min(missing_bytes, len(response.body))
        response.framing = "short"
        return response

    return effect


def cut_gzip(share: float = 0.6) -> Effect:
    """Sends a part of a gzip body, with the Content-Length of that part."""

    def effect(_request: Request, answer: Answer) -> Response:
        response = answer()
        packed = gzip.compress(response.body, mtime=0)
        response.body = packed[: int(len(packed) * share)]
        response.headers["Content-Encoding"] = "gzip"
        return response

    return effect


# paging ------------------------------------------------------------------------------------


def same_page_again() -> Effect:
    """Serves the page before once more; its next link leads on from here. Strike the second page or a later one."""

    def effect(request: Request, answer: Answer) -> Response:
        request.repeats_page = True
        return answer()

    return effect


def looping_link() -> Effect:
    """The next link of this page points back to the first page."""

    def effect(request: Request, answer: Answer) -> Response:
        request.loops = True
        return answer()

    return effect


def empty_page() -> Effect:
    """Serves this page without records; its next link still leads on."""

    def effect(_request: Request, answer: Answer) -> Response:
        response = answer()
        document = orjson.loads(response.body)
        _records(document).clear()
        response.body = orjson.dumps(document)
        return response

    return effect


# records -----------------------------------------------------------------------------------


def each_record(transform: Transform, every: int = 1) -> Effect:
    """Does something to every record of a response, or to one in `every` (the first, and so on)."""

    def effect(_request: Request, answer: Answer) -> Response:
        response = answer()
        document = orjson.loads(response.body)
        for record in _records(document)[::every]:
            transform(record)
        response.body = orjson.dumps(document)
        return response

    return effect


def add_field(name: str, value: object) -> Transform:
    """A new field, dotted for a nested one."""
    return set_field(name, value)


def set_field(path: str, value: object) -> Transform:
    """A value in place of the one at a dotted path; `results[*].rating` sets it in every item."""

    def transform(record: dict[str, Any]) -> None:
        for holder, name in _places(record, path):
            holder[name] = value

    return transform


def change_field(path: str, change: Callable[[Any], Any]) -> Transform:
    """The value at a dotted path, changed: `change_field("results[*].rating", str)`."""

    def transform(record: dict[str, Any]) -> None:
        for holder, name in _places(record, path):
            if name in holder:
                holder[name] = change(holder[name])

    return transform


def remove_field(path: str) -> Transform:
    """A field gone."""

    def transform(record: dict[str, Any]) -> None:
        for holder, name in _places(record, path):
            holder.pop(name, None)

    return transform


def rename_field(path: str, name: str) -> Transform:
    """A field under another name, in the same place."""

    def transform(record: dict[str, Any]) -> None:
        for holder, old in _places(record, path):
            if old in holder:
                holder[name] = holder.pop(old)

    return transform


def _records(document: Any) -> list[dict[str, Any]]:
    """The records of a page: the page itself, or the first list in its envelope."""
    members = [document] if isinstance(document, list) else document.values()
    return next((member for member in members if isinstance(member, list)), [])


def _places(record: dict[str, Any], path: str) -> list[tuple[dict[str, Any], str]]:
    """The objects that hold the last part of a dotted path, and that part."""
    *steps, last = path.split(".")
    holders: list[Any] = [record]
    for step in steps:
        if step.endswith("[*]"):
            holders = [item for holder in holders for item in holder.get(step[:-3]) or []]
        else:
            holders = [holder[step] for holder in holders if isinstance(holder.get(step), dict)]
    return [(holder, last) for holder in holders]
