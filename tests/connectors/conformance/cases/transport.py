"""Waiting, repeating, bodies that are not whole, answers that are none, and where requests go.

Belongs here: faults of the way between client and platform. Does not belong here: how pages
follow each other (paging), tokens (sign_in), records (meaning).
"""

from __future__ import annotations

import gc
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime

import connectors.core.http as http
from connectors.core.errors import (
    AuthenticationFailed,
    ConnectorError,
    ContractBroken,
    PlatformUnavailable,
    PlatformUnreachable,
    RateLimited,
)
from connectors.sandbox import faults
from connectors.sandbox.exchange import Request, Response
from connectors.sandbox.faults import Answer, Effect
from tests.connectors.conformance import strikes
from tests.connectors.conformance.bench import HttpBench, WalkBench
from tests.connectors.conformance.case import case
from tests.connectors.scripted_server import ScriptedServer

MOST_TRIES = 10
"""More than any client should make of one request."""


def passes_with_one_more_request(walk: WalkBench, effect: Effect, what: str) -> None:
    """A fault that strikes once costs one request more and no record."""
    _, requests = walk.clean()
    fresh = walk.again()
    fault = fresh.strike(effect)
    fresh.land()
    assert fault.struck == 1, f"{walk.walk.name}: {what} struck {fault.struck} times"
    made = fresh.mark - fresh.begun
    assert made == requests + 1, f"{walk.walk.name}: {what}: {made} requests where {requests} and one more are due"
    fresh.assert_complete(what)


def stays_and_is_told(walk: WalkBench, effect: Effect, kinds: tuple[type[ConnectorError], ...], what: str) -> None:
    """A fault that stays ends in a fault of that kind, bounded; nothing lands."""
    fault = walk.strike(effect, times=None)
    walk.refuse(*kinds, why=what)
    assert 1 <= fault.struck <= MOST_TRIES, f"{walk.walk.name}: {what}: asked {fault.struck} times"


@case("1")
def waits_as_told(bench: HttpBench) -> None:
    """429 with Retry-After 2: waits two seconds, asks for the same page once more, lands everything."""
    walk = bench.walks[0]
    walk.clean()
    before = sum(bench.slept)
    passes_with_one_more_request(walk, faults.status(429, retry_after="2"), "a pause of 2 s")
    assert sum(bench.slept) - before >= 2, f"{walk.walk.name}: waited {sum(bench.slept) - before} s of 2"


@case("2", changes_platform=True)
def waits_until_a_date(bench: HttpBench) -> None:
    """429 with a date in Retry-After, the platform's clock an hour ahead: the wait counts from its own Date."""

    def in_nine_seconds(_request: Request, _answer: Answer) -> Response:
        until = bench.sandbox.clock.now() + timedelta(seconds=9)
        return Response.of({}, 429, {"Retry-After": format_datetime(until, usegmt=True)})

    bench.sandbox.clock.advance(timedelta(hours=1))
    walk = bench.walks[0]
    before = sum(bench.slept)
    walk.strike(in_nine_seconds)
    walk.land()
    waited = sum(bench.slept) - before
    assert 5 <= waited <= 10, f"waited {waited} s where the platform asked for 9"
    walk.assert_complete("a pause until a date")


@case("3")
def too_many_requests_for_ever(bench: HttpBench) -> None:
    """429 for ever: a bounded number of tries, then RateLimited; nothing lands, a later pull has everything."""
    for walk in bench.walks:
        stays_and_is_told(walk, faults.status(429), (RateLimited,), "429 for ever")
        walk.assert_cured("429 for ever")


@case("4")
def a_pause_of_a_day(bench: HttpBench) -> None:
    """Retry-After 86400: ends at once as RateLimited, transient; nobody sleeps for hours."""
    walk = bench.walks[0]
    before = sum(bench.slept)
    fault = walk.strike(faults.status(429, retry_after="86400"))
    told = walk.refuse(RateLimited, why="a pause of a day")
    assert told.is_transient and fault.struck == 1 and sum(bench.slept) - before < 1000
    walk.assert_cured("a pause of a day")


@case("4")
def odd_pauses(bench: HttpBench) -> None:
    """Retry-After -5 or "soon": no wait, or the usual one; everything lands."""
    walk = bench.walks[0]
    for text in ("-5", "soon"):
        passes_with_one_more_request(walk, faults.status(429, retry_after=text), f"Retry-After {text}")


@case("5")
def server_error_passes(bench: HttpBench) -> None:
    """500, 502, 503, 504 once each: one request more each, everything lands."""
    walk = bench.walks[0]
    for status in (500, 502, 503, 504):
        passes_with_one_more_request(walk, faults.status(status), f"{status} once")


@case("5")
def server_error_stays(bench: HttpBench) -> None:
    """503 for ever: a bounded number of tries, then PlatformUnavailable; nothing lands, a later pull has everything."""
    for walk in bench.walks:
        stays_and_is_told(walk, faults.status(503), (PlatformUnavailable,), "503 for ever")
        walk.assert_cured("503 for ever")


