"""The Ed-Fi stand-in keeps the published contract."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from connectors.sandbox import canaries
from connectors.sandbox.district import District
from connectors.sandbox.edfi_server import KEY_PATHS, NAMESPACES
from connectors.sandbox.server import Sandbox

ELEMENT_RATINGS = "evaluationElementRatings"


def _url(sandbox: Sandbox, resource: str, tail: str = "") -> str:
    return f"{sandbox.edfi_url}/data/v3/{NAMESPACES[resource]}/{resource}{tail}"


def _by_token(session: requests.Session, url: str, size: int = 500, **params: int) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = []
    token = None
    while True:
        query: dict[str, Any] = {"pageSize": size, **params} | ({"pageToken": token} if token else {})
        answer = session.get(url, params=query, timeout=10)
        records += answer.json()
        token = answer.headers.get("Next-Page-Token")
        if token is None:
            return records


def _by_offset(session: requests.Session, url: str, size: int = 500) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = []
    while True:
        page = session.get(url, params={"offset": len(records), "limit": size}, timeout=10).json()
        records += page
        if len(page) < size:
            return records


def _newest(session: requests.Session, sandbox: Sandbox) -> int:
    url = f"{sandbox.edfi_url}/changeQueries/v1/availableChangeVersions"
    return int(session.get(url, timeout=10).json()["newestChangeVersion"])


def test_discovery__names_the_urls_without_a_token(sandbox: Sandbox) -> None:
    found = requests.get(sandbox.edfi_url, timeout=10).json()
    assert found["urls"]["dataManagementApi"] == f"{sandbox.edfi_url}/data/v3/"
    assert found["urls"]["oauth"] == f"{sandbox.edfi_url}/oauth/token"
    assert "changeQueries" in found["urls"]
    sandbox.edfi.has_change_queries = False
    assert "changeQueries" not in requests.get(sandbox.edfi_url, timeout=10).json()["urls"]


def test_token__wrong_secret_and_unknown_token_are_refused(sandbox: Sandbox) -> None:
    form = {"grant_type": "client_credentials"}
    url = f"{sandbox.edfi_url}/oauth/token"
    assert requests.post(url, data=form, auth=("sandbox", "wrong"), timeout=10).status_code == 401
    assert requests.post(url, data={"grant_type": "password"}, timeout=10).status_code == 400
    assert requests.get(_url(sandbox, "people"), timeout=10).status_code == 401


def test_token__says_its_life_and_ends(sandbox: Sandbox, edfi: requests.Session) -> None:
    assert edfi.get(_url(sandbox, "people"), timeout=10).status_code == 200
    sandbox.edfi.tokens.expire()
    assert edfi.get(_url(sandbox, "people"), timeout=10).status_code == 401
    sandbox.edfi.tokens.life_seconds = 0
    client = (sandbox.credentials["SIS_CLIENT_ID"], sandbox.credentials["SIS_CLIENT_SECRET"])
    url = f"{sandbox.edfi_url}/oauth/token"
    token = edfi.post(url, data={"grant_type": "client_credentials"}, auth=client, timeout=10).json()
    assert token["expires_in"] == 0
    expired = {"Authorization": f"Bearer {token['access_token']}"}
    assert requests.get(_url(sandbox, "people"), headers=expired, timeout=10).status_code == 401


@pytest.mark.parametrize("resource", sorted(NAMESPACES))
def test_paging__both_ways_come_to_the_same_end(sandbox: Sandbox, edfi: requests.Session, resource: str) -> None:
    url = _url(sandbox, resource)
    total = edfi.get(url, params={"limit": 0, "totalCount": "true"}, timeout=10)
    assert total.json() == []
    by_token = _by_token(edfi, url)
    assert len(by_token) == int(total.headers["Total-Count"]) > 0
    assert by_token == _by_offset(edfi, url)
    assert len({record["id"] for record in by_token}) == len(by_token)
    keys = {str([_at(record, path) for path in KEY_PATHS[resource]]) for record in by_token}
    assert len(keys) == len(by_token)


def _at(record: dict[str, Any], path: str) -> Any:
    value: Any = record
    for part in path.split("."):
        value = value[part]
    return value


def test_paging__default_is_25_and_more_than_500_is_refused(sandbox: Sandbox, edfi: requests.Session) -> None:
    url = _url(sandbox, ELEMENT_RATINGS)
    assert len(edfi.get(url, timeout=10).json()) == 25
    assert len(edfi.get(url, params={"limit": 500}, timeout=10).json()) == 500
    for wrong in ({"limit": 501}, {"pageSize": 501}, {"limit": "many"}, {"offset": -1}, {"totalCount": "yes"}):
        assert edfi.get(url, params=wrong, timeout=10).status_code == 400


def test_paging__tokens_do_not_mix_with_offsets_nor_with_other_resources(
    sandbox: Sandbox, edfi: requests.Session
) -> None:
    url = _url(sandbox, ELEMENT_RATINGS)
    token = edfi.get(url, params={"pageSize": 10}, timeout=10).headers["Next-Page-Token"]
    assert edfi.get(url, params={"pageToken": token, "offset": 10}, timeout=10).status_code == 400
    assert edfi.get(url, params={"pageSize": 10, "totalCount": "true"}, timeout=10).status_code == 400
    assert edfi.get(_url(sandbox, "staffs"), params={"pageToken": token}, timeout=10).status_code == 400
    sandbox.edfi.has_cursor_paging = False
    assert edfi.get(url, params={"pageSize": 10}, timeout=10).status_code == 400


def test_paging__an_offset_pull_drifts_where_a_token_pull_does_not(sandbox: Sandbox, edfi: requests.Session) -> None:
    url, ids = _url(sandbox, "people"), sandbox.edfi.ids("people")
    first = edfi.get(url, params={"limit": 10}, timeout=10).json()
    sandbox.edfi.delete("people", ids[0])
    second = edfi.get(url, params={"limit": 10, "offset": 10}, timeout=10).json()
    assert [record["id"] for record in first + second] == ids[:10] + ids[11:21]
    assert [record["id"] for record in _by_token(edfi, url, size=10)] == ids[1:]


def test_changes__window_holds_what_changed_since(sandbox: Sandbox, edfi: requests.Session) -> None:
    url, before = _url(sandbox, "staffs"), _newest(edfi, sandbox)
    changed = sandbox.edfi.ids("staffs")[5]
    sandbox.edfi.change("staffs", changed, {"firstName": "Changed", "maidenName": None})
    since = {"minChangeVersion": before + 1, "maxChangeVersion": _newest(edfi, sandbox)}
    found = edfi.get(url, params=since, timeout=10).json()
    assert [(record["id"], record["firstName"]) for record in found] == [(changed, "Changed")]
    assert edfi.get(_url(sandbox, "staffs", f"/{changed}"), timeout=10).json() == found[0]
    assert edfi.get(url, params={"minChangeVersion": before + 2}, timeout=10).json() == []


def test_changes__deletes_leave_a_tombstone_with_the_natural_key(sandbox: Sandbox, edfi: requests.Session) -> None:
    before = _newest(edfi, sandbox)
    gone = sandbox.edfi.ids(ELEMENT_RATINGS)[3]
    record = sandbox.edfi.get(ELEMENT_RATINGS, gone)
    sandbox.edfi.delete(ELEMENT_RATINGS, gone)
    assert edfi.get(_url(sandbox, ELEMENT_RATINGS, f"/{gone}"), timeout=10).status_code == 404
    tombstones = edfi.get(
        _url(sandbox, ELEMENT_RATINGS, "/deletes"),
        params={"minChangeVersion": before + 1, "totalCount": "true"},
        timeout=10,
    )
    assert tombstones.headers["Total-Count"] == "1"
    [tombstone] = tombstones.json()
    assert tombstone["id"] == gone
    assert tombstone["changeVersion"] == before + 1
    assert tombstone["keyValues"]["personId"] == record["evaluationObjectiveRatingReference"]["personId"]
    assert tombstone["keyValues"]["evaluationElementTitle"]


def test_changes__a_new_key_is_told_with_the_old_one(sandbox: Sandbox, edfi: requests.Session) -> None:
    before = _newest(edfi, sandbox)
    renumbered = sandbox.edfi.ids("staffs")[0]
    old = sandbox.edfi.get("staffs", renumbered)["staffUniqueId"]
    sandbox.edfi.change_key("staffs", renumbered, {"staffUniqueId": "9999999"})
    [told] = edfi.get(
        _url(sandbox, "staffs", "/keyChanges"), params={"minChangeVersion": before + 1}, timeout=10
    ).json()
    assert told["id"] == renumbered
    assert (told["oldKeyValues"], told["newKeyValues"]) == ({"staffUniqueId": old}, {"staffUniqueId": "9999999"})
    upserted = edfi.get(_url(sandbox, "staffs"), params={"minChangeVersion": before + 1}, timeout=10).json()
    assert [record["staffUniqueId"] for record in upserted] == ["9999999"]


def test_changes__an_added_record_comes_last(sandbox: Sandbox, edfi: requests.Session) -> None:
    new = sandbox.edfi.add("people", {"personId": "F" * 32, "sourceSystemDescriptor": "uri://x#y"})
    everyone = _by_token(edfi, _url(sandbox, "people"), size=25)
    assert everyone[-1]["id"] == new
    assert everyone[-1]["_lastModifiedDate"]


def test_changes__may_be_off(sandbox: Sandbox, edfi: requests.Session) -> None:
    sandbox.edfi.has_change_queries = False
    versions = f"{sandbox.edfi_url}/changeQueries/v1/availableChangeVersions"
    assert edfi.get(versions, timeout=10).status_code == 404
    assert edfi.get(_url(sandbox, "people", "/deletes"), timeout=10).status_code == 404
    assert edfi.get(_url(sandbox, "people"), params={"minChangeVersion": 10**9}, timeout=10).json()


def test_resources__stand_in_one_namespace_only(sandbox: Sandbox, edfi: requests.Session) -> None:
    for path in ("ed-fi/evaluationRatings", "tpdm/staffs", "ed-fi/unknown"):
        assert edfi.get(f"{sandbox.edfi_url}/data/v3/{path}", timeout=10).status_code == 404
    assert edfi.post(_url(sandbox, "people"), timeout=10).status_code == 405


def test_ratings__say_what_the_district_holds(sandbox: Sandbox, edfi: requests.Session, district: District) -> None:
    found = _by_token(edfi, _url(sandbox, ELEMENT_RATINGS))
    kept = district.observed.observations.filter(district.observed.observations["school_year"] != district.export_year)
    scores = district.observed.scores[kept["observation"].to_numpy()]
    rated = [result["rating"] for record in found for result in record["results"]]
    assert len(found) == scores.size
    assert sum(rated) == int(scores.sum())
    assert len(rated) == int((scores > 0).sum())
    blank = next(record for record in found if not record["results"])
    assert "evaluationElementRatingLevelDescriptor" not in blank
    years = {record["evaluationObjectiveRatingReference"]["schoolYear"] for record in found}
    assert years == set(district.years[1:])


def test_records__hold_canaries_in_what_is_withheld(sandbox: Sandbox, edfi: requests.Session) -> None:
    for resource in ("staffs", "performanceEvaluationRatings", "evaluationRatings", ELEMENT_RATINGS):
        assert canaries.TEXT in edfi.get(_url(sandbox, resource), params={"limit": 500}, timeout=10).text
    assert canaries.BIRTH_DATE in edfi.get(_url(sandbox, "staffs"), timeout=10).text
    assert canaries.SECRET_NUMBER in edfi.get(_url(sandbox, "staffs"), timeout=10).text


def test_serving__a_page_of_the_whole_district_takes_milliseconds(whole_district: District) -> None:
    with Sandbox.start(whole_district) as sandbox:
        positions = sandbox.edfi.state.collections[ELEMENT_RATINGS].positions(None, None)
        assert 150_000 < len(positions) < 170_000
        begun = time.perf_counter()
        for start in range(0, 50_000, 500):
            sandbox.edfi.state.collections[ELEMENT_RATINGS].documents(positions[start : start + 500])
        # generous: a busy machine still shows a page that is drawn up row by row
        assert (time.perf_counter() - begun) / 100 < 0.1
