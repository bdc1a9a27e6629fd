"""The Ed-Fi stand-in of Data Standard 6.0 serves the same district by the same contract, and snapshots."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest
import requests

from connectors.sandbox import canaries, edfi_six_documents
from connectors.sandbox.district import District
from connectors.sandbox.edfi_server import EdFi
from connectors.sandbox.edfi_six import KEY_PATHS
from connectors.sandbox.server import Sandbox

SNAPSHOT = {"Use-Snapshot": "true"}


@pytest.fixture
def six(sandbox: Sandbox) -> EdFi:
    stand_in = sandbox.stand_in("edfi6")
    assert isinstance(stand_in, EdFi)
    return stand_in


@pytest.fixture
def session(sandbox: Sandbox) -> Iterator[requests.Session]:
    with requests.Session() as opened:
        client = (sandbox.credentials["SIS6_CLIENT_ID"], sandbox.credentials["SIS6_CLIENT_SECRET"])
        form = {"grant_type": "client_credentials"}
        answer = opened.post(f"{sandbox.url_of('edfi6')}/oauth/token", data=form, auth=client, timeout=10)
        opened.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        yield opened


def url(sandbox: Sandbox, resource: str, tail: str = "") -> str:
    return f"{sandbox.url_of('edfi6')}/data/v3/ed-fi/{resource}{tail}"


def test_discovery__names_data_standard_6(sandbox: Sandbox) -> None:
    models = requests.get(sandbox.url_of("edfi6"), timeout=10).json()["dataModels"]
    assert [(model["name"], model["version"]) for model in models] == [("Ed-Fi", "6.0.0")]
    five = requests.get(sandbox.edfi_url, timeout=10).json()["dataModels"]
    assert [(model["name"], model["version"]) for model in five] == [("Ed-Fi", "5.2.0"), ("TPDM", "1.1.0")]


def test_sign_in__of_the_other_stand_in_is_refused(sandbox: Sandbox) -> None:
    client = (sandbox.credentials["SIS_CLIENT_ID"], sandbox.credentials["SIS_CLIENT_SECRET"])
    form = {"grant_type": "client_credentials"}
    url = f"{sandbox.url_of('edfi6')}/oauth/token"
    assert requests.post(url, data=form, auth=client, timeout=10).status_code == 401


@pytest.mark.parametrize("resource", sorted(KEY_PATHS))
def test_resources__stand_in_the_core_under_unique_keys(
    sandbox: Sandbox, six: EdFi, session: requests.Session, resource: str
) -> None:
    answer = session.get(url(sandbox, resource), params={"limit": 500, "totalCount": "true"}, timeout=10)
    assert int(answer.headers["Total-Count"]) == len(six.ids(resource)) > 0
    keys = [tuple(_at(record, path) for path in KEY_PATHS[resource]) for record in answer.json()]
    assert len(set(keys)) == len(keys)
    tpdm = f"{sandbox.url_of('edfi6')}/data/v3/tpdm/{resource}"
    assert session.get(tpdm, timeout=10).status_code == 404


def _at(record: dict[str, Any], path: str) -> Any:
    value: Any = record
    for part in path.split("."):
        value = value[part]
    return value


def test_staff__is_told_in_three_places(sandbox: Sandbox, six: EdFi) -> None:
    key = sandbox.edfi.ids("staffs")[0]
    five, staff = sandbox.edfi.get("staffs", key), six.get("staffs", key)
    assert set(five) - set(staff) == {"electronicMails", "telephones", "identificationCodes"}
    (directory,) = [
        found
        for found in (six.get("staffDirectories", one) for one in six.ids("staffDirectories"))
        if found["staffReference"]["staffUniqueId"] == staff["staffUniqueId"]
    ]
    assert directory["electronicMails"] == five["electronicMails"]


def test_records__hold_canaries_in_what_is_withheld(sandbox: Sandbox, session: requests.Session) -> None:
    for resource in (
        "staffs",
        "staffDirectories",
        "credentials",
        "professionalDevelopmentEventAttendances",
        "evaluationElementRatings",
    ):
        text = session.get(url(sandbox, resource), params={"limit": 500}, timeout=10).text
        assert canaries.TEXT in text, resource
    codes = session.get(url(sandbox, "staffIdentificationCodes"), params={"limit": 500}, timeout=10)
    assert canaries.SECRET_NUMBER in codes.text


def test_filter__narrows_pages_totals_and_changes(sandbox: Sandbox, session: requests.Session) -> None:
    codes = url(sandbox, "staffIdentificationCodes")
    asked = {"staffIdentificationSystemDescriptor": edfi_six_documents.EMPLOYEE_NUMBER}
    everything = int(session.get(codes, params={"limit": 0, "totalCount": "true"}, timeout=10).headers["Total-Count"])
    narrowed = session.get(codes, params={**asked, "limit": 500, "totalCount": "true"}, timeout=10)
    assert len(narrowed.json()) == int(narrowed.headers["Total-Count"]) == everything // 2
    assert canaries.SECRET_NUMBER not in narrowed.text
    page = session.get(codes, params={**asked, "pageSize": 7}, timeout=10)
    after = session.get(
        codes, params={**asked, "pageSize": 7, "pageToken": page.headers["Next-Page-Token"]}, timeout=10
    )
    assert page.json() + after.json() == narrowed.json()[:14]


def test_attendance__is_of_events_and_nobody_is_told_twice_a_day(district: District) -> None:
    events, attendances = edfi_six_documents.events(district), edfi_six_documents.attendances(district)
    assert events["title"].n_unique() == events.height
    assert events["title"].str.len_chars().max() <= 60  # type: ignore[operator]
    assert attendances.select("person_id", "title", "attendance_date").n_unique() == attendances.height
    assert attendances.join(events, on="title", how="anti").height == 0
    categories = set(attendances["category"])
    assert categories == {"In Attendance", "Tardy", "Partial", "Excused Absence", "Unexcused Absence"}
    several = attendances.group_by("person_id", "title").len().filter(pl.col("len") > 1)
    assert several.height > 0


def test_balances__only_grow_by_what_was_booked_since(district: District) -> None:
    balances = edfi_six_documents.balances(district)
    newest = balances.group_by("fiscal_year", "account", "organization").agg(
        pl.col("amount").sort_by("as_of_date").last()
    )
    by_year = newest.group_by("fiscal_year").agg(pl.col("amount").sum().round(2)).sort("fiscal_year")
    ledger = district.ledger.group_by("fiscal_year").agg(amount=pl.col("amount_usd").sum().round(2)).sort("fiscal_year")
    assert by_year.rows() == ledger.rows()


def test_snapshot__stands_still_until_another_is_taken(sandbox: Sandbox, six: EdFi, session: requests.Session) -> None:
    staff = url(sandbox, "staffs")
    versions = f"{sandbox.url_of('edfi6')}/changeQueries/v1/availableChangeVersions"
    for address in (staff, versions):
        assert session.get(address, headers=SNAPSHOT, timeout=10).status_code == 404
    six.take_snapshot()
    before = session.get(staff, headers=SNAPSHOT, params={"limit": 500}, timeout=10).json()
    newest = session.get(versions, headers=SNAPSHOT, timeout=10).json()
    changed, gone = (record["id"] for record in before[:2])
    six.change("staffs", changed, {"lastSurname": "Later"})
    six.change_key("staffs", changed, {"staffUniqueId": "T-NEW"})
    six.delete("staffs", gone)
    six.add("staffs", {"staffUniqueId": "added"})
    assert session.get(staff, headers=SNAPSHOT, params={"limit": 500}, timeout=10).json() == before
    assert session.get(versions, headers=SNAPSHOT, timeout=10).json() == newest
    for feed in ("deletes", "keyChanges"):
        assert session.get(f"{staff}/{feed}", headers=SNAPSHOT, timeout=10).json() == []
        assert len(session.get(f"{staff}/{feed}", timeout=10).json()) == 1
    assert session.get(f"{staff}/{gone}", headers=SNAPSHOT, timeout=10).status_code == 200
    assert session.get(f"{staff}/{gone}", timeout=10).status_code == 404
    six.take_snapshot()
    assert session.get(f"{staff}/{changed}", headers=SNAPSHOT, timeout=10).json()["lastSurname"] == "Later"
    six.drop_snapshot()
    assert session.get(staff, headers=SNAPSHOT, timeout=10).status_code == 404
    assert session.get(staff, timeout=10).status_code == 200


def test_denied_resource__is_403_and_a_withdrawn_record_is_told_by_no_feed(
    sandbox: Sandbox, six: EdFi, session: requests.Session
) -> None:
    six.denied.add("localActuals")
    assert session.get(url(sandbox, "localActuals"), timeout=10).status_code == 403
    assert session.get(url(sandbox, "localAccounts"), timeout=10).status_code == 200
    key = six.ids("staffs")[0]
    six.withdraw("staffs", key)
    assert key not in six.ids("staffs")
    assert session.get(url(sandbox, "staffs", "/deletes"), timeout=10).json() == []
