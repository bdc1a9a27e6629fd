"""Addresses out of strangers' files: what is refused, what is bounded, what is remembered."""

from __future__ import annotations

import gzip
import ipaddress
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.core.guarded_fetch import FetchLimits, GuardedFetch, Network, NotFetched, is_public
from tests.connectors.local_internet import LocalInternet, Page
from tests.connectors.scripted_server import Answer, ScriptedServer, answer, head, json_answer, short_answer

JSON = {"Content-Type": "application/json"}


def refusal(url: str, network: Network | None = None, limits: FetchLimits | None = None) -> NotFetched:
    with pytest.raises(NotFetched) as caught:
        GuardedFetch(network, limits).get(url)
    return caught.value


def leads_to(*addresses: str) -> Callable[[str, int], list[tuple[str, int]]]:
    return lambda host, port: [(address, port) for address in addresses]


def never(host: str, port: int) -> list[tuple[str, int]]:
    raise AssertionError("asked the name service")


def machine(server: ScriptedServer) -> Network:
    """The public rules set aside for one port of this machine."""
    return Network(
        resolve=lambda host, port: [("127.0.0.1", server.port)],
        is_allowed=lambda address: address.is_loopback,
        schemes=frozenset({"http"}),
        reserved_names=(),
    )


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


# -- what is refused before anything is sent -------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://badges.fr/x",
        "file:///etc/passwd",
        "data:application/json,{}",
        "ftp://badges.fr/x",
        "gopher://badges.fr/x",
        "//badges.fr/x",
        "badges.fr/x",
        "",
    ],
)
def test_scheme__only_https_is_asked(url: str) -> None:
    fault = refusal(url, Network(resolve=never))
    assert fault.is_refused and "only https is asked" in fault.reason


@pytest.mark.parametrize(
    "url",
    [
        "https://",
        "https:///x",
        "https://[::1",
        "https://badges.fr:99999/x",
        "https://badges.fr/a b",
        "https://badges.fr/\r\nX-Injected: 1",
        "https://someone:secret@badges.fr/x",
        "https://" + "a" * 70 + ".\udcff.fr/",
    ],
)
def test_address__that_is_none_or_holds_a_name_is_refused(url: str) -> None:
    fault = refusal(url, Network(resolve=never))
    assert fault.is_refused and "secret" not in fault.reason


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.8.9.10",
        "169.254.169.254",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "192.0.2.1",
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[fe80::1%25eth0]",
        "[fc00::1]",
        "[fec0::1]",
        "[ff02::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:169.254.169.254]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[2001:0:1::1]",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "017700000001",
        "localhost",
        "LOCALHOST.",
        "metadata.google.internal",
        "printer.local",
        "badges.example",
        "sub.example.org",
    ],
)
def test_address__inside_a_network_is_refused_in_every_spelling(host: str) -> None:
    assert refusal(f"https://{host}/latest/meta-data", Network(resolve=never)).is_refused


@pytest.mark.parametrize("host", ["badges.fr", "8.8.8.8", "[2606:4700::1111]"])
def test_name__that_leads_inside_is_refused_whole(host: str) -> None:
    for inside in ("127.0.0.1", "169.254.169.254", "10.1.2.3", "::1", "::ffff:10.0.0.1", "fe80::1%eth0"):
        network = Network(resolve=leads_to("93.184.215.14", inside))
        fault = refusal(f"https://{host}/x", network)
        assert fault.is_refused and fault.reason.endswith("leads to an address that is not public")


def test_public__only_what_the_internet_routes() -> None:
    public = ("93.184.215.14", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "2002:808:808::", "64:ff9b::808:808")
    assert [is_public(ipaddress.ip_address(text)) for text in public] == [True] * len(public)


def test_name__is_resolved_once_and_that_address_is_asked(tmp_path: Path) -> None:
    answers = iter([[("127.0.0.1", 0)], [("10.0.0.1", 443)]])
    with LocalInternet(tmp_path, ["badges.fr"]) as internet:
        internet.says("https://badges.fr/key", {"id": 1})

        def rebinding(host: str, port: int) -> list[tuple[str, int]]:
            ((address, _),) = next(answers)
            return [(address, internet.port)]

        network = replace(internet.network, resolve=rebinding)
        assert GuardedFetch(network).get("https://badges.fr/key").body == b'{"id": 1}'
        assert next(answers) == [("10.0.0.1", 443)], "the name was resolved a second time"


def test_tls__the_name_is_proven_to_the_address_that_was_checked(tmp_path: Path) -> None:
    with LocalInternet(tmp_path, ["badges.fr"]) as internet:
        internet.says("https://badges.fr/key", {"id": 1})
        internet.says("https://other.fr/key", {"id": 2})
        assert GuardedFetch(internet.network).get("https://badges.fr/key").status == 200
        everywhere = replace(internet.network, resolve=lambda host, port: [("127.0.0.1", internet.port)])
        assert refusal("https://other.fr/key", everywhere).reason == "other.fr has no certificate to be trusted"
        distrusting = replace(everywhere, tls=Network().tls)
        assert refusal("https://badges.fr/key", distrusting).reason == "badges.fr has no certificate to be trusted"


