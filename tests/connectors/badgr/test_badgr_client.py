"""Badgr over real HTTP: full lists, feeds of changes, envelopes, watermarks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.badgr.client import BadgrConnector, BadgrOptions
from connectors.badgr.streams import ASSERTIONS, BADGE_CLASSES, ISSUERS
from connectors.core.connector import Connection, Options
from connectors.core.errors import (
    AccessDenied,
    AuthenticationFailed,
    ConfigurationError,
    ContractBroken,
    PageSetLost,
)
from tests.connectors.counting_sink import CountingSink
from tests.connectors.scripted_server import Answer, Request, ScriptedServer, answer, json_answer

NOW = "2026-11-02T08:30:00.123456Z"
OLD = {"changed_since": "2026-10-01T00:00:00Z"}
AWARDS = "/v2/issuers/iss-1/assertions"
CHANGED = "/v2/assertions/changed"


def envelope(*ids: str, **more: Any) -> dict[str, Any]:
    return {"status": {"success": True, "description": "ok"}, "result": [{"entityId": key} for key in ids], **more}


def listed(*ids: str, following: str = "") -> Answer:
    headers = {"Link": f'<{following}>; rel="next", </back>; rel="prev"'} if following else {}
    return json_answer(envelope(*ids), headers=headers)


def changed(*ids: str, following: str = "", at: str = NOW) -> Answer:
    pagination = {"hasNext": bool(following), "nextResults": following or None, "hasPrevious": False}
    return json_answer(envelope(*ids, pagination=pagination, timestamp=at))


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        running.always("POST", "/o/token", json_answer({"access_token": "a1", "token_type": "Bearer"}))
        yield running


@pytest.fixture
def badges(server: ScriptedServer, tmp_path: Path) -> Iterator[BadgrConnector]:
    connector = connector_to(server.base_url, tmp_path)
    yield connector
    connector.close()


def connector_to(base_url: str, folder: Path, **options: Any) -> BadgrConnector:
    chosen = BadgrOptions(base_url=base_url, requests_per_second=1000, **options)
    secrets = {"username": "someone@example.org", "password": "CANARY-PASSWORD"}
    return BadgrConnector(Connection("cedar", "badges", "America/Chicago", chosen, folder, folder, secrets))


# -- everything ----------------------------------------------------------------------------


def test_first_pull__reads_awards_of_every_issuer_expired_and_revoked_too(
    server: ScriptedServer, badges: BadgrConnector
) -> None:
    server.on("GET", CHANGED, changed())
    server.on("GET", "/v2/issuers", listed("iss-1", "iss/2"))
    server.on("GET", AWARDS, listed("a1", "a2", following=f"{server.base_url}{AWARDS}?num=500&cursor=x"), listed("a3"))
    server.on("GET", "/v2/issuers/iss%2F2/assertions", listed("a4"))
    sink = CountingSink()
    pulled = badges.pull(ASSERTIONS, None, sink)
    assert sink.ids("entityId") == ["a1", "a2", "a3", "a4"]
    assert (pulled.is_reset, pulled.pages, pulled.reported_total) == (True, 3, None)
    assert server.asked("GET", AWARDS)[0].query == {"num": "500", "include_expired": "true", "include_revoked": "true"}
    assert all(request.token == "a1" for request in server.requests if request.method == "GET")


def test_first_pull__takes_its_watermark_before_the_first_page(server: ScriptedServer, badges: BadgrConnector) -> None:
    server.on("GET", "/v2/badgeclasses/changed", changed(at=NOW))
    server.on("GET", "/v2/badgeclasses", listed("bc-1"))
    pulled = badges.pull(BADGE_CLASSES, None, CountingSink())
    assert pulled.cursor == {"changed_since": NOW, "server": server.base_url}
    gets = [request.path for request in server.requests if request.method == "GET"]
    assert gets == ["/v2/badgeclasses/changed", "/v2/badgeclasses"]


def test_first_pull__passes_on_every_page_even_an_empty_one(server: ScriptedServer, badges: BadgrConnector) -> None:
    server.on("GET", "/v2/issuers/changed", changed())
    server.on("GET", "/v2/issuers", listed("iss-1", following="/v2/issuers?cursor=b"))
    server.on("GET", "/v2/issuers", listed(following="/v2/issuers?cursor=c"), listed("iss-2"))
    sink = CountingSink()
    badges.pull(ISSUERS, None, sink)
    assert sink.ids("entityId") == ["iss-1", "iss-2"]


def test_same_page_twice__is_passed_on_for_landing_to_count(server: ScriptedServer, badges: BadgrConnector) -> None:
    server.on("GET", "/v2/issuers/changed", changed())
    server.on("GET", "/v2/issuers", listed("i1", following="/v2/issuers?cursor=b"))
    server.on("GET", "/v2/issuers", listed("i1", following="/v2/issuers?cursor=c"), listed("i2"))
    sink = CountingSink()
    badges.pull(ISSUERS, None, sink)
    assert sink.ids("entityId") == ["i1", "i1", "i2"]


def test_server_without_feeds__is_read_whole_each_time(server: ScriptedServer, badges: BadgrConnector) -> None:
    server.always("GET", "/v2/issuers/changed", answer(404))
    server.on("GET", "/v2/issuers", listed("i1"), listed("i1"))
    first = badges.pull(ISSUERS, None, CountingSink())
    assert first.cursor is None
    assert first.is_reset
    assert "reads everything" in first.notes[0]
    sink = CountingSink()
    again = badges.pull(ISSUERS, OLD, sink)
    assert again.is_reset
    assert sink.ids("entityId") == ["i1"]


# -- changes -------------------------------------------------------------------------------


def test_incremental__starts_before_the_watermark_and_follows_the_body(
    server: ScriptedServer, badges: BadgrConnector
) -> None:
    following = f"{server.base_url}{CHANGED}?since=2026-09-30&cursor=b"
    server.on("GET", CHANGED, changed("a1", following=following), changed("a2", at="2026-11-02T09:00:00Z"))
    sink = CountingSink()
    pulled = badges.pull(ASSERTIONS, OLD, sink)
    assert sink.ids("entityId") == ["a1", "a2"]
    since = datetime.fromisoformat(server.asked("GET", CHANGED)[0].query["since"])
    assert since == datetime(2026, 9, 30, 23, 55, tzinfo=UTC)
    assert not pulled.is_reset
    assert pulled.cursor == {"changed_since": NOW, "server": server.base_url}, (
        "the first page's time: later changes may be on no page"
    )


@pytest.mark.parametrize(
    ("cursor", "said"),
    [
        ({"changed_since": "2999-01-01T00:00:00+00:00"}, "later than the server's clock"),
        ({"changed_since": NOW, "server": "https://old.example.org"}, "another server"),
    ],
)
def test_watermark_that_is_not_of_this_servers_time__is_a_full_pull_with_a_note(
    server: ScriptedServer, badges: BadgrConnector, cursor: dict[str, Any], said: str
) -> None:
    server.always("GET", "/v2/issuers/changed", changed())
    server.on("GET", "/v2/issuers", listed("i1"))
    sink = CountingSink()
    pulled = badges.pull(ISSUERS, cursor, sink)
    assert sink.ids("entityId") == ["i1"]
    assert pulled.is_reset
    assert pulled.cursor == {"changed_since": NOW, "server": server.base_url}
    assert said in pulled.notes[0]


@pytest.mark.parametrize(
    "cursor", [{}, {"changed_since": "yesterday"}, {"changed_since": 7}, {"changed_since": "2026-01-01"}]
)
def test_unreadable_watermark__is_a_full_pull(
    server: ScriptedServer, badges: BadgrConnector, cursor: dict[str, Any]
) -> None:
    server.on("GET", "/v2/issuers/changed", changed())
    server.on("GET", "/v2/issuers", listed("i1"))
    assert badges.pull(ISSUERS, cursor, CountingSink()).is_reset


def test_two_sequential_pulls__second_reads_only_changes(server: ScriptedServer, badges: BadgrConnector) -> None:
    server.on("GET", "/v2/issuers/changed", changed(), changed())
    server.on("GET", "/v2/issuers", listed("i1"))
    first = badges.pull(ISSUERS, None, CountingSink())
    sink = CountingSink()
    second = badges.pull(ISSUERS, first.cursor, sink)
    assert sink.records == []
    assert second.cursor == first.cursor
    assert len(server.asked("GET", "/v2/issuers")) == 1


# -- contract ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "document",
    [
        {"error": "CANARY"},
        {"status": {"success": False, "description": "CANARY"}, "result": []},
        {"status": {"success": True}},
        {"status": {"success": True}, "result": None},
        {"status": {"success": True}, "result": {"entityId": "x"}},
        {"result": []},
        [],
        None,
    ],
)
def test_wrong_envelope__is_never_zero_records(
    server: ScriptedServer, badges: BadgrConnector, document: object
) -> None:
    server.on("GET", "/v2/issuers/changed", changed())
    server.on("GET", "/v2/issuers", json_answer(document))
    with pytest.raises(ContractBroken) as caught:
        badges.pull(ISSUERS, None, CountingSink())
    assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize(
    "timestamp",
    [None, "", "2026-11-02T08:30:00", 1760000000, "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "NaN"],
)
def test_feed_without_usable_time__breaks_the_contract(
    server: ScriptedServer, badges: BadgrConnector, timestamp: object
) -> None:
    server.on("GET", CHANGED, json_answer(envelope("a1", timestamp=timestamp)))
    with pytest.raises(ContractBroken, match="timestamp"):
        badges.pull(ASSERTIONS, OLD, CountingSink())


def test_feed_that_promises_a_page_and_not_where__breaks_the_contract(
    server: ScriptedServer, badges: BadgrConnector
) -> None:
    document = envelope("a1", timestamp=NOW, pagination={"hasNext": True, "nextResults": None})
    server.on("GET", CHANGED, json_answer(document))
    with pytest.raises(ContractBroken, match="not where"):
        badges.pull(ASSERTIONS, OLD, CountingSink())


def test_feed_loop__is_found(server: ScriptedServer, badges: BadgrConnector) -> None:
    server.always("GET", CHANGED, changed("a1", following=f"{CHANGED}?cursor=b"))
    with pytest.raises(ContractBroken, match="points back"):
        badges.pull(ASSERTIONS, OLD, CountingSink())
    assert len(server.asked("GET", CHANGED)) <= 3


@pytest.mark.parametrize("status", [400, 404, 410])
@pytest.mark.parametrize("cursor", [None, OLD])
def test_row_21__a_cursor_that_expired_is_a_lost_page_set(
    server: ScriptedServer, badges: BadgrConnector, cursor: dict[str, Any] | None, status: int
) -> None:
    """And neither a server without feeds nor an unknown issuer."""
    server.on("GET", "/v2/issuers/changed", changed("i1", following="/v2/issuers/changed?cursor=b" if cursor else ""))
    server.on(
        "GET",
        "/v2/issuers/changed" if cursor else "/v2/issuers",
        *([] if cursor else [listed("i1", following="/v2/issuers?cursor=b")]),
        answer(status),
    )
    with pytest.raises(PageSetLost) as caught:
        badges.pull(ISSUERS, cursor, CountingSink())
    assert caught.value.is_transient


def test_issuer_without_id__breaks_the_contract(server: ScriptedServer, badges: BadgrConnector) -> None:
    server.on("GET", CHANGED, changed())
    server.on("GET", "/v2/issuers", json_answer({"status": {"success": True}, "result": [{"name": "x"}]}))
    with pytest.raises(ContractBroken, match="without entityId"):
        badges.pull(ASSERTIONS, None, CountingSink())


# -- access --------------------------------------------------------------------------------


def test_token_expires_mid_pull__the_page_is_read_again(server: ScriptedServer, badges: BadgrConnector) -> None:
    """An older server says 403 where a newer one says 401."""
    tokens = iter(["a1", "a2"])

    def token(request: Request) -> Answer:
        return json_answer({"access_token": next(tokens), "token_type": "Bearer", "refresh_token": "r"})

    server.always("POST", "/o/token", token)
    server.on("GET", "/v2/issuers/changed", changed())
    server.on("GET", "/v2/issuers", listed("i1", following="/v2/issuers?cursor=b"), answer(403), listed("i2"))
    sink = CountingSink()
    badges.pull(ISSUERS, None, sink)
    assert sink.ids("entityId") == ["i1", "i2"]
    assert [request.query for request in server.asked("GET", "/v2/issuers")][1:] == [{"cursor": "b"}] * 2
    assert len(server.asked("POST", "/o/token")) == 2


def test_forbidden_stream__fails_and_the_others_go_on(server: ScriptedServer, badges: BadgrConnector) -> None:
    server.on("GET", CHANGED, changed())
    server.on("GET", "/v2/issuers", listed("iss-1"), listed("iss-1"))
    server.always("GET", AWARDS, answer(403))
    with pytest.raises(AccessDenied, match=AWARDS):
        badges.pull(ASSERTIONS, None, CountingSink())
    server.on("GET", "/v2/issuers/changed", changed())
    assert badges.pull(ISSUERS, None, CountingSink()).pages == 1


def test_check__signs_in_and_counts_issuers(server: ScriptedServer, badges: BadgrConnector) -> None:
    server.on("GET", "/v2/issuers", listed("i1", "i2"))
    assert badges.check() == "badges: signed in, 2 issuers can be read"


def test_check__fails_on_a_wrong_password(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        server.on("POST", "/o/token", json_answer({"error": "invalid_grant"}, 401))
        with pytest.raises(AuthenticationFailed, match="BADGES_USERNAME and BADGES_PASSWORD") as caught:
            connector_to(server.base_url, tmp_path).check()
        assert len(server.requests) == 1
    assert "CANARY" not in str(caught.value)


# -- options -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong", [{"base_url": "http://api.badgr.io"}, {"page_size": 501}, {"page_size": 0}, {"pages": 1}]
)
def test_options__refuse_what_the_platform_would(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        BadgrOptions(**{"base_url": "https://api.badgr.io", **wrong})


def test_options_of_another_platform__are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        BadgrConnector(Connection("cedar", "badges", "UTC", Options(), tmp_path, tmp_path, {}))
