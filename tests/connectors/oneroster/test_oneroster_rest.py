"""OneRoster over real HTTP: filters, offsets, totals, tombstones, and who is never landed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.core.errors import AccessDenied, AuthenticationFailed, ContractBroken, MissingSecret, PageSetLost
from connectors.oneroster.client import OneRosterConnector
from connectors.oneroster.rest import REST_STREAMS
from connectors.oneroster.streams import CLASSES, ENROLLMENTS, ORGS, USERS
from tests.connectors.oneroster.sinks import KeepingSink, connection, rest
from tests.connectors.scripted_server import Answer, Request, ScriptedServer, answer, json_answer

V12, V11 = "/ims/oneroster/rostering/v1p2", "/ims/oneroster/v1p1"
DATE = "Mon, 02 Nov 2026 08:30:00 GMT"
NOW = "2026-11-02T08:30:00.000Z"
OLD = "2026-10-01T00:00:00.000Z"


def record(sourced_id: str, modified: str = "2026-10-20T00:00:00.000Z", **more: Any) -> dict[str, Any]:
    return {"sourcedId": sourced_id, "status": "active", "dateLastModified": modified, "name": "x", **more}


def user(sourced_id: str, *roles: str, **more: Any) -> dict[str, Any]:
    listed = [{"roleType": "primary", "role": role, "org": {"sourcedId": "o1"}} for role in roles]
    return record(sourced_id, givenName="G", familyName="F", **({"roles": listed} if roles else {}), **more)


def page(collection: str, *records: dict[str, Any], total: int | None = None, following: str = "") -> Answer:
    headers = {"Date": DATE}
    if total is not None:
        headers["X-Total-Count"] = str(total)
    if following:
        headers["Link"] = f'<{following}>; rel="next"'
    return json_answer({collection: list(records)}, headers=headers)


class Collection:
    """Records behind limit and offset; `largest` clamps the limit without a word."""

    def __init__(self, name: str, records: list[dict[str, Any]], largest: int = 1000, has_total: bool = False) -> None:
        self.name, self.records, self.largest, self.has_total = name, records, largest, has_total
        self.filters: list[str | None] = []

    def __call__(self, request: Request) -> Answer:
        self.filters.append(request.query.get("filter"))
        start, size = int(request.query["offset"]), min(int(request.query["limit"]), self.largest)
        total = len(self.records) if self.has_total else None
        return page(self.name, *self.records[start : start + size], total=total)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        running.always("POST", "/token", json_answer({"access_token": "t1", "token_type": "Bearer"}))
        yield running


@pytest.fixture
def roster(server: ScriptedServer, tmp_path: Path) -> Iterator[OneRosterConnector]:
    connector = rest(server.base_url, tmp_path, page_size=10)
    yield connector
    connector.close()


def cursor_of(server: ScriptedServer, at: str = OLD, base: str = V12) -> dict[str, Any]:
    return {"modified_since": at, "server": f"{server.base_url}{base}"}


# -- everything ----------------------------------------------------------------------------


@pytest.mark.parametrize("largest", [1, 3, 4, 10, 1000])
@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 23])
def test_row_19__clamped_pages_without_headers_are_read_to_the_end(
    server: ScriptedServer, roster: OneRosterConnector, largest: int, count: int
) -> None:
    """A page shorter than asked for is not the end, and neither is one as long as the first."""
    orgs = Collection("orgs", [record(f"o{number:02}") for number in range(count)], largest)
    server.always("GET", f"{V12}/orgs", orgs)
    sink = KeepingSink()
    pulled = roster.pull(ORGS, None, sink)
    assert sink.ids("sourcedId") == [f"o{number:02}" for number in range(count)]
    assert pulled.is_reset
    assert pulled.reported_total is None


def test_first_pull__watermark_is_the_servers_time_at_the_first_page(
    server: ScriptedServer, roster: OneRosterConnector
) -> None:
    server.always("GET", f"{V12}/orgs", Collection("orgs", [record("o1", "2999-01-01T00:00:00Z")]))
    pulled = roster.pull(ORGS, None, KeepingSink())
    assert pulled.cursor == cursor_of(server, NOW)
    asked = server.asked("GET", f"{V12}/orgs")[0]
    assert asked.query == {"sort": "sourcedId", "orderBy": "asc", "limit": "10", "offset": "0"}
    assert asked.token == "t1"


def test_records_without_a_time_of_change__are_read_whole_each_time(
    server: ScriptedServer, roster: OneRosterConnector
) -> None:
    server.always("GET", f"{V12}/orgs", Collection("orgs", [{"sourcedId": "o1", "name": "x", "type": "school"}]))
    pulled = roster.pull(ORGS, None, KeepingSink())
    assert pulled.cursor is None
    assert "reads everything" in pulled.notes[0]


def test_total__is_less_those_who_are_passed_over(server: ScriptedServer, roster: OneRosterConnector) -> None:
    people = [user(f"u{number:02}", "teacher" if number % 2 else "parent") for number in range(24)]
    server.always("GET", f"{V12}/users", Collection("users", people, has_total=True))
    sink = KeepingSink()
    pulled = roster.pull(USERS, None, sink)
    assert (pulled.reported_total, pulled.added_meanwhile, len(sink.records)) == (12, 0, 12)


def test_total_that_grows_while_pages_are_read__is_told(server: ScriptedServer, roster: OneRosterConnector) -> None:
    server.on("GET", f"{V12}/orgs", page("orgs", record("o1"), record("o2"), total=2))
    server.on("GET", f"{V12}/orgs", page("orgs", record("o2"), record("o3"), total=3))
    server.on("GET", f"{V12}/orgs", page("orgs", record("o3"), total=3), page("orgs", total=3))
    pulled = roster.pull(ORGS, None, KeepingSink())
    assert (pulled.reported_total, pulled.added_meanwhile) == (2, 1)


def test_next_link_behind_the_last_page__must_be_empty(server: ScriptedServer, roster: OneRosterConnector) -> None:
    beyond = f"{server.base_url}{V12}/orgs?offset=99"
    end = [page("orgs", record("o1"), record("o2")), page("orgs", record("o2")), page("orgs", following=beyond)]
    server.on("GET", f"{V12}/orgs", *end, page("orgs"))
    sink = KeepingSink()
    roster.pull(ORGS, None, sink)
    assert sink.ids("sourcedId") == ["o1", "o2"]
    server.on("GET", f"{V12}/orgs", *end, page("orgs", record("o3")))
    with pytest.raises(PageSetLost):
        roster.pull(ORGS, None, KeepingSink())


# -- who is landed -------------------------------------------------------------------------


def test_users__only_staff_is_landed_and_the_others_are_counted(
    server: ScriptedServer, roster: OneRosterConnector
) -> None:
    people = [
        user("teacher", "teacher"),
        user("principal", "Principal"),
        user("student", "student"),
        user("parent", "parent"),
        user("guardian", "guardian"),
        user("relative", "relative"),
        user("proctor", "proctor"),
        user("coach", "ext:coach"),
    ]
    server.always("GET", f"{V12}/users", Collection("users", people))
    sink = KeepingSink()
    pulled = roster.pull(USERS, None, sink)
    assert sink.ids("sourcedId") == ["teacher", "principal"]
    assert pulled.notes == (
        "roster.users: 6 records of people who are no staff passed over",
        "roster.users: roles that are not known as staff: ext:coach (1). "
        "Add to staff_roles of this source those that are",
    )


def test_users__roles_of_the_districts_own_are_staff_where_it_says_so(server: ScriptedServer, tmp_path: Path) -> None:
    server.always("GET", f"{V12}/users", Collection("users", [user("coach", "ext:coach"), user("s", "ext:senior")]))
    sink = KeepingSink()
    rest(server.base_url, tmp_path, staff_roles=["EXT:coach"]).pull(USERS, None, sink)
    assert sink.ids("sourcedId") == ["coach"]


def test_users__a_parents_role_of_staff_is_taken_out(server: ScriptedServer, roster: OneRosterConnector) -> None:
    both = user("both", "teacher", "parent", identifier=12345678901234567890123)
    server.always("GET", f"{V12}/users", Collection("users", [both]))
    sink = KeepingSink()
    roster.pull(USERS, None, sink)
    assert [role["role"] for role in sink.records[0]["roles"]] == ["teacher"]
    assert sink.records[0]["identifier"] == 12345678901234567890123
    assert sink.records[0]["familyName"] == "F"


def test_users_without_a_role__are_rejected_and_not_guessed(server: ScriptedServer, roster: OneRosterConnector) -> None:
    server.always("GET", f"{V12}/users", Collection("users", [user("teacher", "teacher"), user("unknown")]))
    sink = KeepingSink()
    roster.pull(USERS, None, sink)
    assert sink.ids("sourcedId") == ["teacher"]
    assert [(row, field) for row, field, _ in sink.rejects] == [(None, "roles")]


def test_enrollments__only_of_teachers(server: ScriptedServer, roster: OneRosterConnector) -> None:
    seats = [record(f"e{number}", role=role) for number, role in enumerate(("teacher", "student", "administrator"))]
    server.always("GET", f"{V12}/enrollments", Collection("enrollments", seats))
    sink = KeepingSink()
    pulled = roster.pull(ENROLLMENTS, None, sink)
    assert sink.ids("sourcedId") == ["e0"]
    assert "2 enrolments of others than teachers passed over" in pulled.notes[0]


@pytest.mark.parametrize(
    ("version", "base", "asked"), [("1.1", V11, "role!='student'"), ("1.2", V12, "roles.role!='student'")]
)
def test_users__are_asked_for_without_students(
    server: ScriptedServer, tmp_path: Path, version: str, base: str, asked: str
) -> None:
    people = Collection("users", [user("t", "teacher") if version == "1.2" else user("t", role="teacher")])
    server.always("GET", f"{base}/users", people)
    sink = KeepingSink()
    rest(server.base_url, tmp_path, version=version).pull(USERS, None, sink)
    assert sink.ids("sourcedId") == ["t"]
    assert set(people.filters) == {asked}


def test_filter_by_role_refused__everybody_is_asked_for_and_only_staff_landed(
    server: ScriptedServer, roster: OneRosterConnector
) -> None:
    server.on("GET", f"{V12}/users", answer(400))
    people = Collection("users", [user("s", "student"), user("t", "teacher")])
    server.always("GET", f"{V12}/users", people)
    sink = KeepingSink()
    pulled = roster.pull(USERS, None, sink)
    assert sink.ids("sourcedId") == ["t"]
    assert set(people.filters) == {None}
    assert "refuses a filter by role" in pulled.notes[0]


def test_filter_by_role_that_lets_nobody_through__is_left_out(
    server: ScriptedServer, roster: OneRosterConnector
) -> None:
    server.on("GET", f"{V12}/users", page("users"))
    server.always("GET", f"{V12}/users", Collection("users", [user("t", "teacher")]))
    sink = KeepingSink()
    pulled = roster.pull(USERS, None, sink)
    assert sink.ids("sourcedId") == ["t"]
    assert "nobody came with a filter by role" in pulled.notes[0]


# -- tombstones ----------------------------------------------------------------------------


def test_tombstones__whole_ones_are_landed_and_stripped_ones_are_deletes(
    server: ScriptedServer, roster: OneRosterConnector
) -> None:
    people = [
        user("whole", "teacher", status="tobedeleted"),
        {"sourcedId": "stripped", "status": "tobedeleted", "dateLastModified": OLD},
        {**user("student", "student", status="tobedeleted"), "givenName": None},
    ]
    server.always("GET", f"{V12}/users", Collection("users", people, has_total=True))
    sink = KeepingSink()
    pulled = roster.pull(USERS, None, sink)
    assert sink.ids("sourcedId") == ["whole"]
    assert sink.deletes == ["stripped"]
    assert pulled.reported_total == 1


# -- changes -------------------------------------------------------------------------------


def test_incremental__asks_from_before_the_watermark_and_by_date_alone(
    server: ScriptedServer, roster: OneRosterConnector
) -> None:
    """A tombstone without its roles would not pass a filter by role."""
    people = Collection("users", [user("s", "student"), user("t", "teacher")])
    server.always("GET", f"{V12}/users", people)
    sink = KeepingSink()
    pulled = roster.pull(USERS, cursor_of(server), sink)
    assert set(people.filters) == {"dateLastModified>='2026-09-30T00:00:00.000Z'"}
    assert sink.ids("sourcedId") == ["t"]
    assert not pulled.is_reset
    assert pulled.cursor == cursor_of(server, NOW)


def test_filter__is_encoded_on_the_wire(server: ScriptedServer, roster: OneRosterConnector) -> None:
    server.always("GET", f"{V12}/orgs", Collection("orgs", []))
    roster.pull(ORGS, cursor_of(server), KeepingSink())
    assert server.asked("GET", f"{V12}/orgs")[0].query["filter"] == "dateLastModified>='2026-09-30T00:00:00.000Z'"


def test_filter_by_date_refused__is_a_full_pull_with_a_note(server: ScriptedServer, roster: OneRosterConnector) -> None:
    server.on("GET", f"{V12}/classes", answer(400))
    server.always("GET", f"{V12}/classes", Collection("classes", [record("c1")]))
    sink = KeepingSink()
    pulled = roster.pull(CLASSES, cursor_of(server), sink)
    assert (sink.ids("sourcedId"), pulled.is_reset) == (["c1"], True)
    assert "refuses a filter by date, so everything was read" in pulled.notes[0]


def test_filter_by_date_ignored__is_a_full_pull_with_a_note(server: ScriptedServer, roster: OneRosterConnector) -> None:
    classes = Collection("classes", [record("c1"), record("c2", "2021-08-01T00:00:00Z")])
    server.always("GET", f"{V12}/classes", classes)
    sink = KeepingSink()
    pulled = roster.pull(CLASSES, cursor_of(server), sink)
    assert (sink.ids("sourcedId"), pulled.is_reset) == (["c1", "c2"], True)
    assert "ignores a filter by date" in pulled.notes[0]
    assert classes.filters[-1] is None


def test_server_that_filters_by_the_day__is_believed(server: ScriptedServer, roster: OneRosterConnector) -> None:
    at = datetime(2026, 9, 30, 0, 0, tzinfo=UTC) - timedelta(hours=9)
    server.always("GET", f"{V12}/classes", Collection("classes", [record("c1", at.isoformat())]))
    assert not roster.pull(CLASSES, cursor_of(server), KeepingSink()).is_reset


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"server": "https://old.example.org/ims/oneroster/rostering/v1p2"}, "another server or version"),
        ({"modified_since": "2999-01-01T00:00:00.000Z"}, "later than the server's clock"),
        ({"modified_since": "yesterday"}, "could not be read"),
        ({"modified_since": 7}, "could not be read"),
    ],
)
def test_cursor_that_does_not_fit__is_a_full_pull_with_a_note(
    server: ScriptedServer, roster: OneRosterConnector, changed: dict[str, Any], said: str
) -> None:
    everything, nothing = Collection("orgs", [record("o1")]), Collection("orgs", [])
    server.always("GET", f"{V12}/orgs", lambda asked: (nothing if "filter" in asked.query else everything)(asked))
    sink = KeepingSink()
    pulled = roster.pull(ORGS, cursor_of(server) | changed, sink)
    assert (sink.ids("sourcedId"), pulled.is_reset, pulled.cursor) == (["o1"], True, cursor_of(server, NOW))
    assert said in pulled.notes[0]


def test_page_refused_in_the_middle__is_a_lost_page_set_and_no_refused_filter(
    server: ScriptedServer, roster: OneRosterConnector
) -> None:
    server.on("GET", f"{V12}/orgs", page("orgs", record("o1")), answer(400))
    with pytest.raises(PageSetLost):
        roster.pull(ORGS, None, KeepingSink())


# -- contract and access -------------------------------------------------------------------


@pytest.mark.parametrize(
    "document",
    [
        {"error": "CANARY"},
        {"imsx_codeMajor": "failure"},
        {"orgs": None},
        {"orgs": {"sourcedId": "x"}},
        {"users": []},
        [],
        None,
    ],
)
def test_wrong_envelope__is_never_zero_records(
    server: ScriptedServer, roster: OneRosterConnector, document: object
) -> None:
    server.always("GET", f"{V12}/orgs", json_answer(document))
    with pytest.raises(ContractBroken) as caught:
        roster.pull(ORGS, None, KeepingSink())
    assert "CANARY" not in str(caught.value)


def test_record_that_is_no_object__breaks_the_contract(server: ScriptedServer, roster: OneRosterConnector) -> None:
    server.always("GET", f"{V12}/orgs", json_answer({"orgs": ["CANARY"]}))
    with pytest.raises(ContractBroken, match="no object") as caught:
        roster.pull(ORGS, None, KeepingSink())
    assert "CANARY" not in str(caught.value)


def test_forbidden_stream__is_no_access(server: ScriptedServer, roster: OneRosterConnector) -> None:
    server.always("GET", f"{V12}/classes", answer(403))
    with pytest.raises(AccessDenied):
        roster.pull(CLASSES, None, KeepingSink())


def test_streams__by_rest_there_is_no_file_of_roles(roster: OneRosterConnector) -> None:
    assert roster.streams_of() == REST_STREAMS
    assert "roles" not in {stream.name for stream in roster.streams_of()}


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_check__signs_in_for_rosters_without_demographics(server: ScriptedServer, tmp_path: Path, version: str) -> None:
    base = V12 if version == "1.2" else V11
    server.on("GET", f"{base}/orgs", page("orgs", record("o1")))
    said = rest(server.base_url, tmp_path, version=version).check()
    assert said == f"roster: signed in to OneRoster {version}, and organisations can be read"
    (asked,) = server.asked("POST", "/token")
    assert asked.form["scope"].endswith("/scope/roster-core.readonly")
    assert asked.form["grant_type"] == "client_credentials"


def test_check__fails_on_a_wrong_secret(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        server.on("POST", "/token", json_answer({"error": "invalid_client"}, 401))
        with pytest.raises(AuthenticationFailed, match="ROSTER_CLIENT_ID and ROSTER_CLIENT_SECRET") as caught:
            rest(server.base_url, tmp_path).check()
        assert len(server.requests) == 1
    assert "CANARY" not in str(caught.value)


def test_tokens_may_be_given_by_another_host(server: ScriptedServer, tmp_path: Path) -> None:
    with ScriptedServer() as giver:
        giver.on("POST", "/oauth2/token", json_answer({"access_token": "t2", "token_type": "Bearer"}))
        server.always("GET", f"{V12}/orgs", Collection("orgs", [record("o1")]))
        connector = rest(server.base_url, tmp_path, oauth_url=f"{giver.base_url}/oauth2/token?appName=roster")
        connector.pull(ORGS, None, KeepingSink())
        assert giver.requests[0].query == {"appName": "roster"}
    assert {request.token for request in server.requests} == {"t2"}


def test_secrets__are_needed_by_rest(tmp_path: Path) -> None:
    with pytest.raises(MissingSecret, match="ROSTER_CLIENT_ID"):
        OneRosterConnector(connection(tmp_path, base_url="https://roster.example.org"))
