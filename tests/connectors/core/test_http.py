"""The session against a server that is ill in every way that real ones are."""

from __future__ import annotations

import email.utils
import gzip
import json
import logging
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.core.errors import (
    AccessDenied,
    AuthenticationFailed,
    ConfigurationError,
    ConnectorError,
    ContractBroken,
    IncompleteResponse,
    NotFound,
    PlatformUnavailable,
    RateLimited,
)
from connectors.core.http import JsonResponse, Limits, PlatformSession, RequestRefused, SystemClock, checked_base_url
from tests.connectors.scripted_server import (
    Answer,
    ScriptedServer,
    SkippingClock,
    answer,
    chunked_answer,
    gzip_answer,
    head,
    json_answer,
    short_answer,
    unframed_answer,
)

RECORDS = [{"id": f"r{number}", "text": "x" * 40} for number in range(200)]
BODY = json.dumps(RECORDS).encode()
HIDDEN = "CANARY-QUERY-3"


@pytest.fixture
def clock() -> SkippingClock:
    return SkippingClock()


def session_to(server: ScriptedServer, clock: SkippingClock, **limits: Any) -> PlatformSession:
    return PlatformSession("badges", server.base_url, 1000, Limits(**{"max_tries": 4, **limits}), clock)


def get(server: ScriptedServer, clock: SkippingClock, **limits: Any) -> JsonResponse:
    session = session_to(server, clock, **limits)
    try:
        return session.get_json("/v2/things", {"who": HIDDEN})
    finally:
        session.close()


# -- rate limits ---------------------------------------------------------------------------


def test_retry_after__waits_the_seconds_and_repeats_the_same_request() -> None:
    with ScriptedServer() as server:
        server.on("GET", "/v2/things", answer(429, headers={"Retry-After": "2"}), json_answer(RECORDS))
        session = PlatformSession("badges", server.base_url, 1000, clock=SystemClock())
        assert session.get_json("/v2/things", {"page": "7"}).document == RECORDS
        first, second = server.asked("GET", "/v2/things")
        assert second.at - first.at >= 2
        assert first.query == second.query == {"page": "7"}
        session.close()


@pytest.mark.parametrize("wrong_by", [-3600.0, 0.0, 3600.0])
def test_retry_after__a_date_counts_from_the_servers_own_clock(wrong_by: float) -> None:
    clock = SkippingClock(wrong_by)
    headers = {"Date": _gmt(0), "Retry-After": _gmt(90)}
    with ScriptedServer() as server:
        server.on("GET", "/v2/things", answer(429, headers=headers), json_answer(RECORDS))
        get(server, clock)
    assert len(clock.slept) == 1
    assert 89 <= clock.slept[0] <= 91


@pytest.mark.parametrize("wrong_by", [-3600.0, 3600.0])
def test_retry_after__a_date_beyond_the_cap_ends_at_once(wrong_by: float) -> None:
    clock = SkippingClock(wrong_by)
    headers = {"Date": _gmt(0), "Retry-After": _gmt(86_400)}
    with ScriptedServer() as server:
        server.on("GET", "/v2/things", answer(429, headers=headers))
        with pytest.raises(RateLimited, match="pause of 86400 s") as caught:
            get(server, clock)
        assert len(server.requests) == 1
    assert clock.slept == [] and caught.value.is_transient


def _gmt(seconds: int) -> str:
    moment = SystemClock().now() + timedelta(seconds=seconds)
    return email.utils.formatdate(moment.timestamp(), usegmt=True)


def test_rate_limited__without_retry_after_backs_off_with_jitter_and_gives_up(clock: SkippingClock) -> None:
    with ScriptedServer() as server:
        server.always("GET", "/v2/things", answer(429))
        with pytest.raises(RateLimited, match=r"GET /v2/things answered 429.*tried 4 times") as caught:
            get(server, clock)
        assert len(server.requests) == 4
    assert len(clock.slept) == 3
    assert all(0 <= waited <= 2**step for step, waited in enumerate(clock.slept))
    assert caught.value.is_transient


def test_backoff__is_spread_over_the_whole_step() -> None:
    waits = [Limits().backoff(4) for _ in range(500)]
    assert 0 <= min(waits) < 1.5
    assert 6.5 < max(waits) <= 8
    assert Limits().backoff(5000) <= Limits().backoff_longest


