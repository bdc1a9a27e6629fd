"""Ed-Fi over real HTTP: discovery, pages by token and by offset, change queries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
    PageSetLost,
)
from connectors.edfi.client import EdFiConnector, EdFiOptions
from connectors.edfi.data_standard import DATA_STANDARD_5_2, DATA_STANDARDS, DataStandard, data_standard
from connectors.edfi.streams import (
    CREDENTIALS,
    EVALUATION_RATINGS,
    EVALUATIONS,
    SCHOOLS,
    STAFF_IDENTIFICATION_CODES,
    STAFFS,
    STREAMS,
)
from tests.connectors.counting_sink import CountingSink
from tests.connectors.scripted_server import Answer, Request, ScriptedServer, answer, json_answer

STAFF_PATH = "/api/data/v3/ed-fi/staffs"
RATINGS_PATH = "/api/data/v3/tpdm/evaluationRatings"
VERSIONS_PATH = "/api/changeQueries/v1/availableChangeVersions"
SAVED = {"change_version": 10}


def records(*ids: str) -> list[dict[str, str]]:
    return [{"id": key} for key in ids]


def numbered(start: int, count: int) -> list[dict[str, str]]:
    return records(*[f"s{number}" for number in range(start, start + count)])


def by_token(*ids: str, following: str = "") -> Answer:
    return json_answer(records(*ids), headers={"Next-Page-Token": following} if following else {})


def total(count: int) -> Answer:
    return json_answer([], headers={"Total-Count": str(count)})


def versions(newest: int, oldest: int = 0, capital: bool = False) -> Answer:
    names = (
        ("OldestChangeVersion", "NewestChangeVersion") if capital else ("oldestChangeVersion", "newestChangeVersion")
    )
    return json_answer(dict(zip(names, (oldest, newest), strict=True)))


def discovery(server: ScriptedServer, **more: Any) -> dict[str, Any]:
    base = f"{server.base_url}/api"
    return {
        "version": "7.3",
        "dataModels": [{"name": "Ed-Fi", "version": "5.2.0"}, {"name": "TPDM", "version": "1.1.0"}],
        "urls": {
            "oauth": f"{base}/oauth/token",
            "dataManagementApi": f"{base}/data/v3/",
            "changeQueries": f"{base}/changeQueries/v1/",
        },
        **more,
    }


def at(server: ScriptedServer, version: int) -> dict[str, Any]:
    """The cursor of that change version on that server."""
    return {"change_version": version, "server": f"{server.base_url}/api/data/v3"}


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        running.always("GET", "/api/", json_answer(discovery(running)))
        running.always(
            "POST", "/api/oauth/token", json_answer({"access_token": "a1", "token_type": "bearer", "expires_in": 1800})
        )
        yield running


@pytest.fixture
def sis(server: ScriptedServer, tmp_path: Path) -> Iterator[EdFiConnector]:
    connector = connector_to(server, tmp_path)
    yield connector
    connector.close()


def connector_to(server: ScriptedServer, folder: Path, **options: Any) -> EdFiConnector:
    chosen = EdFiOptions(base_url=f"{server.base_url}/api", requests_per_second=1000, **options)
    secrets = {"client_id": "key", "client_secret": "CANARY-SECRET"}
    return EdFiConnector(Connection("cedar", "sis", "America/Chicago", chosen, folder, folder, secrets))


def feed(*entries: dict[str, Any]) -> Callable[[Request], Answer]:
    """A feed of deletes or key changes, by limit and offset."""

    def script(request: Request) -> Answer:
        offset = int(request.query["offset"])
        return json_answer(entries[offset : offset + int(request.query["limit"])])

    return script


def no_feeds(server: ScriptedServer, path: str = STAFF_PATH) -> None:
    server.on("GET", f"{path}/deletes", json_answer([]))
    server.on("GET", f"{path}/keyChanges", json_answer([]))


# -- everything ----------------------------------------------------------------------------


def test_first_pull__follows_page_tokens_and_starts_the_cursor_before_the_first_page(
    server: ScriptedServer, sis: EdFiConnector
) -> None:
    server.on("GET", VERSIONS_PATH, versions(42))
    server.on("GET", STAFF_PATH, total(4), by_token("s1", "s2", following="t1"), by_token(following="t2"))
    server.on("GET", STAFF_PATH, by_token("s3", following="t3"), by_token("s4"))
    sink = CountingSink()
    pulled = sis.pull(STAFFS, None, sink)
    assert sink.ids() == ["s1", "s2", "s3", "s4"]
    assert (pulled.cursor, pulled.is_reset, pulled.reported_total) == (at(server, 42), True, 4)
    assert [request.query for request in server.asked("GET", STAFF_PATH)] == [
        {"limit": "0", "totalCount": "true"},
        {"pageSize": "500"},
        *({"pageSize": "500", "pageToken": token} for token in ("t1", "t2", "t3")),
    ]
    gets = [request.path for request in server.requests if request.method == "GET"]
    assert gets[:3] == ["/api/", VERSIONS_PATH, STAFF_PATH]


def test_same_page_twice__is_passed_on_for_landing_to_count(server: ScriptedServer, sis: EdFiConnector) -> None:
    server.on("GET", VERSIONS_PATH, versions(42))
    server.on("GET", STAFF_PATH, total(2), by_token("s1", following="t1"), by_token("s1", following="t2"))
    server.on("GET", STAFF_PATH, by_token("s2"), total(2))
    sink = CountingSink()
    pulled = sis.pull(STAFFS, None, sink)
    assert sink.ids() == ["s1", "s1", "s2"]
    assert (pulled.reported_total, pulled.added_meanwhile, pulled.notes) == (2, 0, ())


def test_token_loop__is_found(server: ScriptedServer, sis: EdFiConnector) -> None:
    """Some mock servers answer every page with the same token."""
    server.on("GET", VERSIONS_PATH, versions(42))
    server.on("GET", STAFF_PATH, total(2))
    server.always("GET", STAFF_PATH, by_token("s1", following="string"))
    with pytest.raises(ContractBroken, match=r"sis\.staffs: after 2 pages the platform points back"):
        sis.pull(STAFFS, None, CountingSink())
    assert len(server.asked("GET", STAFF_PATH)) <= 1 + 2 + 2


class OldServer:
    """Pages by limit and offset only. refuses: `pageSize` gives 400; otherwise it is passed over."""

    def __init__(self, count: int, refuses: bool, most: int = 500) -> None:
        self.everything = numbered(0, count)
        self.refuses = refuses
        self.most = most

    def __call__(self, request: Request) -> Answer:
        if "pageSize" in request.query and self.refuses:
            return json_answer({"message": "unknown parameter"}, 400)
        offset, limit = int(request.query.get("offset", 0)), int(request.query.get("limit", 25))
        headers = {"Total-Count": str(len(self.everything))} if "totalCount" in request.query else {}
        return json_answer(self.everything[offset : offset + min(limit, self.most)], headers=headers)


@pytest.mark.parametrize("refuses", [True, False])
@pytest.mark.parametrize("count", [0, 1, 25, 26, 1203])
def test_server_without_tokens__is_read_by_offset(
    server: ScriptedServer, sis: EdFiConnector, refuses: bool, count: int
) -> None:
    server.on("GET", VERSIONS_PATH, versions(42))
    server.always("GET", STAFF_PATH, OldServer(count, refuses))
    server.always("GET", f"{STAFF_PATH}/deletes", json_answer([]))
    sink = CountingSink()
    pulled = sis.pull(STAFFS, None, sink)
    assert sink.ids() == [f"s{number}" for number in range(count)]
    assert pulled.reported_total == count
    assert pulled.is_reset


def test_server_that_caps_the_page_size__is_read_to_the_end(server: ScriptedServer, sis: EdFiConnector) -> None:
    server.on("GET", VERSIONS_PATH, versions(42))
    server.always("GET", STAFF_PATH, OldServer(250, refuses=True, most=100))
    server.always("GET", f"{STAFF_PATH}/deletes", json_answer([]))
    sink = CountingSink()
    sis.pull(STAFFS, None, sink)
    assert len(set(sink.ids())) == len(sink.ids()) == 250


def test_old_server__is_not_asked_for_tokens_again(server: ScriptedServer, sis: EdFiConnector) -> None:
    server.always("GET", VERSIONS_PATH, versions(42))
    server.always("GET", f"{STAFF_PATH}/deletes", json_answer([]))
    server.always("GET", STAFF_PATH, OldServer(600, refuses=True))
    sis.pull(STAFFS, None, CountingSink())
    sis.pull(STAFFS, None, CountingSink())
    assert sum("pageSize" in request.query for request in server.asked("GET", STAFF_PATH)) == 1


@pytest.mark.parametrize(("counted_after", "added"), [(2, 1), (5, 4), (1, 0), (0, 0)])
def test_more_than_reported__is_explained_by_a_second_count_or_not_at_all(
    server: ScriptedServer, sis: EdFiConnector, counted_after: int, added: int
) -> None:
    server.on("GET", VERSIONS_PATH, versions(42))
    server.on("GET", STAFF_PATH, total(1), by_token("s1", "s2", following="t"), by_token(), total(counted_after))
    pulled = sis.pull(STAFFS, None, CountingSink())
    assert (pulled.reported_total, pulled.added_meanwhile) == (1, added)
    assert bool(pulled.notes) == bool(added)


def test_fewer_than_reported__is_left_for_the_count_check(server: ScriptedServer, sis: EdFiConnector) -> None:
    server.on("GET", VERSIONS_PATH, versions(42))
    server.on("GET", STAFF_PATH, total(3), by_token("s1", "s2", following="t"), by_token())
    sink = CountingSink()
    assert sis.pull(STAFFS, None, sink).reported_total == 3
    assert len(sink.records) == 2


@pytest.mark.parametrize("has_change_queries", [True, False])
@pytest.mark.parametrize("gone", [1, 40])
def test_row_17__a_delete_during_offset_paging_hides_no_other_record(
    server: ScriptedServer, sis: EdFiConnector, has_change_queries: bool, gone: int
) -> None:
    """The deleted rows move the later ones up, and as many new ones keep the count as it was."""
    old = OldServer(1900, refuses=True)

    def shifting(request: Request) -> Answer:
        page = old(request)
        if request.query.get("offset") == "0" and len(old.everything) == 1900 and old.everything[0]["id"] == "s0":
            del old.everything[:gone]
            old.everything.extend(records(*[f"new{number}" for number in range(gone)]))
        return page

    server.on("GET", VERSIONS_PATH, versions(42) if has_change_queries else answer(404))
    server.always("GET", STAFF_PATH, shifting)
    sink = CountingSink()
    pulled = sis.pull(STAFFS, None, sink)
    assert {record["id"] for record in old.everything} <= set(sink.ids())
    assert pulled.reported_total == 1900


def test_row_16__an_insert_during_offset_paging_brings_no_record_twice(
    server: ScriptedServer, sis: EdFiConnector
) -> None:
    old = OldServer(1900, refuses=True)

    def shifting(request: Request) -> Answer:
        page = old(request)
        if request.query.get("offset") == "0" and len(old.everything) == 1900:
            old.everything.insert(0, {"id": "new"})
        return page

    server.on("GET", VERSIONS_PATH, answer(404))
    server.always("GET", STAFF_PATH, shifting)
    sink = CountingSink()
    sis.pull(STAFFS, None, sink)
    assert sink.ids() == [f"s{number}" for number in range(1900)]


def test_row_17__a_delete_during_offset_paging_of_changes_hides_no_other_record(
    server: ScriptedServer, sis: EdFiConnector
) -> None:
    old = OldServer(900, refuses=True)

    def shifting(request: Request) -> Answer:
        page = old(request)
        if request.query.get("offset") == "0" and len(old.everything) == 900:
            del old.everything[0]
        return page

    server.on("GET", VERSIONS_PATH, versions(20))
    no_feeds(server)
    server.always("GET", STAFF_PATH, shifting)
    sink = CountingSink()
    sis.pull(STAFFS, SAVED, sink)
    assert {record["id"] for record in old.everything} <= set(sink.ids())


@pytest.mark.parametrize("status", [400, 404, 410])
def test_row_21__a_page_token_that_expired_is_a_lost_page_set(
    server: ScriptedServer, sis: EdFiConnector, status: int
) -> None:
    """And neither a missing resource nor a server without page tokens."""
    server.on("GET", VERSIONS_PATH, versions(42))
    server.on("GET", STAFF_PATH, total(2), by_token("s1", following="t"), answer(status))
    with pytest.raises(PageSetLost) as caught:
        sis.pull(STAFFS, None, CountingSink())
    assert caught.value.is_transient


@pytest.mark.parametrize("count", ["\u00b2", "9" * 5000, "-1", "1e3", ""])
def test_total__that_is_no_number_is_none(server: ScriptedServer, sis: EdFiConnector, count: str) -> None:
    server.on("GET", VERSIONS_PATH, versions(42))
    server.on("GET", STAFF_PATH, json_answer([], headers={"Total-Count": count}))
    server.on("GET", STAFF_PATH, by_token("s1", following="t"), by_token())
    assert sis.pull(STAFFS, None, CountingSink()).reported_total is None


def test_server_without_totals__reports_none(server: ScriptedServer, sis: EdFiConnector) -> None:
    server.on("GET", VERSIONS_PATH, versions(42))
    server.on("GET", STAFF_PATH, answer(400), by_token("s1", following="t"), by_token())
    assert sis.pull(STAFFS, None, CountingSink()).reported_total is None


# -- changes -------------------------------------------------------------------------------


def test_incremental__applies_upserts_then_deletes_of_one_window(server: ScriptedServer, sis: EdFiConnector) -> None:
    server.on("GET", VERSIONS_PATH, versions(20))
    server.always("GET", f"{STAFF_PATH}/deletes", feed({"id": "s9", "changeVersion": 12}))
    server.on("GET", f"{STAFF_PATH}/keyChanges", json_answer([]))
    server.on("GET", STAFF_PATH, by_token("s1", following="t"), by_token("s2"))
    sink = CountingSink()
    pulled = sis.pull(STAFFS, SAVED, sink)
    assert sink.ids() == ["s1", "s2"]
    assert sink.deletes == ["s9"]
    assert sink.events == ["page", "page", "deletes"]
    assert (pulled.cursor, pulled.is_reset, pulled.reported_total) == (at(server, 20), False, None)
    window = {"minChangeVersion": "11", "maxChangeVersion": "20"}
    assert server.asked("GET", STAFF_PATH)[0].query == {**window, "pageSize": "500"}
    assert server.asked("GET", f"{STAFF_PATH}/deletes")[0].query == {**window, "limit": "500", "offset": "0"}


def test_changed_key__brings_the_record_singly_where_it_is_not_among_the_upserts(
    server: ScriptedServer, sis: EdFiConnector
) -> None:
    server.on("GET", VERSIONS_PATH, versions(20))
    server.on("GET", f"{STAFF_PATH}/deletes", json_answer([]))
    rekeyed = [{"id": key, "changeVersion": 15, "oldKeyValues": {}, "newKeyValues": {}} for key in ("s1", "s2", "s3")]
    server.always("GET", f"{STAFF_PATH}/keyChanges", feed(*rekeyed))
    server.on("GET", STAFF_PATH, by_token("s1", following="t"), by_token())
    server.on("GET", f"{STAFF_PATH}/s2", json_answer({"id": "s2", "staffUniqueId": "new"}))
    server.on("GET", f"{STAFF_PATH}/s3", answer(404))
    sink = CountingSink()
    sis.pull(STAFFS, SAVED, sink)
    assert sink.records == [{"id": "s1"}, {"id": "s2", "staffUniqueId": "new"}]
    assert sink.deletes == ["s3"]


def test_deleted_and_made_anew_with_the_same_id__is_alive(server: ScriptedServer, sis: EdFiConnector) -> None:
    server.on("GET", VERSIONS_PATH, versions(20))
    server.always("GET", f"{STAFF_PATH}/deletes", feed({"id": "s1", "changeVersion": 12}))
    server.on("GET", f"{STAFF_PATH}/keyChanges", json_answer([]))
    server.on("GET", STAFF_PATH, by_token("s1", following="t"), by_token())
    sink = CountingSink()
    sis.pull(STAFFS, SAVED, sink)
    assert sink.ids() == ["s1"]
    assert sink.deletes == []


def test_many_deletes__are_all_read(server: ScriptedServer, sis: EdFiConnector) -> None:
    gone = [{"id": f"g{number:04}", "changeVersion": 12} for number in range(1100)]

    server.on("GET", VERSIONS_PATH, versions(20))
    server.always("GET", f"{STAFF_PATH}/deletes", feed(*gone))
    server.on("GET", f"{STAFF_PATH}/keyChanges", json_answer([]))
    server.on("GET", STAFF_PATH, by_token())
    sink = CountingSink()
    sis.pull(STAFFS, SAVED, sink)
    assert sink.deletes == [entry["id"] for entry in gone]


def test_offset_paging_of_changes__leaves_the_window_open_above(server: ScriptedServer, sis: EdFiConnector) -> None:
    """A row that changes between two pages would leave a closed window and move the rest up."""
    server.on("GET", VERSIONS_PATH, versions(20))
    no_feeds(server)
    server.always("GET", STAFF_PATH, OldServer(700, refuses=True))
    sink = CountingSink()
    sis.pull(STAFFS, SAVED, sink)
    assert len(sink.records) == 700
    by_offset = [request.query for request in server.asked("GET", STAFF_PATH) if "offset" in request.query]
    assert all(query["minChangeVersion"] == "11" and "maxChangeVersion" not in query for query in by_offset)


def test_nothing_new__asks_for_no_page(server: ScriptedServer, sis: EdFiConnector) -> None:
    server.on("GET", VERSIONS_PATH, versions(10))
    pulled = sis.pull(STAFFS, SAVED, CountingSink())
    assert (pulled.cursor, pulled.is_reset, pulled.pages) == (SAVED, False, 0)
    assert server.asked("GET", STAFF_PATH) == []


def test_capital_letters__of_older_servers_are_read(server: ScriptedServer, sis: EdFiConnector) -> None:
    server.on("GET", VERSIONS_PATH, versions(10, capital=True))
    assert sis.pull(STAFFS, SAVED, CountingSink()).cursor == SAVED


def test_server_without_key_changes__still_reads_changes(server: ScriptedServer, sis: EdFiConnector) -> None:
    server.on("GET", VERSIONS_PATH, versions(20))
    server.on("GET", f"{STAFF_PATH}/deletes", json_answer([]))
    server.on("GET", f"{STAFF_PATH}/keyChanges", answer(404))
    server.on("GET", STAFF_PATH, by_token("s1", following="t"), by_token())
    assert not sis.pull(STAFFS, SAVED, CountingSink()).is_reset


# -- when only everything will do ----------------------------------------------------------


@pytest.mark.parametrize(
    ("saved", "oldest", "newest", "said"),
    [
        ({"change_version": 2999}, 0, 42, "database was replaced"),
        ({"change_version": 10}, 30, 42, "keeps them from 30"),
        ({"change_version": "ten"}, 0, 42, "could not be read"),
        ({}, 0, 42, "could not be read"),
        ({"change_version": 10, "server": "https://ods.example.org/2025/data/v3"}, 0, 42, "another server"),
        ({"change_version": 42, "server": "https://ods.example.org/2025/data/v3"}, 0, 42, "another server"),
    ],
)
def test_unusable_cursor__is_a_reset_with_a_note(
    server: ScriptedServer, sis: EdFiConnector, saved: dict[str, Any], oldest: int, newest: int, said: str
) -> None:
    server.on("GET", VERSIONS_PATH, versions(newest, oldest))
    server.on("GET", STAFF_PATH, total(1), by_token("s1", following="t"), by_token())
    pulled = sis.pull(STAFFS, saved, CountingSink())
    assert pulled.is_reset
    assert pulled.cursor == at(server, newest)
    assert said in pulled.notes[0]


def test_oldest_version_right_after_the_saved_one__loses_nothing(server: ScriptedServer, sis: EdFiConnector) -> None:
    server.on("GET", VERSIONS_PATH, versions(20, oldest=11))
    no_feeds(server)
    server.on("GET", STAFF_PATH, by_token())
    assert not sis.pull(STAFFS, SAVED, CountingSink()).is_reset


@pytest.mark.parametrize("cursor", [None, SAVED])
def test_change_queries_off__is_a_reset_each_time(
    server: ScriptedServer, sis: EdFiConnector, cursor: dict[str, int] | None
) -> None:
    server.on("GET", VERSIONS_PATH, answer(404))
    server.on("GET", STAFF_PATH, total(1), by_token("s1", following="t"), by_token())
    pulled = sis.pull(STAFFS, cursor, CountingSink())
    assert (pulled.cursor, pulled.is_reset) == (None, True)
    assert "change queries are off" in pulled.notes[0]


def test_no_feed_of_deletes__is_a_reset(server: ScriptedServer, sis: EdFiConnector) -> None:
    server.on("GET", VERSIONS_PATH, versions(20))
    server.on("GET", f"{STAFF_PATH}/deletes", answer(404))
    server.on("GET", STAFF_PATH, total(1), by_token("s1", following="t"), by_token())
    pulled = sis.pull(STAFFS, SAVED, CountingSink())
    assert pulled.is_reset
    assert "no feed of deletes" in pulled.notes[0]


# -- contract and access -------------------------------------------------------------------


@pytest.mark.parametrize("document", [{"error": "CANARY"}, {"data": []}, None, "text"])
def test_answer_that_is_no_list__is_never_zero_records(
    server: ScriptedServer, sis: EdFiConnector, document: object
) -> None:
    server.on("GET", VERSIONS_PATH, versions(42))
    server.on("GET", STAFF_PATH, total(0), json_answer(document))
    with pytest.raises(ContractBroken) as caught:
        sis.pull(STAFFS, None, CountingSink())
    assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize("document", [{}, [], {"newestChangeVersion": "7", "oldestChangeVersion": 0}])
def test_unreadable_change_versions__break_the_contract(
    server: ScriptedServer, sis: EdFiConnector, document: object
) -> None:
    server.on("GET", VERSIONS_PATH, json_answer(document))
    with pytest.raises(ContractBroken, match="change version"):
        sis.pull(STAFFS, None, CountingSink())


def test_upsert_without_id__breaks_the_contract(server: ScriptedServer, sis: EdFiConnector) -> None:
    server.on("GET", VERSIONS_PATH, versions(20))
    no_feeds(server)
    server.on("GET", STAFF_PATH, json_answer([{"name": "x"}], headers={"Next-Page-Token": "t"}))
    with pytest.raises(ContractBroken, match="without id"):
        sis.pull(STAFFS, SAVED, CountingSink())


def test_token_expires_mid_pull__the_page_is_read_again(server: ScriptedServer, sis: EdFiConnector) -> None:
    server.on("GET", VERSIONS_PATH, versions(42))
    server.on("GET", STAFF_PATH, total(2), by_token("s1", following="t"), answer(401), by_token("s2"))
    server.on(
        "POST",
        "/api/oauth/token",
        *[json_answer({"access_token": token, "token_type": "bearer", "expires_in": 1800}) for token in ("a1", "a2")],
    )
    sink = CountingSink()
    sis.pull(STAFFS, None, sink)
    assert sink.ids() == ["s1", "s2"]
    assert [request.token for request in server.asked("GET", STAFF_PATH)] == ["a1", "a1", "a1", "a2"]


def test_forbidden_stream__fails_and_the_others_go_on(server: ScriptedServer, sis: EdFiConnector) -> None:
    server.always("GET", VERSIONS_PATH, versions(42))
    server.always("GET", RATINGS_PATH, answer(403))
    server.on("GET", STAFF_PATH, total(0), by_token())
    with pytest.raises(AccessDenied, match="tpdm/evaluationRatings"):
        sis.pull(EVALUATION_RATINGS, None, CountingSink())
    assert sis.pull(STAFFS, None, CountingSink()).is_reset
    assert len(server.asked("POST", "/api/oauth/token")) == 1


def test_check__names_the_server(server: ScriptedServer, sis: EdFiConnector) -> None:
    server.on("GET", "/api/data/v3/ed-fi/schools", json_answer([{"id": "x"}]))
    assert sis.check() == "sis: signed in to Ed-Fi ODS/API 7.3, Data Standard 5.2.0, and schools can be read"
    assert server.asked("GET", "/api/data/v3/ed-fi/schools")[0].query == {"limit": "1"}
    assert "authorization" not in server.asked("GET", "/api/")[0].headers


def test_check__fails_on_a_wrong_secret(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        server.on("GET", "/api/", json_answer(discovery(server)))
        server.on("POST", "/api/oauth/token", json_answer({"error": "invalid_client"}, 401))
        with pytest.raises(AuthenticationFailed, match="SIS_CLIENT_ID and SIS_CLIENT_SECRET") as caught:
            connector_to(server, tmp_path).check()
    assert "CANARY" not in str(caught.value)


# -- discovery -----------------------------------------------------------------------------


@pytest.mark.parametrize("document", [{}, [], {"urls": {}}, {"urls": {"oauth": "x"}}])
def test_discovery__that_is_none_breaks_the_contract(tmp_path: Path, document: object) -> None:
    with ScriptedServer() as server:
        server.on("GET", "/api/", json_answer(document))
        with pytest.raises(ContractBroken, match="no Ed-Fi discovery document"):
            connector_to(server, tmp_path).pull(STAFFS, None, CountingSink())


def test_discovery__pointing_to_another_host_is_not_followed(tmp_path: Path) -> None:
    with ScriptedServer() as server, ScriptedServer() as other:
        server.on("GET", "/api/", json_answer(discovery(other)))
        with pytest.raises(ContractBroken, match="may be asked"):
            connector_to(server, tmp_path).check()
        assert other.requests == []


def test_discovery__of_another_data_standard_is_a_configuration_fault(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        models = [{"name": "Ed-Fi", "version": "6.0.0"}]
        server.on("GET", "/api/", json_answer(discovery(server, dataModels=models)))
        with pytest.raises(ConfigurationError, match=r"speaks Data Standard 6\.0\.0 and data_standard is set to 5\.2"):
            connector_to(server, tmp_path, data_standard="5.2").check()


def test_discovery__of_several_years_asks_for_one(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        urls = {"oauth": f"{server.base_url}/o", "dataManagementApi": f"{server.base_url}/data/v3/{{schoolYear}}"}
        server.on("GET", "/api/", json_answer(discovery(server, urls=urls)))
        with pytest.raises(ConfigurationError, match="Add the year or tenant"):
            connector_to(server, tmp_path).check()


def test_discovery__without_change_queries_tries_the_usual_place(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        urls = {"oauth": f"{server.base_url}/o", "dataManagementApi": f"{server.base_url}/api/data/v3"}
        server.on("GET", "/api/", json_answer(discovery(server, urls=urls)))
        server.on("POST", "/o", json_answer({"access_token": "a", "token_type": "bearer"}))
        server.on("GET", VERSIONS_PATH, versions(10))
        assert connector_to(server, tmp_path).pull(STAFFS, SAVED, CountingSink()).cursor == SAVED


# -- data standards ------------------------------------------------------------------------


def test_data_standard__knows_a_resource_of_every_stream(sis: EdFiConnector) -> None:
    assert {stream.name for standard in DATA_STANDARDS.values() for stream in standard.streams()} == {
        stream.name for stream in STREAMS
    }
    assert set(sis.streams_of()) <= set(STREAMS)  # 5.2 is spelt as streams.py says
    assert DATA_STANDARD_5_2.resource(SCHOOLS) == "ed-fi/schools"
    assert DATA_STANDARD_5_2.resource(EVALUATIONS) == "tpdm/evaluations"


@pytest.mark.parametrize(
    ("named", "version", "resource"),
    [
        ("5.0.0", "5.2", "tpdm/evaluations"),
        ("5.2.0", "5.2", "tpdm/evaluations"),
        ("6.0.0", "6.0", "ed-fi/evaluations"),
        ("6.1.0", "6.0", "ed-fi/evaluations"),
    ],
)
def test_data_standard__is_the_one_that_the_server_names(
    tmp_path: Path, named: str, version: str, resource: str
) -> None:
    with ScriptedServer() as server:
        server.on("GET", "/api/", json_answer(discovery(server, dataModels=[{"name": "Ed-Fi", "version": named}])))
        sis = connector_to(server, tmp_path)
        assert sis.streams_of() == data_standard(version).streams()
        sis.close()
        assert len(server.requests) == 1  # without a token
    assert data_standard(version).resource(EVALUATIONS) == resource


def test_data_standard__that_is_given_needs_no_server_to_tell_the_streams(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        given, open_ = (connector_to(server, tmp_path, **options) for options in ({"data_standard": "6.0"}, {}))
        assert given.streams_of() == data_standard("6.0").streams()
        assert server.requests == []
    base = {"base_url": "https://api.example.org"}
    assert [EdFiOptions(**base, data_standard=version).asks_platform_for_streams for version in (None, "6.0")] == [
        True,
        False,
    ]
    open_.close()


@pytest.mark.parametrize(
    ("models", "said"),
    [
        ([{"name": "Ed-Fi", "version": "4.0.0"}], r"speaks Data Standard 4\.0\.0\. Supported: 5\.2, 6\.0"),
        ([{"name": "TPDM", "version": "1.1.0"}], "does not say which Data Standard it speaks. Set data_standard"),
        (None, "does not say which Data Standard it speaks"),
    ],
)
def test_data_standard__that_can_not_be_chosen_says_what_to_do(tmp_path: Path, models: object, said: str) -> None:
    with ScriptedServer() as server:
        server.on("GET", "/api/", json_answer(discovery(server, dataModels=models)))
        with pytest.raises(ConfigurationError, match=said) as caught:
            connector_to(server, tmp_path).streams_of()
        assert caught.value.stops_connection


def test_data_standard__that_is_given_serves_where_the_server_names_none(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        server.on("GET", "/api/", json_answer(discovery(server, dataModels=[])))
        server.on("POST", "/api/oauth/token", json_answer({"access_token": "a", "token_type": "bearer"}))
        server.on("GET", "/api/data/v3/ed-fi/schools", json_answer([]))
        assert "Data Standard not named" in connector_to(server, tmp_path, data_standard="5.2").check()


def test_data_standard__may_keep_a_field_at_another_place() -> None:
    other = DataStandard(
        "9.0", {"credentials": "ed-fi/credentials"}, {"credentials": {"personId": "personReference.personId"}}
    )
    (stream,) = other.streams()
    assert stream.field("personId").source_path == "personReference.personId"
    assert stream.field("namespace") == CREDENTIALS.field("namespace")
    assert stream.key == CREDENTIALS.key


def test_data_standard__that_is_not_supported_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"'4\.0' is not supported"):
        data_standard("4.0")
    with pytest.raises(ValidationError, match=r"'4\.0' is not supported. Supported: 5\.2, 6\.0"):
        EdFiOptions(base_url="https://api.example.org", data_standard="4.0")


def test_options__read_an_unquoted_version() -> None:
    assert (
        EdFiOptions.model_validate({"base_url": "https://api.example.org", "data_standard": 5.2}).data_standard == "5.2"
    )


@pytest.mark.parametrize("wrong", [{"base_url": "http://api.example.org"}, {"page_size": 501}, {"limit": 5}])
def test_options__refuse_what_the_platform_would(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        EdFiOptions(**{"base_url": "https://api.example.org", **wrong})


def test_options_of_another_platform__are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        EdFiConnector(Connection("cedar", "sis", "UTC", Options(), tmp_path, tmp_path, {}))


# -- what is asked for ---------------------------------------------------------------------


CODES_PATH = "/api/data/v3/ed-fi/staffIdentificationCodes"
SYSTEM = "staffIdentificationSystemDescriptor"
DISTRICT = "uri://ed-fi.org/StaffIdentificationSystemDescriptor#District"


@pytest.fixture
def six(server: ScriptedServer, tmp_path: Path) -> Iterator[EdFiConnector]:
    server.always("GET", "/api/", json_answer(discovery(server, dataModels=[{"name": "Ed-Fi", "version": "6.0.0"}])))
    connector = connector_to(server, tmp_path)
    yield connector
    connector.close()


def code(key: str, system: str = DISTRICT) -> dict[str, str]:
    return {"id": key, SYSTEM: system, "identificationCode": "CANARY"}


def test_identification_codes__are_narrowed_in_every_request(server: ScriptedServer, six: EdFiConnector) -> None:
    server.on("GET", VERSIONS_PATH, versions(42))
    server.on("GET", CODES_PATH, json_answer([code("c1")]), total(2))
    server.on("GET", CODES_PATH, json_answer([code("c1")], headers={"Next-Page-Token": "t"}), json_answer([code("c2")]))
    sink = CountingSink()
    six.pull(STAFF_IDENTIFICATION_CODES, None, sink)
    assert sink.ids() == ["c1", "c2"]
    assert [request.query[SYSTEM] for request in server.asked("GET", CODES_PATH)] == [DISTRICT] * 4


def test_identification_codes__of_a_server_that_passes_over_the_filter_are_not_landed(
    server: ScriptedServer, six: EdFiConnector
) -> None:
    ssn = code("c2", "uri://ed-fi.org/StaffIdentificationSystemDescriptor#SSN")
    server.on("GET", VERSIONS_PATH, versions(42))
    server.on("GET", CODES_PATH, json_answer([code("c1")]), total(2))
    server.always("GET", CODES_PATH, json_answer([code("c1"), ssn]))
    sink = CountingSink()
    with pytest.raises(ContractBroken, match="not asked for") as caught:
        six.pull(STAFF_IDENTIFICATION_CODES, None, sink)
    assert sink.records == []
    assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize("system", ["uri://ed-fi.org/StaffIdentificationSystemDescriptor#SSN", "District", "uri://x#"])
def test_options__ask_for_no_government_number(system: str) -> None:
    with pytest.raises(ValidationError):
        EdFiOptions(base_url="https://api.example.org", employee_number_system=system)


def test_snapshot__is_named_in_every_request_of_data_and_in_no_other(server: ScriptedServer, tmp_path: Path) -> None:
    server.always("GET", VERSIONS_PATH, versions(20))
    no_feeds(server)
    server.on("GET", STAFF_PATH, by_token("s1", following="t"), by_token("s2"))
    sis = connector_to(server, tmp_path, use_snapshot=True)
    sis.pull(STAFFS, SAVED, CountingSink())
    sis.close()
    named = {request.path: request.headers.get("use-snapshot") for request in server.requests}
    assert named == {
        "/api/": None,
        "/api/oauth/token": None,
        VERSIONS_PATH: "true",
        STAFF_PATH: "true",
        f"{STAFF_PATH}/deletes": "true",
        f"{STAFF_PATH}/keyChanges": "true",
    }


def test_snapshot__is_not_asked_for_unless_it_is_set(server: ScriptedServer, sis: EdFiConnector) -> None:
    server.on("GET", VERSIONS_PATH, versions(10))
    sis.pull(STAFFS, SAVED, CountingSink())
    assert not any("use-snapshot" in request.headers for request in server.requests)
