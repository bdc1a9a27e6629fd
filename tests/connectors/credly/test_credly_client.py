"""Credly over real HTTP: the envelope, next pages, days, the token."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.core.connector import Connection, Options
from connectors.core.errors import (
    AccessDenied,
    AuthenticationFailed,
    ConfigurationError,
    ContractBroken,
    MissingSecret,
)
from connectors.credly.client import CredlyConnector, CredlyOptions
from connectors.credly.streams import BADGE_TEMPLATES, ISSUED_BADGES
from tests.connectors.counting_sink import CountingSink
from tests.connectors.scripted_server import Answer, ScriptedServer, answer, json_answer

BADGES = "/v1/organizations/org-1/high_volume_issued_badge_search"
TEMPLATES = "/v1/organizations/org-1/badge_templates"
TOKEN = "CANARY-TOKEN"


class DataSink(CountingSink):
    """Takes pages in Credly's envelope."""

    def add_page(self, body: bytes, records_path: str) -> None:
        assert records_path == "$.data[*]"
        super().add_page(body.replace(b'"data"', b'"result"', 1), "$.result[*]")


def page(*ids: str, following: str | None = None, total: int | None = None, date: str = "") -> Answer:
    metadata = {"count": len(ids), "next_page_url": following} | ({} if total is None else {"total_count": total})
    document = {"data": [{"id": key} for key in ids], "metadata": metadata}
    return json_answer(document, headers={"Date": date} if date else None)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


@pytest.fixture
def credly(server: ScriptedServer, tmp_path: Path) -> Iterator[CredlyConnector]:
    connector = connector_to(server.base_url, tmp_path)
    yield connector
    connector.close()


def connector_to(base_url: str, folder: Path, token: str = TOKEN, **options: Any) -> CredlyConnector:
    chosen = CredlyOptions(base_url=base_url, organization="org-1", requests_per_second=1000, **options)
    return CredlyConnector(Connection("cedar", "credly", "America/Chicago", chosen, folder, folder, {"token": token}))


# -- everything ----------------------------------------------------------------------------


def test_pull__follows_the_next_page_until_there_is_none(server: ScriptedServer, credly: CredlyConnector) -> None:
    server.on("GET", BADGES, page("a", "b", following=f"{server.base_url}{BADGES}?page=2", total=4))
    server.on("GET", BADGES, page(following=f"{BADGES}?page=3", total=4), page("c", "d", total=5))
    sink = DataSink()
    pulled = credly.pull(ISSUED_BADGES, None, sink)
    assert sink.ids() == ["a", "b", "c", "d"]
    assert (pulled.is_reset, pulled.pages, pulled.reported_total, pulled.added_meanwhile) == (True, 3, 4, 1)
    assert [request.query for request in server.requests] == [{}, {"page": "2"}, {"page": "3"}]


def test_token__is_the_user_name_with_an_empty_password(server: ScriptedServer, credly: CredlyConnector) -> None:
    server.on("GET", TEMPLATES, page("t1", total=7))
    assert credly.check() == "credly: signed in, 7 badge templates can be read"
    scheme, _, encoded = server.requests[0].headers["authorization"].partition(" ")
    assert (scheme, b64decode(encoded)) == ("Basic", f"{TOKEN}:".encode())


def test_pull__without_a_count_takes_what_came(server: ScriptedServer, credly: CredlyConnector) -> None:
    server.on("GET", BADGES, page("a"))
    assert credly.pull(ISSUED_BADGES, None, DataSink()).reported_total is None


# -- changes -------------------------------------------------------------------------------


def test_templates__are_asked_for_by_the_servers_day_and_the_day_before(
    server: ScriptedServer, credly: CredlyConnector
) -> None:
    server.on("GET", TEMPLATES, page("t1", date="Fri, 06 Nov 2026 00:10:00 GMT"), page("t1", "t2"))
    first = credly.pull(BADGE_TEMPLATES, None, DataSink())
    origin = f"{server.base_url}/v1/organizations/org-1"
    assert first.cursor == {"updated_since": "2026-11-06", "organization": origin}
    sink = DataSink()
    second = credly.pull(BADGE_TEMPLATES, first.cursor, sink)
    assert server.requests[1].query == {"filter": "updated_at_min::2026-11-05"}
    assert sink.ids() == ["t1", "t2"]
    assert not second.is_reset


def test_badges__are_all_read_each_time_unless_the_vendor_can_filter(
    server: ScriptedServer, credly: CredlyConnector, tmp_path: Path
) -> None:
    server.always("GET", BADGES, page("a"))
    first = credly.pull(ISSUED_BADGES, None, DataSink())
    assert (first.cursor, first.is_reset) == (None, True)
    cursor = {"updated_since": "2026-11-06", "organization": f"{server.base_url}/v1/organizations/org-1"}
    assert credly.pull(ISSUED_BADGES, cursor, DataSink()).is_reset
    filtering = connector_to(server.base_url, tmp_path, badges_changed_since=True)
    assert not filtering.pull(ISSUED_BADGES, cursor, DataSink()).is_reset
    assert [request.query for request in server.requests] == [{}, {}, {"filter": "updated_at_min::2026-11-05"}]


