"""Page walks over real HTTP: nothing missed, no loop, no walk without end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connectors.core.errors import ContractBroken, NotFound, PageSetLost
from connectors.core.http import JsonResponse, PlatformSession, RequestRefused
from connectors.core.paging import (
    Page,
    PageLimits,
    body_link_pages,
    link_pages,
    offset_pages,
    token_pages,
    without_first,
)
from tests.connectors.scripted_server import Answer, Request, ScriptedServer, json_answer

PATH = "/api/things"
Walk = Callable[[PlatformSession, PageLimits], Iterator[Page]]


def records_of(response: JsonResponse) -> list[Any]:
    document = response.document
    found: list[Any] = document["items"] if isinstance(document, dict) else document
    return found


def by_link(session: PlatformSession, limits: PageLimits) -> Iterator[Page]:
    return link_pages(session.get_json, "/things", {"num": "2"}, records_of, "x.things", limits)


def by_body(session: PlatformSession, limits: PageLimits) -> Iterator[Page]:
    following = lambda response: response.document.get("next")  # noqa: E731
    return body_link_pages(session.get_json, "/things", {"num": "2"}, records_of, following, "x.things", limits)


def by_token(session: PlatformSession, limits: PageLimits) -> Iterator[Page]:
    return token_pages(
        session.get_json, "/things", {"pageSize": "2"}, records_of, "pageToken", "Next-Page-Token", "x.things", limits
    )


def by_offset(session: PlatformSession, limits: PageLimits) -> Iterator[Page]:
    return offset_pages(session.get_json, "/things", {}, records_of, lambda record: record, 2, "x.things", limits)


def page_of(kind: Walk, records: list[int], following: str) -> Answer:
    """A page of that kind; following: the next cursor, empty at the end."""
    if kind is by_link:
        headers = {"Link": f'<{PATH}?num=2&cursor={following}>; rel="next"'} if following else {}
        return json_answer(records, headers=headers)
    if kind is by_token:
        return json_answer(records, headers={"Next-Page-Token": following} if following else {})
    return json_answer({"items": records, "next": f"{PATH}?cursor={following}&num=2" if following else None})


def walked(server: ScriptedServer, walk: Walk, limits: PageLimits | None = None) -> list[list[int]]:
    session = PlatformSession("x", f"{server.base_url}/api", 1000)
    try:
        return [page.records for page in walk(session, limits or PageLimits())]
    finally:
        session.close()


CHAINED = pytest.mark.parametrize("walk", [by_link, by_body, by_token])


@CHAINED
def test_chain__goes_on_over_empty_and_short_pages(walk: Walk) -> None:
    with ScriptedServer() as server:
        server.on("GET", PATH, page_of(walk, [1, 2], "a"), page_of(walk, [], "b"), page_of(walk, [3], "c"))
        server.on("GET", PATH, page_of(walk, [4, 5], ""))
        assert walked(server, walk) == [[1, 2], [], [3], [4, 5]]


@CHAINED
def test_chain__passes_a_page_that_is_served_twice(walk: Walk) -> None:
    with ScriptedServer() as server:
        server.on("GET", PATH, page_of(walk, [1, 2], "a"), page_of(walk, [1, 2], "b"), page_of(walk, [3], ""))
        assert walked(server, walk) == [[1, 2], [1, 2], [3]]


@CHAINED
def test_loop__is_found_within_two_extra_requests(walk: Walk) -> None:
    """Pages 1 → a → b, and b points back to a."""
    with ScriptedServer() as server:
        server.on("GET", PATH, page_of(walk, [1], "a"), page_of(walk, [2], "b"))
        server.always("GET", PATH, page_of(walk, [3], "a"))
        with pytest.raises(ContractBroken, match=r"x\.things: after 3 pages the platform points back"):
            walked(server, walk)
        assert len(server.requests) <= 3 + 2


@pytest.mark.parametrize("walk", [by_link, by_body])
def test_loop__to_the_first_page_is_found(walk: Walk) -> None:
    first = f"{PATH}?num=2"
    answer = (
        json_answer([1], headers={"Link": f'<{first}>; rel="next"'})
        if walk is by_link
        else json_answer({"items": [1], "next": first})
    )
    with ScriptedServer() as server:
        server.always("GET", PATH, answer)
        with pytest.raises(ContractBroken, match="points back"):
            walked(server, walk)
        assert len(server.requests) == 1


@CHAINED
def test_chain_without_end__stops_at_max_pages(walk: Walk) -> None:
    def endless(request: Request) -> Answer:
        return page_of(walk, [], f"c{len(server.requests)}")

    with ScriptedServer() as server:
        server.always("GET", PATH, endless)
        with pytest.raises(ContractBroken, match="no end after 20 pages and 0 records"):
            walked(server, walk, PageLimits(max_pages=20))
        assert len(server.requests) == 20


@pytest.mark.parametrize("walk", [by_link, by_body, by_token, by_offset])
def test_chain_without_end__stops_at_max_records(walk: Walk) -> None:
    def endless(request: Request) -> Answer:
        offset = int(request.query.get("offset", 0))
        return page_of(walk, [offset, offset + 1], f"c{len(server.requests)}")

    with ScriptedServer() as server:
        server.always("GET", PATH, endless)
        with pytest.raises(ContractBroken, match="more than 11 records"):
            walked(server, walk, PageLimits(max_records=11))
        assert len(server.requests) <= 12


@CHAINED
def test_cursor_of_great_length__is_not_followed(walk: Walk) -> None:
    with ScriptedServer() as server:
        server.on("GET", PATH, page_of(walk, [1], "a" * 20_000))
        with pytest.raises(ContractBroken, match="20[0-9]{3} characters long"):
            walked(server, walk)
        assert len(server.requests) == 1


@CHAINED
@pytest.mark.parametrize("status", [400, 404, 410])
def test_cursor_that_expired__is_a_lost_page_set_and_no_missing_resource(walk: Walk, status: int) -> None:
    with ScriptedServer() as server:
        server.on("GET", PATH, page_of(walk, [1], "a"), json_answer({"message": "expired"}, status))
        with pytest.raises(PageSetLost, match="after 2 pages .* where the next one is") as caught:
            walked(server, walk)
        assert caught.value.is_transient
    with ScriptedServer() as server:
        server.on("GET", PATH, json_answer({"message": "unknown"}, status))
        with pytest.raises((NotFound, RequestRefused)):
            walked(server, walk)


@pytest.mark.parametrize("target", ["http://[::1/x", "http://127.0.0.1:99999/api/things"])
def test_next_address__that_cannot_be_read_is_no_crash(target: str) -> None:
    with ScriptedServer() as server:
        server.on("GET", PATH, json_answer({"items": [1], "next": target}))
        with pytest.raises(ContractBroken, match="can't be read"):
            walked(server, by_body)


def test_offset__grows_by_what_came_and_ends_at_an_empty_page() -> None:
    """A server that caps the page size at 1 although 2 are asked for."""
    everything = [1, 2, 3, 4, 5]

    def capped(request: Request) -> Answer:
        offset = int(request.query["offset"])
        assert request.query["limit"] == "2"
        return json_answer(everything[offset : offset + 1])

    with ScriptedServer() as server:
        server.always("GET", PATH, capped)
        assert [record for page in walked(server, by_offset) for record in page] == everything


class ShiftingList:
    """A list that changes between two pages: `changes` maps the number of a request to what happens before it."""

    def __init__(self, count: int, changes: dict[int, Callable[[list[int]], None]], most: int = 100) -> None:
        self.rows = list(range(count))
        self.changes = changes
        self.most = most
        self.asked = 0

    def __call__(self, request: Request) -> Answer:
        self.asked += 1
        self.changes.get(self.asked, lambda rows: None)(self.rows)
        offset, limit = int(request.query["offset"]), int(request.query["limit"])
        return json_answer(self.rows[offset : offset + min(limit, self.most)])


def offset_walk(server: ScriptedServer, limit: int) -> list[int]:
    session = PlatformSession("x", f"{server.base_url}/api", 1000)
    try:
        pages = offset_pages(
            session.get_json, "/things", {}, records_of, lambda record: record, limit, "x.things", PageLimits()
        )
        bodies = [json.loads(page.body) if page.records else [] for page in pages]
        return [record for body in bodies for record in body]
    finally:
        session.close()


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 19, 20, 95])
@pytest.mark.parametrize("most", [100, 4, 1])
def test_offset__a_list_that_stands_still_comes_once(count: int, most: int) -> None:
    with ScriptedServer() as server:
        server.always("GET", PATH, ShiftingList(count, {}, most))
        assert offset_walk(server, 10) == list(range(count))


@pytest.mark.parametrize("at", [2, 3, 4])
def test_offset__row_16_a_row_added_before_brings_none_twice(at: int) -> None:
    with ScriptedServer() as server:
        server.always("GET", PATH, ShiftingList(50, {at: lambda rows: rows.insert(0, 1000)}))
        came = offset_walk(server, 10)
    assert came == list(range(50))


@pytest.mark.parametrize("at", [2, 3, 4, 5])
@pytest.mark.parametrize("gone", [1, 3, 10, 15])
@pytest.mark.parametrize("added", [0, 1, 15])
def test_offset__row_17_rows_deleted_before_hide_no_other(at: int, gone: int, added: int) -> None:
    """Also where as many were added at the end, so that no count could tell."""

    def change(rows: list[int]) -> None:
        del rows[:gone]
        rows.extend(range(1000, 1000 + added))

    with ScriptedServer() as server:
        changing = ShiftingList(60, {at: change})
        server.always("GET", PATH, changing)
        came = offset_walk(server, 10)
    assert set(changing.rows) <= set(came)
    assert changing.asked < 20


@pytest.mark.parametrize("where", [8, 9, 10, 11])
def test_offset__row_17_a_row_deleted_at_a_pages_edge_hides_no_other(where: int) -> None:
    with ScriptedServer() as server:
        changing = ShiftingList(40, {2: lambda rows: rows.remove(where)})
        server.always("GET", PATH, changing)
        came = offset_walk(server, 10)
    assert set(changing.rows) <= set(came)


def test_offset__everything_deleted_meanwhile_is_an_end() -> None:
    with ScriptedServer() as server:
        server.always("GET", PATH, ShiftingList(30, {3: lambda rows: rows.clear()}))
        assert offset_walk(server, 10)[:10] == list(range(10))


def test_offset__a_list_that_changes_faster_than_it_is_read_is_given_up() -> None:
    turning = {
        number: (lambda rows: rows.__setitem__(slice(None), [row + 1000 for row in rows])) for number in range(99)
    }
    with ScriptedServer() as server:
        server.always("GET", PATH, ShiftingList(5000, turning))
        with pytest.raises(PageSetLost):
            offset_walk(server, 10)
        assert len(server.requests) < 60


def test_offset__row_13_a_page_served_twice_hides_no_other() -> None:
    rows = list(range(40))

    def repeating(request: Request) -> Answer:
        start = 0 if len(server.requests) == 2 else int(request.query["offset"])
        return json_answer(rows[start : start + 10])

    with ScriptedServer() as server:
        server.always("GET", PATH, repeating)
        came = offset_walk(server, 10)
    assert set(came) == set(rows)


def test_offset__a_server_that_passes_it_over_is_found_out() -> None:
    with ScriptedServer() as server:
        server.always("GET", PATH, json_answer([1, 2, 3]))
        with pytest.raises(ContractBroken, match="same records whatever the offset"):
            offset_walk(server, 3)
        assert len(server.requests) <= 5


@pytest.mark.parametrize(
    ("body", "rest"),
    [
        (b'[{"a": "]},[ \\" "}, {"n": 1234567.10}]', b'[ {"n": 1234567.10}]'),
        (b" [\n 1 ,\n18446744073709551617]", b"[\n18446744073709551617]"),
        (b'[{"a": [1, 2]}]', b"[]"),
        ('[{"a":"\u00e9"},"\u00e9"]'.encode(), '["\u00e9"]'.encode()),
    ],
)
def test_without_first__leaves_the_others_as_they_were_written(body: bytes, rest: bytes) -> None:
    assert without_first(body, 1) == rest
    assert json.loads(without_first(b"[0, 1 ,2,3]", 3)) == [3]


def test_next_link__to_another_host_is_refused() -> None:
    with ScriptedServer() as server, ScriptedServer() as other:
        server.on("GET", PATH, json_answer([1], headers={"Link": f'<{other.base_url}{PATH}>; rel="next"'}))
        with pytest.raises(ContractBroken, match="may be asked"):
            walked(server, by_link)
        assert other.requests == []