def test_retry_after__longer_than_the_cap_ends_at_once(clock: SkippingClock) -> None:
    with ScriptedServer() as server:
        server.on("GET", "/v2/things", answer(429, headers={"Retry-After": "86400"}))
        with pytest.raises(RateLimited, match="pause of 86400 s") as caught:
            get(server, clock)
        assert len(server.requests) == 1
    assert clock.slept == []
    assert caught.value.is_transient


@pytest.mark.parametrize(
    ("said", "most"),
    [
        ("-5", 0.0),
        ("soon", 1.0),
        ("", 1.0),
        ("1e9", 1.0),
        ("Sun, 06 Nov 99999999999999999999 08:49:37 GMT", 1.0),
        ("Sun, 06 Nov 2026 08:49:37 +99999999999999999999", 1.0),
    ],
)
def test_retry_after__negative_is_none_and_nonsense_is_the_usual_backoff(
    clock: SkippingClock, said: str, most: float
) -> None:
    with ScriptedServer() as server:
        server.on("GET", "/v2/things", answer(429, headers={"Retry-After": said}), json_answer(RECORDS))
        get(server, clock)
    assert len(clock.slept) == 1
    assert 0 <= clock.slept[0] <= most


def test_rate__is_shared_by_the_threads_of_a_session() -> None:
    with ScriptedServer() as server:
        server.always("GET", "/v2/things", json_answer([]))
        session = PlatformSession("badges", server.base_url, requests_per_second=10)

        def work() -> None:
            for _ in range(4):
                session.get_json("/v2/things")

        workers = [threading.Thread(target=work) for _ in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        session.close()
        times = sorted(request.at for request in server.requests)
    assert len(times) == 12
    busiest = max(sum(1 for at in times if start <= at < start + 1) for start in times)
    assert busiest <= 11


def test_rate__that_would_wait_longer_than_a_page_may_take_is_no_wait_without_end() -> None:
    with ScriptedServer() as server:
        server.always("GET", "/v2/things", json_answer([]))
        limits = Limits(max_tries=1, max_total=0.3)
        session = PlatformSession("badges", server.base_url, requests_per_second=0.05, limits=limits)
        session.get_json("/v2/things")
        started = time.monotonic()
        with pytest.raises(PlatformUnavailable):
            session.get_json("/v2/things")
        assert time.monotonic() - started < 1.5
        assert len(server.requests) == 1
        session.close()


# -- transient faults ----------------------------------------------------------------------


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 520])
def test_server_fault__is_repeated_until_it_passes(clock: SkippingClock, status: int) -> None:
    with ScriptedServer() as server:
        server.on("GET", "/v2/things", *[answer(status)] * 3, json_answer(RECORDS))
        assert get(server, clock).document == RECORDS
        assert len(server.requests) == 4


def test_server_fault__ends_after_the_tries(clock: SkippingClock) -> None:
    with ScriptedServer() as server:
        server.always("GET", "/v2/things", answer(503))
        with pytest.raises(PlatformUnavailable, match="answered 503; tried 4 times"):
            get(server, clock)
        assert len(server.requests) == 4


def test_tries__end_when_the_total_time_is_used_up(clock: SkippingClock) -> None:
    with ScriptedServer() as server:
        server.always("GET", "/v2/things", answer(503, headers={"Retry-After": "100"}))
        with pytest.raises(PlatformUnavailable):
            get(server, clock, max_tries=1000, max_total=350)
        assert len(server.requests) == 4
    assert sum(clock.slept) <= 350


def test_tries__a_sleep_that_lasts_longer_than_asked_is_no_crash() -> None:
    class Oversleeping(SkippingClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds + 5)

    with ScriptedServer() as server:
        server.on("GET", "/v2/things", answer(503, headers={"Retry-After": "9"}), json_answer(RECORDS))
        assert get(server, Oversleeping(), max_total=10).document == RECORDS


