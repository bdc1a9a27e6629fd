"""The Badgr stand-in keeps the published contract."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
import requests

from connectors.sandbox import canaries
from connectors.sandbox.badgr_documents import identity_hash
from connectors.sandbox.district import District
from connectors.sandbox.server import Sandbox
from tests.connectors.sandbox.conftest import badgr_token

BEGINNING = "2000-01-01T00:00:00Z"


def _result(session: requests.Session, url: str, **params: object) -> list[dict[str, Any]]:
    answer = session.get(url, params=params, timeout=10)  # type: ignore[arg-type]
    assert answer.status_code == 200
    assert answer.json()["status"]["success"] is True
    result: list[dict[str, Any]] = answer.json()["result"]
    return result


def _changed(session: requests.Session, sandbox: Sandbox, since: str, kind: str = "assertions") -> dict[str, Any]:
    """All pages of `changed`, with the first one's timestamp."""
    url: str | None = f"{sandbox.badgr_url}/v2/{kind}/changed"
    params: dict[str, str] | None = {"since": since}
    records: list[dict[str, Any]] = []
    timestamp = ""
    while url:
        body = session.get(url, params=params, timeout=10).json()
        records += body["result"]
        timestamp = timestamp or body["timestamp"]
        url, params = body["pagination"]["nextResults"], None
    return {"records": records, "timestamp": timestamp}


def _ids(records: list[dict[str, Any]]) -> list[str]:
    return [record["entityId"] for record in records]


def test_token__password_then_refresh_tokens_that_work_once(sandbox: Sandbox) -> None:
    with requests.Session() as session:
        first = badgr_token(sandbox, session)
        assert first["expires_in"] == 86_400
        url = f"{sandbox.badgr_url}/o/token"
        form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
        second = session.post(url, data=form, timeout=10).json()
        assert second["refresh_token"] != first["refresh_token"]
        again = session.post(url, data=form, timeout=10)
        assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
        form["refresh_token"] = second["refresh_token"]
        assert session.post(url, data=form, timeout=10).status_code == 200


def test_token__wrong_password_is_refused(sandbox: Sandbox) -> None:
    form = {"username": sandbox.credentials["BADGES_USERNAME"], "password": "wrong"}
    assert requests.post(f"{sandbox.badgr_url}/o/token", data=form, timeout=10).status_code == 400


@pytest.mark.parametrize("status", [401, 403])
def test_token__ends(sandbox: Sandbox, badgr: requests.Session, status: int) -> None:
    sandbox.badgr.denied_status = status
    url = f"{sandbox.badgr_url}/v2/issuers"
    assert badgr.get(url, timeout=10).status_code == 200
    sandbox.badgr.tokens.expire()
    assert badgr.get(url, timeout=10).status_code == status


def test_lists__hold_four_issuers_and_120_badge_classes(sandbox: Sandbox, badgr: requests.Session) -> None:
    issuers = _result(badgr, f"{sandbox.badgr_url}/v2/issuers")
    assert {issuer["entityId"] for issuer in issuers} == {"iss-1", "iss-2", "iss-3", "iss-4"}
    classes = _result(badgr, f"{sandbox.badgr_url}/v2/badgeclasses")
    assert len(classes) == 120
    found = {badge_class["entityId"]: badge_class for badge_class in classes}
    assert found["bc-i06-3"]["name"] == "Questioning: With Evidence of Learning"
    assert found["bc-i06-3"]["alignments"][0]["targetCode"] == "C-I06"
    assert found["bc-i06-5"]["alignments"] == []
    per_issuer = [_result(badgr, f"{sandbox.badgr_url}/v2/issuers/{name}/badgeclasses") for name in _ids(issuers)]
    assert sum(map(len, per_issuer)) == 120


def test_lists__leave_out_revoked_and_expired_unless_asked(
    sandbox: Sandbox, badgr: requests.Session, district: District
) -> None:
    awards = district.earned.awards.filter("on_platform")
    revoked = set(awards.filter("is_revoked")["award_id"])
    expired = set(awards.filter(pl.col("expires_at") < datetime.now(UTC))["award_id"])
    seen: dict[str, set[str]] = {}
    for name, params in {"plain": {}, "all": {"include_revoked": "1", "include_expired": "true"}}.items():
        seen[name] = set()
        for issuer in ("iss-1", "iss-2", "iss-3", "iss-4"):
            seen[name] |= set(_ids(_result(badgr, f"{sandbox.badgr_url}/v2/issuers/{issuer}/assertions", **params)))
    assert seen["all"] == set(awards["award_id"])
    assert revoked
    assert expired
    assert seen["plain"] == seen["all"] - revoked - expired


