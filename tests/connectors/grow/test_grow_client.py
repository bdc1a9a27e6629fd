"""Grow over real HTTP: two passes, skip, counts, watermarks, free text inside lists.

Rows of the fault table: 10, 11, 12, 13, 17, 19, 20, 28, 31, 33, 54, 55.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.core.connector import Connection, Options
from connectors.core.errors import AccessDenied, AuthenticationFailed, ConfigurationError, ContractBroken
from connectors.core.schema import Stream
from connectors.grow.client import GrowConnector, GrowOptions
from connectors.grow.streams import GENERIC_TAG_KINDS, GENERIC_TAGS, OBSERVATIONS, SCHOOLS, USERS
from tests.connectors.counting_sink import CountingSink
from tests.connectors.scripted_server import Answer, Request, ScriptedServer, answer, json_answer

TOKEN, PATH = "/auth/client/token", "/external/observations"
NOW = datetime(2026, 11, 2, 8, 30, tzinfo=UTC)
SEEN = datetime(2026, 10, 1, tzinfo=UTC)


def cursor(server: ScriptedServer, at: datetime = SEEN, **other: Any) -> dict[str, Any]:
    return {"last_modified": int(at.timestamp()), "server": server.base_url, "district": "d-1", **other}


def envelope(*ids: str, count: int | None = None, **more: Any) -> Answer:
    document = {"count": len(ids) if count is None else count, "limit": 100, "skip": 0}
    records = [{"_id": key, "name": key, **more} for key in ids]
    return json_answer({**document, "data": records}, headers={"Date": format_datetime(NOW, usegmt=True)})


def listing(active: list[str], archived: list[str], largest: int = 100) -> Callable[[Request], Answer]:
    """A list that answers as the platform does: by `archived`, `skip` and `limit`."""

    def script(request: Request) -> Answer:
        ids = archived if request.query["archived"] == "true" else active
        skip, limit = int(request.query["skip"]), min(int(request.query["limit"]), largest)
        return envelope(*ids[skip : skip + limit], count=len(ids))

    return script


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        running.always("POST", TOKEN, json_answer({"access_token": "a1", "token_type": "Bearer", "expires_in": 86400}))
        yield running


@pytest.fixture
def observe(server: ScriptedServer, tmp_path: Path) -> Iterator[GrowConnector]:
    connector = connector_to(server.base_url, tmp_path)
    yield connector
    connector.close()


def connector_to(base_url: str, folder: Path, **options: Any) -> GrowConnector:
    chosen = GrowOptions(base_url=base_url, district="d-1", requests_per_second=1000, **options)
    secrets = {"client_id": "client", "client_secret": "CANARY-SECRET"}
    return GrowConnector(Connection("cedar", "observe", "America/Chicago", chosen, folder, folder, secrets))


def asked(server: ScriptedServer, name: str) -> list[str | None]:
    return [request.query.get(name) for request in server.asked("GET", PATH)]


# -- everything ----------------------------------------------------------------------------


def test_full_pull__reads_active_records_then_archived_ones(server: ScriptedServer, observe: GrowConnector) -> None:
    server.always("GET", PATH, listing(["o1", "o2"], ["o3"]))
    sink = CountingSink()
    pulled = observe.pull(OBSERVATIONS, None, sink)
    assert sink.ids("_id") == ["o1", "o2", "o3"]
    assert asked(server, "archived") == ["false", "true"]
    assert asked(server, "lastModified") == [None, None]
    assert {request.query["district"] for request in server.asked("GET", PATH)} == {"d-1"}
    assert (pulled.is_reset, pulled.reported_total, pulled.added_meanwhile, pulled.notes) == (True, 3, 0, ())
    assert pulled.cursor == cursor(server, NOW), "the time of the server's first answer"


def test_sign_in__is_basic_at_the_token_path_then_bearer(server: ScriptedServer, observe: GrowConnector) -> None:
    server.always("GET", PATH, listing(["o1"], []))
    observe.pull(OBSERVATIONS, None, CountingSink())
    (token,) = server.asked("POST", TOKEN)
    assert token.headers["authorization"] == "Basic " + b64encode(b"client:CANARY-SECRET").decode()
    assert token.form["grant_type"] == "client_credentials"
    assert {request.token for request in server.asked("GET", PATH)} == {"a1"}


@pytest.mark.parametrize(("records", "skips"), [(6, ["0", "2", "4"]), (7, ["0", "2", "4", "6", "7"])])
def test_pages__overlap_by_a_record_and_end_where_a_short_page_agrees_with_the_count(
    server: ScriptedServer, tmp_path: Path, records: int, skips: list[str]
) -> None:
    ids = [f"o{number}" for number in range(records)]
    server.always("GET", PATH, listing(ids, []))
    sink = CountingSink()
    connector_to(server.base_url, tmp_path, page_size=3).pull(OBSERVATIONS, None, sink)
    assert sink.ids("_id") == ids
    assert asked(server, "skip") == [*skips, "0"], "the last one is the pass of archived records"
    assert set(asked(server, "limit")) == {"3"}


def test_row_19__a_page_shorter_than_asked_for_is_not_the_end(server: ScriptedServer, observe: GrowConnector) -> None:
    ids = [f"o{number}" for number in range(7)]
    server.always("GET", PATH, listing(ids, [], largest=3))
    sink = CountingSink()
    pulled = observe.pull(OBSERVATIONS, None, sink)
    assert sink.ids("_id") == ids
    assert pulled.reported_total == 7


def test_row_17__a_record_that_went_moves_no_other_past_the_page(server: ScriptedServer, tmp_path: Path) -> None:
    ids = [f"o{number}" for number in range(8)]

    def shrinking(request: Request) -> Answer:
        if request.query["skip"] == "2" and "o0" in ids:
            ids.remove("o0")
        return listing(ids, [])(request)

    server.always("GET", PATH, shrinking)
    sink = CountingSink()
    connector_to(server.base_url, tmp_path, page_size=3).pull(OBSERVATIONS, None, sink)
    assert set(sink.ids("_id")) == {f"o{number}" for number in range(8)}


@pytest.mark.parametrize("count", [1, 250])
def test_row_20__a_count_without_data_is_handed_over_for_landing_to_refuse(
    server: ScriptedServer, observe: GrowConnector, count: int
) -> None:
    server.always("GET", PATH, envelope(count=count))
    sink = CountingSink()
    pulled = observe.pull(OBSERVATIONS, None, sink)
    assert sink.records == []
    assert pulled.reported_total == 2 * count, "of both passes"


def test_archived_while_pages_are_read__comes_twice_and_is_counted_once(
    server: ScriptedServer, observe: GrowConnector
) -> None:
    server.on("GET", PATH, envelope("o1", "o2"), envelope("o2", "o3"))
    sink = CountingSink()
    pulled = observe.pull(OBSERVATIONS, None, sink)
    assert sink.ids("_id") == ["o1", "o2", "o2", "o3"]
    assert pulled.reported_total == 3
    assert "1 records came both as active and as archived" in pulled.notes[0]


def test_added_while_pages_are_read__is_told(server: ScriptedServer, tmp_path: Path) -> None:
    server.on("GET", PATH, envelope("o1", "o2", count=3), envelope("o2", "o3", count=4), envelope("o3", "o4", count=4))
    server.on("GET", PATH, envelope("o4", count=4), envelope(count=4), envelope())
    sink = CountingSink()
    pulled = connector_to(server.base_url, tmp_path, page_size=2).pull(OBSERVATIONS, None, sink)
    assert sink.ids("_id") == ["o1", "o2", "o3", "o4"]
    assert (pulled.reported_total, pulled.added_meanwhile) == (3, 1)


def test_generic_tags__say_their_kind(server: ScriptedServer, observe: GrowConnector) -> None:
    for kind in GENERIC_TAG_KINDS:
        server.always("GET", f"/external/generic-tags/{kind}", listing([f"{kind}-1"], [f"{kind}-2"]))
    sink = CountingSink()
    pulled = observe.pull(GENERIC_TAGS, None, sink)
    assert [(tag["genericTagKind"], tag["_id"]) for tag in sink.records] == [
        (kind, f"{kind}-{number}") for kind in GENERIC_TAG_KINDS for number in (1, 2)
    ]
    assert pulled.reported_total == 2 * len(GENERIC_TAG_KINDS)


@pytest.mark.parametrize("stream", [USERS, SCHOOLS], ids=lambda stream: stream.name)
def test_what_is_few__is_read_whole_each_time(server: ScriptedServer, observe: GrowConnector, stream: Stream) -> None:
    server.always("GET", f"/external/{stream.name}", listing(["x"], []))
    pulled = observe.pull(stream, cursor(server), CountingSink())
    assert pulled.is_reset
    assert pulled.cursor is None
    assert all("lastModified" not in request.query for request in server.requests)


# -- changes -------------------------------------------------------------------------------


def test_incremental__asks_both_passes_from_before_the_watermark(
    server: ScriptedServer, observe: GrowConnector
) -> None:
    server.always("GET", PATH, listing(["o1"], ["o2"]))
    sink = CountingSink()
    pulled = observe.pull(OBSERVATIONS, cursor(server), sink)
    assert sink.ids("_id") == ["o1", "o2"]
    a_day_before = str(int(datetime(2026, 9, 30, tzinfo=UTC).timestamp()))
    assert asked(server, "lastModified") == [a_day_before, a_day_before]
    assert (pulled.is_reset, pulled.reported_total, pulled.cursor) == (False, 2, cursor(server, NOW))


def test_incremental__of_nothing_new_is_nothing(server: ScriptedServer, observe: GrowConnector) -> None:
    server.always("GET", PATH, listing([], []))
    pulled = observe.pull(OBSERVATIONS, cursor(server), CountingSink())
    assert (pulled.is_reset, pulled.reported_total, pulled.pages) == (False, 0, 0)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ({"last_modified": int(datetime(2999, 1, 1, tzinfo=UTC).timestamp())}, "later than the server's clock"),
        ({"server": "https://old.example.org"}, "another server or district"),
        ({"district": "d-2"}, "another server or district"),
        ({"last_modified": "yesterday"}, "can't be read"),
        ({"last_modified": True}, "can't be read"),
        ({"last_modified": 10**15}, "can't be read"),
        ({"last_modified": -1}, "can't be read"),
    ],
)
def test_watermark_that_is_not_of_this_servers_time__is_a_full_pull_with_a_note(
    server: ScriptedServer, observe: GrowConnector, edit: dict[str, Any], said: str
) -> None:
    server.always("GET", PATH, listing(["o1"], []))
    sink = CountingSink()
    pulled = observe.pull(OBSERVATIONS, cursor(server) | edit, sink)
    assert sink.ids("_id") == ["o1"]
    assert (pulled.is_reset, pulled.reported_total) == (True, 1)
    assert said in pulled.notes[0]
    assert asked(server, "lastModified")[-1] is None


def test_server_without_a_clock__is_dated_by_this_machine(server: ScriptedServer, observe: GrowConnector) -> None:
    server.always("GET", PATH, json_answer({"count": 0, "limit": 100, "skip": 0, "data": []}))
    before = int(datetime.now(UTC).timestamp())
    pulled = observe.pull(OBSERVATIONS, None, CountingSink())
    assert pulled.cursor is not None
    assert before <= pulled.cursor["last_modified"] <= before + 60


# -- contract ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "document",
    [
        {"error": "CANARY"},
        {"count": 3, "limit": 100, "skip": 0},
        {"count": None, "data": []},
        {"count": True, "data": []},
        {"count": -1, "data": []},
        {"count": 1, "data": None},
        {"count": 1, "data": {"_id": "x"}},
        {"data": []},
        [],
        None,
    ],
)
def test_rows_10_11__a_wrong_envelope_is_never_zero_records(
    server: ScriptedServer, observe: GrowConnector, document: object
) -> None:
    server.always("GET", PATH, json_answer(document))
    with pytest.raises(ContractBroken) as caught:
        observe.pull(OBSERVATIONS, None, CountingSink())
    assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize(
    "scores", [{"textBoxes": "CANARY"}, ["CANARY"], "CANARY", [[{"textBoxes": "CANARY"}]]], ids=str
)
def test_scores_of_another_shape__break_the_contract(
    server: ScriptedServer, observe: GrowConnector, scores: object
) -> None:
    """They could hold free text where nobody looks for it."""
    server.always("GET", PATH, envelope("o1", observationScores=scores))
    sink = CountingSink()
    with pytest.raises(ContractBroken, match="no list of objects") as caught:
        observe.pull(OBSERVATIONS, None, sink)
    assert sink.records == []
    assert "CANARY" not in str(caught.value)


def test_an_object_that_names_a_field_twice__breaks_the_contract(
    server: ScriptedServer, observe: GrowConnector
) -> None:
    body = b'{"count": 1, "data": [{"_id": "o1", "observationScores": [{"valueScore": 1, "valueScore": 5}]}]}'
    server.always("GET", PATH, answer(200, body, {"Content-Type": "application/json"}))
    with pytest.raises(ContractBroken, match="twice"):
        observe.pull(OBSERVATIONS, None, CountingSink())


def test_record_without_id__is_left_for_landing_to_reject(server: ScriptedServer, observe: GrowConnector) -> None:
    odd = {"count": 3, "data": [{"_id": None, "name": "a"}, {"name": "b"}, "c"]}
    server.on("GET", PATH, json_answer(odd), envelope())
    sink = CountingSink()
    assert observe.pull(OBSERVATIONS, None, sink).reported_total == 3
    assert len(sink.records) == 3


# -- access --------------------------------------------------------------------------------


def test_row_28__a_token_that_expires_is_renewed_once_and_the_page_read_again(
    server: ScriptedServer, observe: GrowConnector
) -> None:
    tokens = iter(["a1", "a2"])
    server.always("POST", TOKEN, lambda _: json_answer({"access_token": next(tokens), "token_type": "Bearer"}))
    server.on("GET", PATH, envelope("o1"), answer(401), envelope("o2"))
    sink = CountingSink()
    observe.pull(OBSERVATIONS, None, sink)
    assert sink.ids("_id") == ["o1", "o2"]
    assert asked(server, "archived") == ["false", "true", "true"]
    assert len(server.asked("POST", TOKEN)) == 2


def test_row_33__a_forbidden_stream_fails_and_the_others_go_on(server: ScriptedServer, observe: GrowConnector) -> None:
    server.always("GET", PATH, answer(403))
    server.always("GET", "/external/schools", listing(["s1"], []))
    with pytest.raises(AccessDenied, match=PATH):
        observe.pull(OBSERVATIONS, None, CountingSink())
    assert observe.pull(SCHOOLS, None, CountingSink()).reported_total == 1


def test_check__signs_in_and_counts_schools(server: ScriptedServer, observe: GrowConnector) -> None:
    server.on("GET", "/external/schools", envelope("s1", count=8))
    assert observe.check() == "observe: signed in, 8 schools can be read"


def test_row_31__check_fails_on_a_wrong_secret_with_one_request(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        server.on("POST", TOKEN, json_answer({"error": "invalid_client"}, 401))
        with pytest.raises(AuthenticationFailed, match="OBSERVE_CLIENT_ID and OBSERVE_CLIENT_SECRET") as caught:
            connector_to(server.base_url, tmp_path).check()
        assert len(server.requests) == 1
    assert "CANARY" not in str(caught.value)


# -- options -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [{"base_url": "http://grow-api.leveldata.com"}, {"page_size": 101}, {"district": ""}, {"lastModified": 1}],
)
def test_options__refuse_what_the_platform_would(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        GrowOptions(**{"district": "d-1", **wrong})


def test_options__have_the_vendors_address() -> None:
    assert GrowOptions(district="d-1").base_url == "https://grow-api.leveldata.com"


def test_options_of_another_platform__are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        GrowConnector(Connection("cedar", "observe", "UTC", Options(), tmp_path, tmp_path, {}))