def test_refused_connection__names_host_and_port(clock: SkippingClock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    session = PlatformSession("badges", f"http://127.0.0.1:{port}", 1000, Limits(max_tries=3), clock)
    with pytest.raises(PlatformUnavailable, match=f"no answer from 127.0.0.1:{port}; tried 3 times") as caught:
        session.get_json("/v2/things")
    assert caught.value.is_transient
    assert len(clock.slept) == 2


def test_unknown_host__is_unavailable_and_named(clock: SkippingClock) -> None:
    session = PlatformSession("badges", "https://no-such-host.invalid", 1000, Limits(max_tries=2), clock)
    session._requests.trust_env = False
    with pytest.raises(PlatformUnavailable, match=r"no-such-host\.invalid:443"):
        session.get_json("/v2/things")


# -- bodies that are not whole -------------------------------------------------------------


@pytest.mark.parametrize(
    "ill",
    [
        pytest.param(short_answer(BODY, len(BODY) // 2), id="shorter than Content-Length"),
        pytest.param(short_answer(BODY, 0), id="nothing of Content-Length"),
        pytest.param(unframed_answer(BODY[: len(BODY) // 2]), id="no Content-Length, closed early"),
        pytest.param(unframed_answer(b""), id="no Content-Length, nothing sent"),
        pytest.param(answer(200, BODY[:-20], {"Content-Type": "application/json"}), id="JSON cut, length agrees"),
        pytest.param(gzip_answer(BODY, keep=100), id="gzip cut, Content-Length agrees"),
        pytest.param(gzip_answer(BODY, keep=-8), id="gzip without its checksum"),
        pytest.param(gzip_answer(BODY, keep=5), id="gzip header cut"),
        pytest.param(chunked_answer(BODY, cut=True), id="chunked, cut"),
        pytest.param(Answer((), close=True), id="closed without an answer"),
    ],
)
def test_incomplete_body__is_repeated_and_then_raised(clock: SkippingClock, ill: Answer) -> None:
    with ScriptedServer() as server:
        server.on("GET", "/v2/things", ill, json_answer(RECORDS))
        whole = get(server, clock)
        assert json.loads(whole.body) == RECORDS
        assert len(server.requests) == 2
    with ScriptedServer() as server:
        server.always("GET", "/v2/things", ill)
        with pytest.raises((IncompleteResponse, PlatformUnavailable)) as caught:
            get(server, clock)
        assert len(server.requests) == 4
        assert caught.value.is_transient


def test_damaged_gzip__is_repeated(clock: SkippingClock) -> None:
    packed = bytearray(gzip.compress(BODY))
    packed[-6] ^= 0xFF
    ill = answer(200, bytes(packed), {"Content-Encoding": "gzip"})
    with ScriptedServer() as server:
        server.on("GET", "/v2/things", ill, gzip_answer(BODY))
        assert get(server, clock).body == BODY


def test_whole_bodies__come_as_they_were_sent(clock: SkippingClock) -> None:
    two_members = gzip.compress(BODY[:100]) + gzip.compress(BODY[100:])
    for sound in (
        gzip_answer(BODY),
        chunked_answer(BODY),
        unframed_answer(BODY),
        answer(200, two_members, {"Content-Encoding": "gzip"}),
    ):
        with ScriptedServer() as server:
            server.on("GET", "/v2/things", sound)
            assert get(server, clock).body == BODY


CAP, CHUNK = 4_000_000, 256 * 1024


def empty_blocks(count: int) -> bytes:
    """The head of a gzip stream, then blocks of deflate that hold nothing."""
    packer = zlib.compressobj(wbits=31)
    return packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH) + b"\x00\x00\x00\xff\xff" * count


@pytest.mark.parametrize(
    "huge",
    [
        pytest.param(gzip_answer(b"0" * 200_000_000), id="gzip bomb"),
        pytest.param(unframed_answer(b"[" + b" " * 3 * CAP + b"]"), id="plain"),
        pytest.param(answer(200, empty_blocks(CAP), {"Content-Encoding": "gzip"}), id="gzip that holds nothing"),
    ],
)
def test_huge_body__stops_within_a_chunk_of_the_cap(clock: SkippingClock, huge: Answer) -> None:
    with ScriptedServer() as server:
        server.on("GET", "/v2/things", huge)
        session = session_to(server, clock, max_body_bytes=CAP)
        tracemalloc.start()
        try:
            with pytest.raises(ContractBroken, match=f"larger than {CAP} bytes"):
                session.get_json("/v2/things")
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            session.close()
        assert len(server.requests) == 1
    # what is kept never passes the cap; besides, the chunk in hand and the session's own
    assert peak < CAP + 3 * CHUNK, peak


def test_token_answer__has_a_cap_of_its_own(clock: SkippingClock) -> None:
    with ScriptedServer() as server:
        server.on("POST", "/o/token", answer(200, b" " * 2_000_000), answer(400, b" " * 2_000_000))
        session = session_to(server, clock)
        for _ in range(2):
            with pytest.raises(ContractBroken, match="larger than 1048576 bytes"):
                session.post_form("/o/token", "grant_type=password")
        session.close()


@pytest.mark.parametrize(("status", "kind"), [(404, NotFound), (302, ContractBroken), (503, PlatformUnavailable)])
def test_fault_by_status__has_a_body_that_nobody_reads(
    clock: SkippingClock, status: int, kind: type[ConnectorError]
) -> None:
    """60 MB of explanation that hardly come cost nothing."""
    headers = {"Content-Length": "60000000", "Location": "/elsewhere"}
    with ScriptedServer() as server:
        server.always("GET", "/v2/things", Answer((head(status, headers), b"x" * 1000, 5.0)))
        started = time.monotonic()
        with pytest.raises(kind):
            get(server, clock)
        assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({f"X-{number}": "1" for number in range(200)}, id="too many"),
        pytest.param({"Link": "<" + "a" * 100_000 + '>; rel="next"'}, id="too long"),
    ],
)
def test_headers__without_measure_are_refused(clock: SkippingClock, headers: dict[str, str]) -> None:
    with ScriptedServer() as server:
        server.always("GET", "/v2/things", json_answer(RECORDS, headers=headers))
        with pytest.raises(PlatformUnavailable):
            get(server, clock)
        assert len(server.requests) == 4


IN_CHUNKS = head(200, {"Transfer-Encoding": "chunked", "Content-Type": "application/json"})
DRIPS = {
    "body": (head(200, {"Content-Length": "1000"}), b"[" + b" " * 998 + b"]"),
    "body until the connection closes": (head(200, {"Connection": "close"}), b"[" + b" " * 998 + b"]"),
    "status line": (b"HTTP/1.1 200 ", b"O" * 1000),
    "headers": (head(200, {"X-Slow": ""})[:-4], b"y" * 1000),
    "provisional answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 40),
    "size of a chunk": (IN_CHUNKS + b"2;", b"x" * 1000),
    "chunk": (IN_CHUNKS + b"3e8\r\n", b" " * 1000),
    "trailers": (IN_CHUNKS + b"2\r\n[]\r\n0\r\n", b"X-Slow: 1\r\n" * 90),
}


def dripping(where: str) -> Answer:
    start, rest = DRIPS[where]
    drops: list[bytes | float] = [start]
    for byte in rest:
        drops += [0.05, bytes([byte])]
    return Answer(tuple(drops), close=True)


@pytest.mark.parametrize("where", DRIPS)
def test_drip__ends_at_the_deadline_although_each_byte_is_in_time(where: str) -> None:
    limits = Limits(max_tries=1, request_deadline=0.4, read_timeout=0.3)
    with ScriptedServer() as server:
        server.always("GET", "/v2/things", dripping(where))
        session = PlatformSession("badges", server.base_url, 1000, limits)
        started = time.monotonic()
        with pytest.raises(PlatformUnavailable, match="not done within"):
            session.get_json("/v2/things")
        assert time.monotonic() - started < 1.5
        session.close()


def test_drip__through_a_proxy_ends_at_the_deadline_too() -> None:
    limits = Limits(max_tries=1, request_deadline=0.4, read_timeout=0.3)
    with ScriptedServer() as proxy:
        proxy.always("GET", "/v2/things", dripping("headers"))
        session = PlatformSession("badges", "http://127.0.0.1:1", 1000, limits)
        session._requests.proxies = {"http": proxy.base_url}
        started = time.monotonic()
        with pytest.raises(PlatformUnavailable):
            session.get_json("/v2/things")
        assert time.monotonic() - started < 1.5
        assert len(proxy.requests) == 1
        session.close()


def test_silence__ends_at_the_read_timeout() -> None:
    with ScriptedServer() as server:
        server.always("GET", "/v2/things", Answer((2.0,), close=True))
        session = PlatformSession("badges", server.base_url, 1000, Limits(max_tries=1, read_timeout=0.2))
        started = time.monotonic()
        with pytest.raises(PlatformUnavailable):
            session.get_json("/v2/things")
        assert time.monotonic() - started < 1
        session.close()


def test_connection__that_nobody_accepts_ends_at_the_connect_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        waiting = []
        for _ in range(4):  # the queue holds so few that the next one finds no place
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
            waiting.append(one)
        limits = Limits(max_tries=1, connect_timeout=0.3)
        session = PlatformSession("badges", f"http://127.0.0.1:{port}", 1000, limits)
        started = time.monotonic()
        with pytest.raises(PlatformUnavailable, match="got no answer"):
            session.get_json("/v2/things")
        assert 0.2 < time.monotonic() - started < 1.5
        for one in waiting:
            one.close()
        session.close()


def test_fast_answer__leaves_no_timer_behind(clock: SkippingClock) -> None:
    with ScriptedServer() as server:
        server.always("GET", "/v2/things", json_answer(RECORDS))
        session = session_to(server, clock)
        for _ in range(5):
            session.get_json("/v2/things")
        timers = [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
        assert not [timer for timer in timers if not timer.finished.is_set()]
        session.close()


# -- answers that are not the data ---------------------------------------------------------


@pytest.mark.parametrize(
    "page",
    [
        answer(200, b"<!DOCTYPE html><title>Sign in CANARY-PAGE</title>", {"Content-Type": "text/html; charset=utf-8"}),
        answer(200, b"\n <html>CANARY-PAGE</html>", {"Content-Type": "application/json"}),
    ],
)
def test_login_page__is_no_empty_stream(clock: SkippingClock, page: Answer) -> None:
    with ScriptedServer() as server:
        server.on("GET", "/v2/things", page)
        with pytest.raises(AuthenticationFailed, match="looks like a login page") as caught:
            get(server, clock)
    assert "CANARY-PAGE" not in str(caught.value)
    assert "<" in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        b'[{"score": NaN}]',
        b'["\\ud800"]',
        b"[1] trailing",
        b"\xff\xfe[1]",
        b'["\xff"]',
    ],
)
def test_invalid_json__breaks_the_contract_without_another_try(clock: SkippingClock, body: bytes) -> None:
    with ScriptedServer() as server:
        server.on("GET", "/v2/things", answer(200, body, {"Content-Type": "application/json"}))
        with pytest.raises(ContractBroken):
            _ = get(server, clock).document


@pytest.mark.parametrize(
    "body",
    [
        b'[{"id": "1", "id": "2"}]',
        b'[{"a" :1,"a" :2}]',
        b'[{"a": 1, "\\u0061": 2}]',
        b'{"result": [{"deep": [{"b": {"c": 1, "c": 1}}]}]}',
        b'{"result": [], "result": []}',
    ],
)
def test_repeated_name__is_refused_where_the_document_is_read(clock: SkippingClock, body: bytes) -> None:
    with ScriptedServer() as server:
        server.on("GET", "/v2/things", answer(200, body, {"Content-Type": "application/json"}))
        response = get(server, clock)
    with pytest.raises(ContractBroken, match="badges: GET /v2/things sent an object that names a field twice"):
        assert response.document
    if b"[]" in body:  # a page that landing will never see
        with pytest.raises(ContractBroken, match="names a field twice"):
            assert response.outline


def test_outline__leaves_records_unread_and_reads_the_rest(clock: SkippingClock) -> None:
    envelope = {"status": {"success": True}, "result": RECORDS, "next": None, "count": 2.5}
    with ScriptedServer() as server:
        server.on("GET", "/v2/things", json_answer(envelope), json_answer(RECORDS), json_answer({"result": []}))
        outline = get(server, clock).outline
        assert len(outline.pop("result")) == len(RECORDS)
        assert outline == {"status": {"success": True}, "next": None, "count": 2.5}
        assert [bytes(record) for record in get(server, clock).outline] == [
            json.dumps(record).encode() for record in RECORDS
        ]
        assert get(server, clock).outline == {"result": []}


def test_unusual_but_valid_json__is_no_duplicate(clock: SkippingClock) -> None:
    body = b'{ "a" : 1, "text": "says \\u0022: and \\":", "list": [{"a":18446744073709551617}, {"a":1234567.10}] }'
    with ScriptedServer() as server:
        server.on("GET", "/v2/things", answer(200, body))
        response = get(server, clock)
    assert response.body == body and response.document["a"] == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, RequestRefused), (403, AccessDenied), (404, NotFound), (410, NotFound), (422, RequestRefused)],
)
def test_refusal__has_its_own_fault_and_is_not_repeated(
    clock: SkippingClock, status: int, kind: type[ConnectorError]
) -> None:
    with ScriptedServer() as server:
        server.on("GET", "/v2/things", answer(status, b'{"message": "CANARY-BODY"}'))
        with pytest.raises(kind, match=rf"badges: GET /v2/things .*{status}") as caught:
            get(server, clock)
    assert "CANARY" not in str(caught.value)