def test_lists__page_by_link_newest_first(sandbox: Sandbox, badgr: requests.Session) -> None:
    url = f"{sandbox.badgr_url}/v2/badgeclasses"
    answer = badgr.get(url, params={"num": 50}, timeout=10)
    assert "prev" not in answer.links
    records, pages = answer.json()["result"], 1
    while "next" in answer.links:
        answer = badgr.get(answer.links["next"]["url"], timeout=10)
        records, pages = records + answer.json()["result"], pages + 1
    assert pages == 3
    assert "prev" in answer.links
    assert len(set(_ids(records))) == 120
    assert _ids(records) == _ids(badgr.get(url, timeout=10).json()["result"])


def test_lists__an_unknown_parent_is_not_found(sandbox: Sandbox, badgr: requests.Session) -> None:
    for path in ("issuers/none/assertions", "badgeclasses/none", "assertions/none", "unknown"):
        assert badgr.get(f"{sandbox.badgr_url}/v2/{path}", timeout=10).status_code == 404


def test_changed__gives_everything_once_revoked_and_expired_included(sandbox: Sandbox, badgr: requests.Session) -> None:
    sandbox.badgr.page_size = 7
    found = _changed(badgr, sandbox, BEGINNING)
    assert sorted(_ids(found["records"])) == sorted(sandbox.badgr.award_ids())
    assert any(record["revoked"] for record in found["records"])
    for kind, count in (("issuers", 4), ("badgeclasses", 120)):
        assert len(_changed(badgr, sandbox, BEGINNING, kind)["records"]) == count


def test_changed__since_the_timestamp_gives_what_happened_since(sandbox: Sandbox, badgr: requests.Session) -> None:
    watermark = _changed(badgr, sandbox, BEGINNING)["timestamp"]
    assert _changed(badgr, sandbox, watermark)["records"] == []
    ids = sandbox.badgr.award_ids()
    sandbox.badgr.revoke(ids[0])
    sandbox.badgr.change(ids[1], {"acceptance": "Rejected"})
    new = sandbox.badgr.add_award("bc-i06-1", "someone@cedar-valley.example")
    found = _changed(badgr, sandbox, watermark)["records"]
    assert _ids(found) == [ids[0], ids[1], new]
    assert [record["revoked"] for record in found] == [True, False, False]
    assert all("updatedAt" not in record for record in found)


def test_changed__says_nothing_of_a_hard_delete(sandbox: Sandbox, badgr: requests.Session) -> None:
    watermark = _changed(badgr, sandbox, BEGINNING)["timestamp"]
    gone = sandbox.badgr.award_ids()[0]
    sandbox.badgr.hard_delete(gone)
    assert _changed(badgr, sandbox, watermark)["records"] == []
    assert gone not in _ids(_changed(badgr, sandbox, BEGINNING)["records"])


@pytest.mark.parametrize("since", ["yesterday", "2026-01-01T00:00:00"])
def test_changed__a_bad_since_is_refused(sandbox: Sandbox, badgr: requests.Session, since: str) -> None:
    answer = badgr.get(f"{sandbox.badgr_url}/v2/assertions/changed", params={"since": since}, timeout=10)
    assert answer.status_code == 400
    assert answer.json()["status"]["success"] is False


def test_assertions__hashed_recipients_hash_the_lower_case_address(sandbox: Sandbox, district: District) -> None:
    hashed = district.earned.awards.filter((pl.col("kind") == "hashed") & pl.col("on_platform"))
    for row in hashed.rows(named=True):
        recipient = sandbox.badgr.get(row["award_id"])["recipient"]
        assert recipient["hashed"] is True
        assert recipient["plaintextIdentity"] is None
        assert recipient["identity"] == identity_hash(row["address"].lower(), recipient["salt"])


def test_assertions__hold_canaries_in_what_is_withheld(sandbox: Sandbox, badgr: requests.Session) -> None:
    text = badgr.get(f"{sandbox.badgr_url}/v2/assertions/changed", params={"since": BEGINNING}, timeout=10).text
    assert f"{canaries.TEXT}-narrative" in text
    assert f"{canaries.TEXT}-reason" in text
