"""Every fault happens, once and only where it was told to."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from connectors.sandbox.district import District
from connectors.sandbox.faults import (
    Effect,
    Fault,
    add_field,
    change_field,
    cut_gzip,
    cut_off,
    delayed,
    each_record,
    empty_page,
    error_body,
    login_page,
    looping_link,
    missing_key,
    remove_field,
    rename_field,
    same_page_again,
    set_field,
    short_body,
    status,
)
from connectors.sandbox.server import Sandbox
from tests.connectors.sandbox.conftest import badgr_token, edfi_token

CHANGED = "/v2/assertions/changed"
SINCE = {"since": "2000-01-01T00:00:00Z"}


@pytest.fixture
def people(sandbox: Sandbox) -> str:
    return f"{sandbox.edfi_url}/data/v3/ed-fi/people"


def _struck(
    sandbox: Sandbox, session: requests.Session, url: str, effect: Effect, **params: object
) -> requests.Response:
    fault = sandbox.faults.add(Fault("/people", effect))
    answer = session.get(url, params=params, timeout=10)  # type: ignore[arg-type]
    assert fault.struck == 1
    return answer


@pytest.mark.parametrize(("code", "retry_after"), [(429, "2"), (429, None), (500, None), (503, None), (401, None)])
def test_status__happens_as_often_as_told(
    sandbox: Sandbox, edfi: requests.Session, people: str, code: int, retry_after: str | None
) -> None:
    sandbox.faults.add(Fault("/people", status(code, retry_after), first=2, times=2))
    answers = [edfi.get(people, timeout=10) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, code, code, 200]
    assert answers[1].headers.get("Retry-After") == retry_after


def test_faults__strike_no_other_path_no_token_and_end_when_cleared(
    sandbox: Sandbox, edfi: requests.Session, people: str
) -> None:
    sandbox.faults.add(Fault("/people|/oauth", status(500), times=None))
    assert edfi.get(f"{sandbox.edfi_url}/data/v3/ed-fi/schools", timeout=10).status_code == 200
    assert edfi_token(sandbox, edfi)
    assert edfi.get(people, timeout=10).status_code == 500
    sandbox.faults.clear()
    assert edfi.get(people, timeout=10).status_code == 200


def test_faults__strike_token_requests_that_they_name(sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("/o/token", status(503), method="POST"))
    with requests.Session() as session:
        assert "access_token" not in badgr_token(sandbox, session)
        assert "access_token" in badgr_token(sandbox, session)


def test_login_page__is_html_with_200(sandbox: Sandbox, edfi: requests.Session, people: str) -> None:
    answer = _struck(sandbox, edfi, people, login_page())
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")


def test_error_body__is_json_with_200(sandbox: Sandbox, edfi: requests.Session, people: str) -> None:
    answer = _struck(sandbox, edfi, people, error_body())
    assert answer.status_code == 200
    assert list(answer.json()) == ["error"]


def test_missing_key__takes_the_records_away(sandbox: Sandbox, badgr: requests.Session) -> None:
    sandbox.faults.add(Fault(CHANGED, missing_key("result")))
    body = badgr.get(f"{sandbox.badgr_url}{CHANGED}", params=SINCE, timeout=10).json()
    assert set(body) == {"status", "pagination", "timestamp"}


def test_cut_off__ends_early_and_says_nothing(sandbox: Sandbox, edfi: requests.Session, people: str) -> None:
    whole = edfi.get(people, timeout=10)
    answer = _struck(sandbox, edfi, people, cut_off())
    assert answer.status_code == 200
    assert "Content-Length" not in answer.headers
    assert len(answer.content) < len(whole.content)
    assert edfi.get(people, timeout=10).content == whole.content


def test_short_body__breaks_its_promise(sandbox: Sandbox, edfi: requests.Session, people: str) -> None:
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        _struck(sandbox, edfi, people, short_body())


def test_cut_gzip__is_shorter_than_the_whole(sandbox: Sandbox, edfi: requests.Session, people: str) -> None:
    whole = edfi.get(people, params={"limit": 90}, timeout=10)
    answer = _struck(sandbox, edfi, people, cut_gzip(), limit=90)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(answer.content) < len(whole.content)


def test_delayed__is_late(sandbox: Sandbox, edfi: requests.Session, people: str) -> None:
    begun = time.perf_counter()
    assert _struck(sandbox, edfi, people, delayed(0.2)).status_code == 200
    assert time.perf_counter() - begun >= 0.2


def test_empty_page__leads_on(sandbox: Sandbox, edfi: requests.Session, people: str) -> None:
    answer = _struck(sandbox, edfi, people, empty_page(), pageSize=10)
    assert answer.json() == []
    assert "Next-Page-Token" in answer.headers


def _edfi_pages(session: requests.Session, url: str, most: int = 100) -> Iterator[list[dict[str, Any]]]:
    token = None
    for _ in range(most):
        params: dict[str, Any] = {"pageSize": 25} | ({"pageToken": token} if token else {})
        answer = session.get(url, params=params, timeout=10)
        yield answer.json()
        token = answer.headers.get("Next-Page-Token")
        if token is None:
            return


def _badgr_pages(session: requests.Session, url: str, most: int = 100) -> Iterator[list[dict[str, Any]]]:
    params: dict[str, str] | None = SINCE
    following: str | None = url
    for _ in range(most):
        body = session.get(following, params=params, timeout=10).json()  # type: ignore[arg-type]
        yield body["result"]
        following, params = body["pagination"]["nextResults"], None
        if following is None:
            return


def test_same_page_again__repeats_records_and_loses_none(
    sandbox: Sandbox, edfi: requests.Session, badgr: requests.Session, people: str
) -> None:
    sandbox.badgr.page_size = 10
    sandbox.faults.add(Fault("/people", same_page_again(), first=2))
    sandbox.faults.add(Fault(CHANGED, same_page_again(), first=2))
    for pages, known in (
        (_edfi_pages(edfi, people), sandbox.edfi.ids("people")),
        (_badgr_pages(badgr, f"{sandbox.badgr_url}{CHANGED}"), sandbox.badgr.award_ids()),
    ):
        first, second, *rest = list(pages)
        assert first == second
        ids = [record.get("id") or record["entityId"] for page in (first, second, *rest) for record in page]
        assert sorted(set(ids)) == sorted(known)
        assert len(ids) == len(known) + len(first)


def test_looping_link__leads_back_to_the_first_page(
    sandbox: Sandbox, edfi: requests.Session, badgr: requests.Session, people: str
) -> None:
    sandbox.badgr.page_size = 10
    sandbox.faults.add(Fault("/people", looping_link(), first=2, times=None))
    sandbox.faults.add(Fault(CHANGED, looping_link(), first=2, times=None))
    for pages in (_edfi_pages(edfi, people, 6), _badgr_pages(badgr, f"{sandbox.badgr_url}{CHANGED}", 6)):
        seen = list(pages)
        assert len(seen) == 6
        assert seen[2] == seen[0]


def test_each_record__adds_removes_renames_and_retypes(sandbox: Sandbox, edfi: requests.Session) -> None:
    url = f"{sandbox.edfi_url}/data/v3/tpdm/evaluationElementRatings"
    cases = {
        "new": add_field("brandNew", {"a": 1}),
        "gone": remove_field("evaluationElementReference.evaluationElementTitle"),
        "renamed": rename_field("results", "scores"),
        "text": change_field("results[*].rating", lambda rating: f"level {rating}"),
        "six": set_field("results[*].rating", 6),
        "unknown": set_field("evaluationElementReference.evaluationElementTitle", "Juggling"),
        "null": set_field("id", None),
    }
    seen: dict[str, dict[str, Any]] = {}
    for name, transform in cases.items():
        sandbox.faults.add(Fault("/evaluationElementRatings", each_record(transform)))
        records = edfi.get(url, params={"limit": 50}, timeout=10).json()
        seen[name] = next(record for record in records if record.get("results") or record.get("scores"))
    assert seen["new"]["brandNew"] == {"a": 1}
    assert "evaluationElementTitle" not in seen["gone"]["evaluationElementReference"]
    assert "results" not in seen["renamed"]
    assert seen["text"]["results"][0]["rating"].startswith("level ")
    assert seen["six"]["results"][0]["rating"] == 6
    assert seen["unknown"]["evaluationElementReference"]["evaluationElementTitle"] == "Juggling"
    assert seen["null"]["id"] is None


def test_each_record__may_spare_most(sandbox: Sandbox, edfi: requests.Session, people: str) -> None:
    fault = Fault("/people", each_record(set_field("personId", " "), every=10))
    sandbox.faults.add(fault)
    records = edfi.get(people, params={"limit": 50}, timeout=10).json()
    assert [number for number, record in enumerate(records) if record["personId"] == " "] == [0, 10, 20, 30, 40]


def test_requests__are_logged_in_order(sandbox: Sandbox, edfi: requests.Session, people: str) -> None:
    edfi.get(people, params={"limit": 1}, timeout=10)
    token, listed = sandbox.requests
    assert (token.method, token.path, token.status) == ("POST", "/edfi/oauth/token", 200)
    assert (listed.method, listed.path, listed.query, listed.status) == (
        "GET",
        "/edfi/data/v3/ed-fi/people",
        "limit=1",
        200,
    )


def test_server__keeps_connections_alive_and_hangs_up_at_the_end(district: District) -> None:
    with Sandbox.start(district) as sandbox, requests.Session() as session:
        url = f"{sandbox.edfi_url}/"
        with session.get(url, stream=True, timeout=10) as first:
            port = first.raw.connection.sock.getsockname()[1]
            assert first.json()
        with session.get(url, stream=True, timeout=10) as second:
            assert second.raw.connection.sock.getsockname()[1] == port
            assert second.json()
    with requests.Session() as session, pytest.raises(requests.ConnectionError):
        session.get(url, timeout=10)


def test_server__a_kept_connection_ends_with_the_server(district: District) -> None:
    with requests.Session() as session:
        with Sandbox.start(district) as sandbox:
            assert session.get(f"{sandbox.edfi_url}/", timeout=10).status_code == 200
        with pytest.raises(requests.ConnectionError):
            session.get(f"{sandbox.edfi_url}/", timeout=10)


def test_server__unknown_platform_is_not_found(sandbox: Sandbox) -> None:
    assert requests.get(f"{sandbox.url}/elsewhere", timeout=10).status_code == 404