# -- where requests may go -----------------------------------------------------------------


def test_redirect__to_an_address_that_cannot_be_read_is_no_crash(clock: SkippingClock) -> None:
    with ScriptedServer() as server:
        server.on("GET", "/v2/things", answer(302, headers={"Location": "http://[::1/"}))
        with pytest.raises(ContractBroken, match="redirects"):
            get(server, clock)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirect__is_not_followed(clock: SkippingClock, status: int) -> None:
    with ScriptedServer() as server, ScriptedServer() as other:
        server.on("GET", "/v2/things", answer(status, headers={"Location": f"{other.base_url}/in?token=CANARY"}))
        with pytest.raises(ContractBroken, match="redirects") as caught:
            get(server, clock)
        assert other.requests == []
    assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize(
    "target",
    [
        "https://elsewhere.example.org/v2/things?cursor=CANARY",
        "http://127.0.0.1:1/v2/things",
        "http://user:CANARY@127.0.0.1/v2/things",
        "http://localhost/v2/things",
        "http://127.0.0.1:99999/v2/things?cursor=CANARY",
        "http://127.0.0.1:port/v2/things?cursor=CANARY",
        "http://[::1/v2/things?cursor=CANARY",
        f"https://{'a' * 100_000}.example.org/CANARY",
    ],
)
def test_other_host__is_never_asked(clock: SkippingClock, target: str) -> None:
    with ScriptedServer() as server:
        session = session_to(server, clock)
        with pytest.raises(ContractBroken) as caught:
            session.get_json(target)
        assert server.requests == []
    assert "CANARY" not in str(caught.value)
    assert len(str(caught.value)) < 600


