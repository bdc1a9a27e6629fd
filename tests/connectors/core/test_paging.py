"""Page walks over real HTTP: nothing missed, no loop, no walk without end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connectors.core.errors import ContractBroken
from connectors.core.http import JsonResponse, PlatformSession
from connectors.core.paging import Page, PageLimits, body_link_pages, link_pages, offset_pages, token_pages
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
    return offset_pages(session.get_json, "/things", {}, records_of, 2, "x.things", limits)


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
        return page_of(walk, [1, 2], f"c{len(server.requests)}")

    with ScriptedServer() as server:
        server.always("GET", PATH, endless)
        with pytest.raises(ContractBroken, match="more than 11 records"):
            walked(server, walk, PageLimits(max_records=11))
        assert len(server.requests) == 6


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
        assert [request.query["offset"] for request in server.requests] == ["0", "1", "2", "3", "4", "5"]


def test_next_link__to_another_host_is_refused() -> None:
    with ScriptedServer() as server, ScriptedServer() as other:
        server.on("GET", PATH, json_answer([1], headers={"Link": f'<{other.base_url}{PATH}>; rel="next"'}))
        with pytest.raises(ContractBroken, match="may be asked"):
            walked(server, by_link)
        assert other.requests == []