# -- redirects --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("https://169.254.169.254/latest", "169.254.169.254 is no public address"),
        ("https://127.0.0.1/", "127.0.0.1 is no public address"),
        ("http://badges.fr/key", "only https is asked, not http:"),
        ("file:///etc/passwd", "only https is asked, not file:"),
        ("https://inside.fr/", "inside.fr leads to an address that is not public"),
        ("https://[::1", "redirects to an address that can't be read"),
    ],
)
def test_redirect__is_checked_like_any_address(tmp_path: Path, target: str, reason: str) -> None:
    with LocalInternet(tmp_path, ["badges.fr"]) as internet:
        internet.pages["https://badges.fr/a"] = Page(302, location=target)

        def resolve(host: str, port: int) -> list[tuple[str, int]]:
            return [("127.0.0.1", internet.port)] if host == "badges.fr" else [("10.0.0.1", port)]

        def is_allowed(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
            return address == ipaddress.ip_address("127.0.0.1") and target != "https://127.0.0.1/"

        network = replace(internet.network, resolve=resolve, is_allowed=is_allowed)
        if target == "https://127.0.0.1/":
            # the first hop is let through by its name's own rule, the second meets the public one
            first = iter([True])
            network = replace(network, is_allowed=lambda address: next(first, False))
        fault = refusal("https://badges.fr/a", network)
        assert (fault.is_refused, fault.reason) == (True, reason)
        assert internet.asked == ["https://badges.fr/a"]


def test_redirect__three_are_followed_and_a_fourth_is_not(tmp_path: Path) -> None:
    with LocalInternet(tmp_path, ["badges.fr", "moved.fr"]) as internet:
        for number in range(4):
            internet.pages[f"https://badges.fr/{number}"] = Page(301, location=f"/{number + 1}")
        internet.says("https://badges.fr/4", {})
        internet.pages["https://badges.fr/2"] = Page(307, location="https://moved.fr/2")
        internet.pages["https://moved.fr/2"] = Page(308, location="https://badges.fr/4")
        assert GuardedFetch(internet.network).get("https://badges.fr/1").url == "https://badges.fr/4"
        assert refusal("https://badges.fr/0", internet.network).reason == "redirects more than 3 times"


# -- bounds -----------------------------------------------------------------------------------


def test_body__of_two_gigabytes_without_length_stays_flat(server: ScriptedServer) -> None:
    sent = [head(200, {**JSON, "Connection": "close"}), *[b" " * (1 << 20)] * 2048]
    server.always("GET", "/list", Answer(tuple(sent), close=True))
    tracemalloc.start()
    reason = refusal("http://badges.fr/list", machine(server)).reason
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert reason == "badges.fr answered with more than 4096 KiB"
    assert peak < 20 << 20


def test_body__that_says_it_is_too_long_is_not_read(server: ScriptedServer) -> None:
    server.always("GET", "/list", Answer((head(200, {**JSON, "Content-Length": str(2 << 30)}), 30.0)))
    started = time.monotonic()
    assert refusal("http://badges.fr/list", machine(server)).reason.endswith("more than 4096 KiB")
    assert time.monotonic() - started < 5


def test_body__a_gzip_bomb_stops_at_the_cap(server: ScriptedServer) -> None:
    bomb = gzip.compress(b"\0" * (200 << 20), 1)
    server.always("GET", "/list", answer(200, bomb, {**JSON, "Content-Encoding": "gzip"}))
    tracemalloc.start()
    reason = refusal("http://badges.fr/list", machine(server)).reason
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert reason == "badges.fr answered with more than 4096 KiB"
    assert peak < 20 << 20


def test_body__packed_and_whole_is_unpacked(server: ScriptedServer) -> None:
    packed = gzip.compress(b'{"id": 1}')
    server.always("GET", "/list", answer(200, packed, {**JSON, "Content-Encoding": "gzip"}))
    assert GuardedFetch(machine(server)).get("http://badges.fr/list").body == b'{"id": 1}'


@pytest.mark.parametrize(
    ("ill", "says"),
    [
        (short_answer(b'{"id": 1}', 4), "badges.fr broke off its answer"),
        (Answer((b"HTTP/1.1 200 OK\r\nContent-Type: applic",), close=True), "answered with applic, no document"),
        (Answer((b"no HTTP at all\r\n\r\n",), close=True), "badges.fr broke off its answer"),
        (answer(200, gzip.compress(b"x" * 99)[:20], {**JSON, "Content-Encoding": "gzip"}), "broke off its answer"),
        (answer(200, b"{}", {**JSON, "Content-Encoding": "br"}), "in the encoding br, which was not asked for"),
        (answer(200, b"<html>", {"Content-Type": "text/html; charset=utf-8"}), "text/html, no document"),
        (answer(200, b"\x89PNG", {"Content-Type": "image/png"}), "image/png, no document"),
    ],
)
def test_answer__that_is_ill_is_told(server: ScriptedServer, ill: Answer, says: str) -> None:
    server.always("GET", "/list", ill)
    assert refusal("http://badges.fr/list", machine(server)).reason.endswith(says)


def test_drip__ends_at_the_deadline(server: ScriptedServer) -> None:
    for slow in (head(200, {**JSON, "Content-Length": "100"}), b"HTTP/1.1 200 "):
        pieces: list[bytes | float] = [slow]
        for _ in range(100):
            pieces += [0.05, b" "]
        server.on("GET", "/list", Answer(tuple(pieces), close=True))
        started = time.monotonic()
        reason = refusal("http://badges.fr/list", machine(server), FetchLimits(deadline=0.3)).reason
        assert reason in ("badges.fr did not answer in time", "badges.fr broke off its answer")
        assert time.monotonic() - started < 1.5


def test_silence__ends_at_the_read_timeout(server: ScriptedServer) -> None:
    server.always("GET", "/list", Answer((5.0, head(200, JSON)), close=True))
    started = time.monotonic()
    reason = refusal("http://badges.fr/list", machine(server), FetchLimits(read_timeout=0.2)).reason
    assert reason == "badges.fr broke off its answer"
    assert time.monotonic() - started < 1.5


def test_tls__a_host_that_never_shakes_hands_ends_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        network = Network(lambda host, given: [("127.0.0.1", port)], lambda address: True, reserved_names=())
        started = time.monotonic()
        refusal("https://badges.fr/", network, FetchLimits(deadline=0.3))
        assert time.monotonic() - started < 1.5


def test_name_service__that_does_not_answer_ends_at_the_timeout() -> None:
    forever = threading.Event()

    def silent(host: str, port: int) -> list[tuple[str, int]]:
        forever.wait()
        return []

    started = time.monotonic()
    fault = refusal("https://badges.fr/", Network(resolve=silent), FetchLimits(connect_timeout=0.2))
    forever.set()
    assert fault.reason == "badges.fr is not known to the name service" and not fault.is_refused
    assert time.monotonic() - started < 1.5


# -- what is remembered -----------------------------------------------------------------------


def test_dead_host__is_waited_for_once(server: ScriptedServer) -> None:
    looked_up: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed_port = listener.getsockname()[1]

    def resolve(host: str, port: int) -> list[tuple[str, int]]:
        looked_up.append(host)
        return [("127.0.0.1", closed_port)]

    fetch = GuardedFetch(replace(machine(server), resolve=resolve))
    for path in ("a", "b", "c"):
        with pytest.raises(NotFetched, match="down.fr can't be reached"):
            fetch.get(f"http://down.fr/{path}")
    assert looked_up == ["down.fr"] and fetch.failed_hosts == {"down.fr"}


def test_document__is_asked_for_once_in_a_run(server: ScriptedServer) -> None:
    server.on("GET", "/key", json_answer({"id": 1}))
    server.on("GET", "/gone", answer(404))
    fetch = GuardedFetch(machine(server))
    assert {fetch.get("http://badges.fr/key").body for _ in range(3)} == {b'{"id": 1}'}
    assert {fetch.get("http://badges.fr/gone").status for _ in range(3)} == {404}
    assert len(server.requests) == 2


def test_memory__of_documents_is_bounded(server: ScriptedServer) -> None:
    server.always("GET", "/a", answer(200, b" " * 600, JSON))
    server.always("GET", "/b", answer(200, b" " * 600, JSON))
    fetch = GuardedFetch(machine(server), FetchLimits(max_kept_bytes=1000))
    for _ in range(2):
        assert len(fetch.get("http://badges.fr/a").body) == len(fetch.get("http://badges.fr/b").body) == 600
    assert [request.path for request in server.requests] == ["/a", "/b", "/b"]


def test_run__asks_no_more_once_its_time_is_used_up(server: ScriptedServer) -> None:
    server.on("GET", "/a", Answer((0.15, json_answer({}).pieces[0], b"{}"), close=True))
    fetch = GuardedFetch(machine(server), FetchLimits(max_total=0.1))
    assert fetch.get("http://badges.fr/a").status == 200
    with pytest.raises(NotFetched, match="used up in this run"):
        fetch.get("http://badges.fr/b")
    assert fetch.failed_hosts and len(server.requests) == 1


def test_request__holds_no_credential_cookie_or_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    (tmp_path / ".netrc").write_text("machine badges.fr login someone password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with LocalInternet(tmp_path, ["badges.fr"]) as internet:
        internet.says("https://badges.fr/key", {})
        GuardedFetch(internet.network).get("https://badges.fr/key?x=1")
        (sent,) = internet.headers
        assert set(sent) == {"host", "user-agent", "accept", "accept-encoding", "connection"}
        assert internet.asked == ["https://badges.fr/key?x=1"]
