"""OneRoster from the sandbox into a landing: the whole district, changes, deletes, and no student anywhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors.core.errors import ContractBroken
from connectors.core.landing.manifest import Manifest, write_verdict
from connectors.core.pull import pull_stream
from connectors.core.schema import Stream
from connectors.oneroster.client import OneRosterConnector
from connectors.oneroster.streams import CLASSES, ENROLLMENTS, ORGS, ROLES, STREAMS, USERS
from connectors.sandbox import oneroster_csv
from connectors.sandbox.canaries import CANARIES
from connectors.sandbox.district import District, generate
from connectors.sandbox.oneroster_server import OneRoster
from connectors.sandbox.server import Sandbox
from tests.connectors.oneroster.sinks import KeepingSink, connection, csv


@pytest.fixture(scope="module")
def district() -> District:
    return generate(teachers=20)


@pytest.fixture
def sandbox(district: District) -> Iterator[Sandbox]:
    with Sandbox.start(district) as running:
        yield running


class Landing:
    """One connection and where it lands."""

    def __init__(self, home: Path, secrets: dict[str, str] | None = None, **options: Any) -> None:
        self.folder = home
        self.connection = connection(home, secrets, **options)
        self.connector = OneRosterConnector(self.connection)

    @classmethod
    def of(cls, sandbox: Sandbox, folder: Path, **options: Any) -> Landing:
        given = sandbox.credentials
        secrets = {"client_id": given["ROSTER_CLIENT_ID"], "client_secret": given["ROSTER_CLIENT_SECRET"]}
        chosen = {"page_size": 20, "requests_per_second": 1000, "overlap_hours": 0.01, **options}
        return cls(folder, secrets, base_url=sandbox.url_of("oneroster"), **chosen)

    def pull(self, stream: Stream) -> Manifest | None:
        outcome = pull_stream(self.connector, self.connection, stream, self.folder / "landing")
        if outcome.folder is not None and outcome.manifest is not None:
            write_verdict(outcome.folder, '{"outcome": "accepted", "findings": []}')
        return outcome.manifest

    def rows(self, stream: Stream, columns: str = "*") -> list[tuple[Any, ...]]:
        place = self.folder / "landing" / "*" / "*" / "*" / f"stream={stream.name}" / "*" / "part-*.parquet"
        return duckdb.sql(f"select {columns} from read_parquet('{place}', union_by_name = true)").fetchall()


def server_of(sandbox: Sandbox) -> OneRoster:
    stand_in = sandbox.stand_in("oneroster")
    assert isinstance(stand_in, OneRoster)
    return stand_in


def people(district: District) -> int:
    return district.staffing.people.height


@pytest.mark.parametrize("filters", ["answered", "refused", "ignored"])
@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_whole_district__by_rest_holds_staff_and_nobody_else(
    sandbox: Sandbox, district: District, tmp_path: Path, version: str, filters: str
) -> None:
    server_of(sandbox).filters = filters
    landing = Landing.of(sandbox, tmp_path, version=version)
    for stream in landing.connector.streams_of():
        manifest = landing.pull(stream)
        assert manifest is not None
        assert (manifest.is_reset, manifest.records_rejected) == (True, 0)
        assert manifest.undeclared_fields == []
        held = str(landing.rows(stream)) + manifest.model_dump_json()
        assert [mark for mark in CANARIES if mark in held] == [], stream.name
    assert len(landing.rows(USERS)) == people(district)
    assert len(landing.rows(ENROLLMENTS)) == len(landing.rows(CLASSES))


def test_whole_district__without_headers_and_with_clamped_pages(
    sandbox: Sandbox, district: District, tmp_path: Path
) -> None:
    server = server_of(sandbox)
    server.has_totals = server.has_links = False
    server.largest_page = 7
    landing = Landing.of(sandbox, tmp_path, page_size=500)
    landing.pull(USERS)
    assert len(landing.rows(USERS)) == people(district)


def test_changes__deletes_and_new_people_come_with_the_next_pull(sandbox: Sandbox, tmp_path: Path) -> None:
    server, landing = server_of(sandbox), Landing.of(sandbox, tmp_path)
    landing.pull(USERS)
    assert landing.pull(USERS) is None, "nothing is new"
    renamed, marked, stripped = server.ids("users")[:3]
    server.change("users", renamed, {"familyName": "Renamed"})
    server.mark_deleted("users", marked)
    server.mark_deleted("users", stripped, is_stripped=True)
    server.add("users", {**server.get("users", renamed), "sourcedId": "usr-new"})
    student = next(one for one in server.ids("users") if "student" in one)
    server.change("users", student, {"familyName": "Renamed"})
    manifest = landing.pull(USERS)
    assert manifest is not None
    assert (manifest.is_reset, manifest.records_landed, manifest.records_deleted) == (False, 3, 1)
    found = [row for row in landing.rows(USERS, "sourcedId, status, _change, _run_id") if row[3] == manifest.run_id]
    assert {row[:3] for row in found} == {
        (renamed, "active", "upsert"),
        (marked, "tobedeleted", "upsert"),
        (stripped, None, "delete"),
        ("usr-new", "active", "upsert"),
    }


@pytest.mark.parametrize("filters", ["refused", "ignored"])
def test_changes__a_server_that_can_not_tell_them_is_read_whole(
    sandbox: Sandbox, district: District, tmp_path: Path, filters: str
) -> None:
    server, landing = server_of(sandbox), Landing.of(sandbox, tmp_path)
    landing.pull(USERS)
    server.filters = filters
    manifest = landing.pull(USERS)
    assert manifest is not None
    assert manifest.is_reset
    assert f"{filters.removesuffix('d')}s a filter by date" in manifest.notes[0]
    assert len(landing.rows(USERS, "distinct sourcedId")) == people(district)


# -- CSV -----------------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_whole_district__by_csv_holds_staff_and_nobody_else(
    district: District, tmp_path: Path, version: oneroster_csv.Version, packed: bool
) -> None:
    place = "roster.zip" if packed else "roster"
    (oneroster_csv.write_zip if packed else oneroster_csv.write)(district, tmp_path / place, version)
    landing = Landing(tmp_path, folder=place)
    for stream in STREAMS:
        if stream is ROLES and version == "1.1":
            assert landing.pull(stream) is None
            continue
        manifest = landing.pull(stream)
        assert manifest is not None
        assert (manifest.is_reset, manifest.records_rejected) == (True, 0)
        assert manifest.undeclared_fields == []
        held = str(landing.rows(stream)) + manifest.model_dump_json()
        assert [mark for mark in CANARIES if mark in held] == [], stream.name
        assert landing.pull(stream) is None, "nothing is new"
    assert len(landing.rows(USERS)) == people(district)


def test_rest_and_csv__land_the_same_people(sandbox: Sandbox, district: District, tmp_path: Path) -> None:
    by_rest = Landing.of(sandbox, tmp_path / "rest")
    oneroster_csv.write(district, tmp_path / "csv" / "roster")
    by_csv = Landing(tmp_path / "csv", folder="roster")
    for landing in (by_rest, by_csv):
        for stream in (USERS, CLASSES, ORGS, ENROLLMENTS):
            landing.pull(stream)
    columns = {
        USERS: "sourcedId, identifier, userMasterIdentifier, givenName, familyName, email, enabledUser",
        CLASSES: "sourcedId, title, schoolSourcedId, termSourcedIds::json::varchar[], grades::json::varchar[]",
        ORGS: "sourcedId, name, type, identifier, parentSourcedId",
        ENROLLMENTS: 'sourcedId, userSourcedId, classSourcedId, role, "primary", beginDate, endDate',
    }
    for stream, chosen in columns.items():
        assert sorted(map(repr, by_rest.rows(stream, chosen))) == sorted(map(repr, by_csv.rows(stream, chosen)))


# -- files that are not ours ---------------------------------------------------------------


def test_school_data_sync_samples__are_refused_with_what_to_ask_for(tmp_path: Path) -> None:
    reference = os.environ.get("EXPERTISE_REFERENCE_DATA")
    if not reference:
        pytest.skip("EXPERTISE_REFERENCE_DATA is not set")
    sample = Path(reference) / "oneroster" / "sds-v2.1"
    with pytest.raises(ContractBroken, match=r"8 CSV files and no manifest\.csv"):
        csv(tmp_path, str(sample)).check()
    # with a manifest of OneRoster the files still are not: columns differ, and nobody is landed
    (tmp_path / "roster").mkdir()
    for path in sample.glob("*.csv"):
        (tmp_path / "roster" / path.name).write_bytes(path.read_bytes())
    named = {"orgs": "bulk", "users": "bulk", "roles": "bulk", "classes": "bulk", "enrollments": "bulk"}
    (tmp_path / "roster" / "manifest.csv").write_text(oneroster_csv.manifest("1.2", named))
    for stream, missing in ((USERS, "sourcedId"), (ROLES, "sourcedId"), (CLASSES, "schoolSourcedId")):
        sink = KeepingSink()
        with pytest.raises(ContractBroken, match=f"the header has no {missing}"):
            csv(tmp_path).pull(stream, None, sink)
        assert sink.records == []