@pytest.mark.parametrize("status", [400, 422])
def test_badges__a_refused_filter_reads_everything_with_a_note(
    server: ScriptedServer, tmp_path: Path, status: int
) -> None:
    server.on("GET", BADGES, answer(status), page("a"))
    filtering = connector_to(server.base_url, tmp_path, badges_changed_since=True)
    pulled = filtering.pull(ISSUED_BADGES, {"updated_since": "2026-11-06"}, DataSink())
    assert pulled.is_reset
    assert "refuses to filter" in pulled.notes[0]


TOMORROW = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()


@pytest.mark.parametrize(
    ("cursor", "note"),
    [
        ({"updated_since": "2999-01-01"}, "has not come yet"),
        ({"updated_since": TOMORROW}, "has not come yet"),
        ({"updated_since": "2026-02-30"}, "could not be read"),
        ({"updated_since": 7}, "could not be read"),
        ({}, "could not be read"),
        ({"updated_since": "2026-11-01", "organization": "https://elsewhere.example/v1/organizations/o"}, "of another"),
    ],
)
def test_cursor__that_can_not_be_trusted_reads_everything(
    server: ScriptedServer, credly: CredlyConnector, cursor: dict[str, Any], note: str
) -> None:
    server.on("GET", TEMPLATES, page("t1"))
    pulled = credly.pull(BADGE_TEMPLATES, cursor, DataSink())
    assert pulled.is_reset
    assert note in pulled.notes[0]
    assert server.requests[0].query == {}


# -- the contract --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "document",
    [
        {"error": "x"},
        {"data": None, "metadata": {"next_page_url": None}},
        {"data": [{"id": "a"}]},
        {"data": [{"id": "a"}], "metadata": {"count": 1}},
        {"data": [{"id": "a"}], "metadata": {"next_page_url": 2}},
        [{"id": "a"}],
    ],
)
def test_envelope__that_is_not_whole_is_a_fault(
    server: ScriptedServer, credly: CredlyConnector, document: object
) -> None:
    server.on("GET", BADGES, json_answer(document))
    with pytest.raises(ContractBroken):
        credly.pull(ISSUED_BADGES, None, DataSink())


def test_next_page__on_another_host_is_refused(server: ScriptedServer, credly: CredlyConnector) -> None:
    server.on("GET", BADGES, page("a", following="https://elsewhere.example/v1/x?page=2"))
    with pytest.raises(ContractBroken, match="only 127.0.0.1 may be asked"):
        credly.pull(ISSUED_BADGES, None, DataSink())


def test_next_page__that_leads_back_is_found_at_once(server: ScriptedServer, credly: CredlyConnector) -> None:
    server.on("GET", BADGES, page("a", following=f"{BADGES}?page=2"), page("b", following=BADGES))
    with pytest.raises(ContractBroken, match="points back"):
        credly.pull(ISSUED_BADGES, None, DataSink())
    assert len(server.requests) == 2


# -- access --------------------------------------------------------------------------------


def test_wrong_token__is_asked_once_and_not_told(server: ScriptedServer, credly: CredlyConnector) -> None:
    server.on("GET", TEMPLATES, answer(401))
    with pytest.raises(AuthenticationFailed) as caught:
        credly.check()
    assert TOKEN not in str(caught.value)
    assert "after a new one" not in str(caught.value), "there is no other token to try"


def test_other_organisation__is_no_access(server: ScriptedServer, credly: CredlyConnector) -> None:
    server.on("GET", BADGES, answer(403))
    with pytest.raises(AccessDenied, match="org-1"):
        credly.pull(ISSUED_BADGES, None, DataSink())


def test_token__that_is_missing_or_can_not_be_sent_is_told(tmp_path: Path) -> None:
    with pytest.raises(MissingSecret, match="CREDLY_TOKEN"):
        connector_to("https://api.credly.com", tmp_path, token="")
    with pytest.raises(ConfigurationError, match="printable"):
        connector_to("https://api.credly.com", tmp_path, token="tok\u00e9n")


def test_connector__never_shows_its_token(credly: CredlyConnector) -> None:
    assert TOKEN not in repr(vars(credly))


@pytest.mark.parametrize(
    "wrong",
    [{"base_url": "http://api.credly.com"}, {"organization": ""}, {"organization": "a/../b"}, {"page_size": 10}],
)
def test_options__refuse_what_the_platform_would(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CredlyOptions(**{"base_url": "https://api.credly.com", "organization": "o", **wrong})


def test_options_of_another_platform__are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        CredlyConnector(Connection("cedar", "credly", "UTC", Options(), tmp_path, tmp_path, {}))