@case("6")
def body_shorter_than_promised(bench: HttpBench) -> None:
    """A body shorter than its Content-Length is asked for again; everything lands."""
    walk = bench.walks[0]
    passes_with_one_more_request(walk, faults.short_body(), "a short body")


@case("7")
def connection_closed_early(bench: HttpBench) -> None:
    """A body without Content-Length whose connection closes early is asked for again; everything lands."""
    walk = bench.walks[0]
    passes_with_one_more_request(walk, faults.cut_off(), "a body that is cut off")


@case("9")
def gzip_cut(bench: HttpBench) -> None:
    """A gzip body that stops early, its Content-Length agreeing, is asked for again; everything lands."""
    walk = bench.walks[0]
    passes_with_one_more_request(walk, faults.cut_gzip(), "a cut gzip body")


@case("10")
def login_page(bench: HttpBench) -> None:
    """200 with a login page: a fault of sign-in or contract, never an empty stream; nothing lands."""
    for walk in bench.walks:
        stays_and_is_told(walk, faults.login_page(), (AuthenticationFailed, ContractBroken), "a login page")


@case("11")
def error_in_a_success(bench: HttpBench) -> None:
    """200 with an error for a body: a fault, never zero records; nothing lands."""
    for walk in bench.walks:
        for body in ({"error": "unable to serve"}, None):
            stays_and_is_told(walk.again(), strikes.answer_with(200, body), (ContractBroken,), f"200 with {body!r}")


@case("11")
def records_missing(bench: HttpBench) -> None:
    """200 in which the list of records is absent, null or no list: a fault, never zero records; nothing lands."""
    for walk in bench.walks:
        for instead in ("absent", None, {}):
            effect = strikes.without_list(walk.walk.records, instead)
            stays_and_is_told(walk.again(), effect, (ContractBroken,), f"records {instead!r}")


@case("22")
def redirect_elsewhere(bench: HttpBench) -> None:
    """A redirect to another host is not followed, with or without the token; nothing lands."""
    with ScriptedServer() as other:
        for walk in bench.walks:
            target = f"http://localhost:{other.port}/taken"
            stays_and_is_told(walk, strikes.redirect(target), (ConnectorError,), "a redirect")
        assert other.requests == [], "the other host was asked"


@case("22, 23")
def links_elsewhere(bench: HttpBench) -> None:
    """Addresses in answers that lead to another host are not followed: refused where pages are linked, or not used."""
    with ScriptedServer() as other:
        for walk in bench.walks:
            walk.strike(strikes.elsewhere(bench.sandbox.url, f"http://localhost:{other.port}"), first=1, times=None)
            if walk.walk.follows == "links":
                walk.refuse(ConnectorError, why="a link to another host")
            else:
                walk.land()
        assert other.requests == [], "the other host was asked"


@dataclass(frozen=True)
class _SmallLimits(http.Limits):
    request_deadline: float = 1.0
    max_body_bytes: int = 2 * 1024 * 1024


@contextmanager
def small_limits() -> Iterator[None]:
    """Sessions made in the block have limits that a test can reach."""
    usual = http.Limits
    http.Limits = _SmallLimits  # type: ignore[misc]
    try:
        yield
    finally:
        http.Limits = usual  # type: ignore[misc]


@case("24")
def gzip_bomb(bench: HttpBench) -> None:
    """A small gzip body that inflates beyond the cap: a fault; nothing lands."""
    walk = bench.walks[0]
    with small_limits():
        walk.strike(strikes.inflated(8 * 1024 * 1024), times=None)
        walk.refuse(ContractBroken, why="a gzip bomb")
        gc.collect()
    walk.assert_cured("a gzip bomb")


@case("25")
def slow_answer(bench: HttpBench) -> None:
    """An answer later than the deadline is given up and asked for again; everything lands."""
    walk = bench.walks[0]
    walk.clean()
    with small_limits():
        fresh = walk.again()
        fault = fresh.strike(faults.delayed(1.3))
        fresh.land()
    assert fault.struck == 1
    # counted as they arrive: the late answer may be given up before it is logged
    assert fault.seen > walk.clean()[0], "the late answer was taken"
    fresh.assert_complete("a slow answer")


@case("26")
def nobody_answers(bench: HttpBench) -> None:
    """Nothing listens at the address: PlatformUnreachable, transient; what landed before still counts."""
    walk = bench.walks[0]
    walk.land()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        nobody = f"http://127.0.0.1:{listener.getsockname()[1]}"
    told = walk.refuse(PlatformUnreachable, why="nobody answers", options={"base_url": nobody})
    assert told.is_transient
    walk.assert_complete("what landed before")


@case("27")
def rate_is_kept(bench: HttpBench) -> None:
    """No more requests a second than the connection allows."""
    walk = bench.walks[0]
    _, requests = walk.clean()
    # half of them are let through at once, the others after a second
    begun = time.monotonic()
    walk.again().land(options={"requests_per_second": max(1, requests // 2)})
    assert time.monotonic() - begun >= 0.8, f"{requests} requests went out at once"
