"""Everything that is said while a case runs, and what must never be in it.

Belongs here: catching log lines at DEBUG and the tokens that the platform gave; skipping
sleeps and the opening of engines. Does not belong here: what a case does (cases/).
"""

from __future__ import annotations

import base64
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from connectors.core.http import SystemClock
from connectors.core.landing import engine
from connectors.sandbox import canaries
from connectors.sandbox.district import District
from connectors.sandbox.exchange import Tokens


class _Heard(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self._lines = lines
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(self.format(record))


@contextmanager
def heard() -> Iterator[list[str]]:
    """Every log line of every logger, from DEBUG on, tracebacks included."""
    lines: list[str] = []
    root, handler = logging.getLogger(), _Heard(lines)
    level, others = root.level, root.handlers[:]
    root.handlers = [handler]
    root.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.handlers = others
        root.setLevel(level)


@contextmanager
def given_tokens() -> Iterator[list[str]]:
    """Every token that a stand-in gives while the block runs."""
    tokens: list[str] = []
    methods = {name: getattr(Tokens, name) for name in ("issue", "issue_refresh")}

    def kept(method: str) -> object:
        def issue(self: Tokens) -> str:
            tokens.append(methods[method](self))
            return tokens[-1]

        return issue

    for name in methods:
        setattr(Tokens, name, kept(name))
    try:
        yield tokens
    finally:
        for name, method in methods.items():
            setattr(Tokens, name, method)


@contextmanager
def skipped_sleep() -> Iterator[list[float]]:
    """The seconds that sessions asked to sleep; they go by at once, also on their own clocks."""
    slept: list[float] = []
    sleep, monotonic = SystemClock.sleep, SystemClock.monotonic
    SystemClock.sleep = lambda self, seconds: slept.append(seconds)  # type: ignore[method-assign]
    SystemClock.monotonic = lambda self: time.monotonic() + sum(slept)  # type: ignore[method-assign]
    try:
        yield slept
    finally:
        SystemClock.sleep, SystemClock.monotonic = sleep, monotonic  # type: ignore[method-assign]


@contextmanager
def one_engine() -> Iterator[None]:
    """Landings share one DuckDB, each on a connection of its own: opening one costs more than landing a few pages.

    What landing makes in it is temporary, and so the connection's own.
    """
    with duckdb.connect(":memory:", config={"threads": 1, "temp_directory": ""}) as shared:
        opened = engine._opened

        def connection(_limits: dict[str, str]) -> duckdb.DuckDBPyConnection:
            cursor = shared.cursor()
            cursor.execute("set timezone = 'UTC'")
            return cursor

        engine._opened = connection
        try:
            yield
        finally:
            engine._opened = opened


def personal_values(district: District) -> frozenset[str]:
    """What names people of the district: their addresses, and the marks in every withheld field."""
    people = district.staffing.people
    addresses = {value.lower() for name in ("email", "new_email") for value in people[name].drop_nulls()}
    return frozenset(addresses | {mark.lower() for mark in canaries.CANARIES})


def leaks(texts: list[str], forbidden: frozenset[str], secrets: list[str]) -> list[str]:
    """Which kinds of forbidden values stand in the texts, and where; never the secret itself."""
    whole = "\n".join(texts)
    lower = whole.lower()
    found = [f"a personal value: {value}" for value in sorted(forbidden) if value in lower]
    encoded = {base64.b64encode(secret.encode()).decode().rstrip("=") for secret in secrets}
    if any(secret in whole for secret in {*secrets, *encoded}):
        found.append("a secret or token")
    return found