def test_https_source__never_goes_on_without_tls() -> None:
    with ScriptedServer() as server:
        session = PlatformSession("badges", f"https://127.0.0.1:{server.port}")
        with pytest.raises(ContractBroken, match="from https to http"):
            session.get_json(f"http://127.0.0.1:{server.port}/v2/things?cursor=2")
        assert server.requests == []


def test_plain_server_behind_https__is_unavailable_not_a_crash() -> None:
    with ScriptedServer() as server:
        session = PlatformSession("badges", f"https://127.0.0.1:{server.port}", limits=Limits(max_tries=1))
        with pytest.raises(PlatformUnavailable):
            session.get_json("/v2/things")


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.org",
        "ftp://127.0.0.1",
        "api.example.org",
        "https://user:pw@api.example.org",
        "https://api.example.org:99999",
        "https://api.example.org:port",
        "https://api.example.org?key=1",
        "https://",
    ],
)
def test_base_url__is_https_or_this_machine(url: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        checked_base_url(url)
    with pytest.raises(ConfigurationError):
        PlatformSession("badges", url)


def test_base_url__keeps_its_path() -> None:
    assert checked_base_url("http://127.0.0.1:8000/badgr/") == "http://127.0.0.1:8000/badgr"
    assert checked_base_url("https://api.badgr.io") == "https://api.badgr.io"


# -- what is said about it -----------------------------------------------------------------


def test_messages_and_logs__hold_no_query(
    clock: SkippingClock, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    faults: list[Callable[[], Answer]] = [
        lambda: answer(400),
        lambda: answer(404),
        lambda: answer(429),
        lambda: answer(503),
        lambda: Answer((), close=True),
        lambda: unframed_answer(b'["CANARY-BODY"'),
    ]
    with caplog.at_level(logging.INFO):
        for fault in faults:
            with ScriptedServer() as server:
                server.always("GET", "/v2/things", fault())
                with pytest.raises(ConnectorError) as caught:
                    get(server, clock)
            assert "CANARY" not in str(caught.value)
            assert caught.value.__cause__ is None
            assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert "CANARY" not in caplog.text + "".join(capsys.readouterr())


def test_netrc_and_proxy_settings__are_not_sent_to_this_machine(
    clock: SkippingClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password CANARY")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with ScriptedServer() as server:
        server.on("GET", "/v2/things", json_answer(RECORDS))
        assert get(server, clock).document == RECORDS
        assert "authorization" not in server.requests[0].headers


def test_links__are_absolute_whatever_the_server_sends(clock: SkippingClock) -> None:
    with ScriptedServer() as server:
        headers = {"Link": '</v2/things?cursor=b&num=2>; rel="next", <?cursor=a>; rel="prev"'}
        server.on("GET", "/v2/things", json_answer(RECORDS, headers=headers))
        links = get(server, clock).links
    assert links == {
        "next": f"{server.base_url}/v2/things?cursor=b&num=2",
        "prev": f"{server.base_url}/v2/things?cursor=a",
    }


@pytest.mark.parametrize(
    "link",
    [
        '</v2/things?cursor=b>; rel="last next"',
        "</v2/things?cursor=b>; REL=Next",
        '</v2/things?cursor=b>; title="x"; rel="next", </v2/things?cursor=z>; rel="next"',
    ],
)
def test_next_link__is_found_however_it_is_written(clock: SkippingClock, link: str) -> None:
    """Passed over, it would end the page set in silence."""
    with ScriptedServer() as server:
        server.on("GET", "/v2/things", json_answer(RECORDS, headers={"Link": link}))
        assert get(server, clock).links["next"] == f"{server.base_url}/v2/things?cursor=b"


def test_next_link__that_cannot_be_read_is_no_end(clock: SkippingClock) -> None:
    with ScriptedServer() as server:
        server.on("GET", "/v2/things", json_answer(RECORDS, headers={"Link": '<http://[::1/CANARY>; rel="next"'}))
        with pytest.raises(ContractBroken, match="can't be read") as caught:
            get(server, clock)
    assert "CANARY" not in str(caught.value)


def test_content_length__in_odd_digits_is_no_crash(clock: SkippingClock) -> None:
    with ScriptedServer() as server:
        odd = Answer((head(200, {"Content-Length": "\u00b2", "Connection": "close"}), BODY), close=True)
        server.on("GET", "/v2/things", odd)
        assert get(server, clock).body == BODY


def test_shown_url__is_without_query(clock: SkippingClock) -> None:
    with ScriptedServer() as server:
        server.on("GET", "/v2/things", json_answer(RECORDS))
        response = get(server, clock)
    assert response.url_without_query == f"{server.base_url}/v2/things"
    assert HIDDEN not in repr(response)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("Sun, 22 Nov 2026 08:00:00 GMT", "2026-11-22T08:00:00+00:00"),
        ("Sun, 22 Nov 2026 10:00:00 +0200", "2026-11-22T08:00:00+00:00"),
        ("Sun, 22 Nov 2026 08:00:00 -0000", "2026-11-22T08:00:00+00:00"),  # no zone told: UTC, not this machine's
        ("Fri, 31 Dec 9999 23:00:00 -1200", None),
        ("yesterday", None),
        (None, None),
    ],
)
def test_server_time__is_utc_or_not_told(told: str | None, expected: str | None) -> None:
    response = JsonResponse(b"{}", {} if told is None else {"Date": told}, "", "")
    assert (response.server_time and response.server_time.isoformat()) == expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [("12", 12), (" 12 ", 12), ("0", 0), ("-1", None), ("1e3", None), ("9" * 19, None), ("", None)],
)
def test_count_in_a_header__is_a_number_or_none(told: str, expected: int | None) -> None:
    assert JsonResponse(b"{}", {"Total-Count": told}, "", "").count_in("Total-Count") == expected
