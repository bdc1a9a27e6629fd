"""G11: a new column is recorded and kept raw; a required one that is gone or of another type stops before the load.

At the doors where records come in: JSON over HTTP, CSV files, badge files. A load that
stops leaves a failed manifest that names the field, and no data.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from connectors.core.connector import Connection, Connector
from connectors.core.errors import ConnectorError, ContractBroken, DeliveryRejected
from connectors.core.landing.manifest import Manifest
from connectors.core.pull import PullOutcome, pull_stream
from connectors.core.schema import Stream
from connectors.edfi.client import EdFiConnector, EdFiOptions
from connectors.edfi.streams import STAFF_ASSIGNMENTS, STAFFS
from connectors.files.client import FilesConnector, FilesOptions
from connectors.files.streams import STREAMS as FILE_STREAMS
from connectors.open_badges.client import OpenBadgesConnector, OpenBadgesOptions
from connectors.open_badges.streams import CREDENTIALS
from connectors.sandbox import faults
from connectors.sandbox.district import District
from connectors.sandbox.faults import Fault
from connectors.sandbox.server import Sandbox

(SPENDING,) = [stream for stream in FILE_STREAMS if stream.name == "pd_spending"]

MAPPING = """
stream: pd_spending
files: drop/ledger*.csv
columns:
  ledger_line_id: "Txn No"
  fiscal_year: {column: FY, kind: year}
  posted_date: {column: Date, format: "%m/%d/%Y"}
  amount_usd: Amount
"""


@dataclass
class Door:
    """One stream of one connection, pulled into a landing folder of its own."""

    folder: Path
    connector: Connector
    connection: Connection
    stream: Stream

    def pull(self) -> PullOutcome:
        return pull_stream(self.connector, self.connection, self.stream, self.folder / "landing", full_refresh=True)

    def extras(self) -> list[dict[str, Any]]:
        """What was kept of undeclared fields, row by row."""
        outcome = self.pull()
        assert outcome.manifest is not None and outcome.folder is not None
        frame = pl.concat([pl.read_parquet(outcome.folder / part.name) for part in outcome.manifest.files])
        return [json.loads(text) if text else {} for text in frame.sort("_row_number")["_extra"]]

    def stops(self, kind: type[ConnectorError], says: str) -> None:
        """The pull fails, the newest manifest says why, and no file holds a row."""
        with pytest.raises(kind, match=says):
            self.pull()
        manifests = sorted((self.folder / "landing").rglob("_manifest.json"))
        newest = Manifest.read(manifests[-1].parent)
        assert newest.outcome == "failed" and not newest.is_transient
        assert newest.reason is not None and newest.files == []
        assert [path.name for path in manifests[-1].parent.iterdir()] == ["_manifest.json"]


@pytest.fixture
def sandbox(district: District) -> Iterator[Sandbox]:
    with Sandbox.start(district) as running:
        yield running


@pytest.fixture
def json_door(sandbox: Sandbox, tmp_path: Path) -> Iterator[Callable[[Stream], Door]]:
    options = EdFiOptions(base_url=sandbox.edfi_url, requests_per_second=1000)
    secrets = {name: sandbox.credentials[f"SIS_{name.upper()}"] for name in ("client_id", "client_secret")}
    connection = Connection("cedar", "sis", "America/Chicago", options, tmp_path, tmp_path / "state", secrets)
    connector = EdFiConnector(connection)
    yield lambda stream: Door(tmp_path, connector, connection, stream)
    connector.close()


@pytest.fixture
def csv_door(tmp_path: Path) -> Callable[[str], Door]:
    """A ledger of 100 lines under the given header."""

    def open_door(header: str, rows: Mapping[str, str] | None = None) -> Door:
        values = {"Txn No": "T-{n}", "FY": "2026", "Date": "10/02/2025", "Amount": "{n}.50", **(rows or {})}
        columns = header.split(",")
        lines = [
            ",".join(values.get(column, "note {n}").replace("{n}", str(number)) for column in columns)
            for number in range(100)
        ]
        for name, text in (("mappings/spending.yml", MAPPING), ("drop/ledger.csv", "\n".join([header, *lines]) + "\n")):
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        options = FilesOptions(mappings="mappings/*.yml")
        connection = Connection("cedar", "hr", "America/Chicago", options, tmp_path, tmp_path / "state")
        return Door(tmp_path, FilesConnector(connection), connection, SPENDING)

    return open_door


@pytest.fixture
def badge_door(tmp_path: Path) -> Callable[[dict[str, Any]], Door]:
    """A folder with one Open Badges 2.0 assertion, given members added or taken out (None)."""

    def open_door(members: dict[str, Any]) -> Door:
        badge = {
            "type": "BadgeClass",
            "id": "https://badges.example.org/b/1",
            "name": "Feedback",
            "description": "d",
            "image": "https://badges.example.org/b/1/image",
            "criteria": {"narrative": "c"},
            "issuer": {"type": "Issuer", "id": "https://badges.example.org/i/1", "name": "Cedar Learning"},
        }
        document = {
            "@context": "https://w3id.org/openbadges/v2",
            "type": "Assertion",
            "id": "https://badges.example.org/a/1",
            "recipient": {"type": "email", "hashed": False, "identity": "someone@example.org"},
            "issuedOn": "2026-01-05T00:00:00Z",
            "badge": badge,
            "verification": {"type": "hosted"},
            **members,
        }
        (tmp_path / "badges").mkdir(exist_ok=True)
        kept = {name: value for name, value in document.items() if value is not None}
        (tmp_path / "badges/one.json").write_text(json.dumps(kept))
        options = OpenBadgesOptions(folder="badges")
        connection = Connection("cedar", "badge_files", "America/Chicago", options, tmp_path, tmp_path / "state")
        return Door(tmp_path, OpenBadgesConnector(connection), connection, CREDENTIALS)

    return open_door


# -- a new column: recorded and kept raw ---------------------------------------------------


def test_g11__json_a_new_field_is_recorded_and_kept_raw(sandbox: Sandbox, json_door: Callable[[Stream], Door]) -> None:
    new = faults.add_field("favouriteColour", {"name": "teal", "since": 2019})
    sandbox.faults.add(Fault("/ed-fi/staffs", faults.each_record(new, every=3), times=None))
    door = json_door(STAFFS)
    extras = door.extras()
    manifest = door.pull().manifest
    assert manifest is not None and manifest.undeclared_fields == ["favouriteColour"]
    assert extras[0]["favouriteColour"] == {"name": "teal", "since": 2019}
    assert sum("favouriteColour" in extra for extra in extras) == (len(extras) + 2) // 3
    assert manifest.records_landed == len(sandbox.edfi.ids("staffs"))


def test_g11__csv_a_new_column_is_recorded_and_kept_raw(csv_door: Callable[[str], Door]) -> None:
    door = csv_door("Txn No,FY,Date,Amount,Approved by nobody")
    extras = door.extras()
    manifest = door.pull().manifest
    assert manifest is not None and manifest.undeclared_fields == ["Approved by nobody"]
    assert extras[7] == {"Approved by nobody": "note 7"} and manifest.records_landed == 100


def test_g11__badge_files_a_new_member_is_recorded_and_kept_raw(badge_door: Callable[[dict[str, Any]], Door]) -> None:
    door = badge_door({"mood": "proud"})
    extras = door.extras()
    manifest = door.pull().manifest
    assert manifest is not None and manifest.undeclared_fields == ["mood"]
    assert extras == [{"mood": "proud"}]


# -- a required column gone or renamed: stop before the load -------------------------------


@pytest.mark.parametrize(
    "effect",
    [faults.remove_field("lastSurname"), faults.rename_field("lastSurname", "familyName")],
    ids=["gone", "renamed"],
)
def test_g11__json_a_required_field_gone_or_renamed_stops_before_the_load(
    sandbox: Sandbox, json_door: Callable[[Stream], Door], effect: faults.Transform
) -> None:
    sandbox.faults.add(Fault("/ed-fi/staffs", faults.each_record(effect), times=None))
    json_door(STAFFS).stops(ContractBroken, "sis.staffs: required field lastSurname is missing from all")


def test_g11__csv_a_required_column_gone_or_renamed_stops_before_the_load(csv_door: Callable[[str], Door]) -> None:
    csv_door("Txn No,FY,Date").stops(ContractBroken, "ledger.csv: no column 'Amount' .for amount_usd.")
    csv_door("Txn No,FY,Date,Amt").stops(ContractBroken, "no column 'Amount'.*Columns found: .*Amt")


def test_g11__badge_files_a_required_member_gone_stops_before_the_load(
    badge_door: Callable[[dict[str, Any]], Door],
) -> None:
    badge_door({"issuedOn": None}).stops(ConnectorError, "badge_files.credentials: .*issued")


# -- a required column of another type: stop before the load -------------------------------


def test_g11__json_a_retyped_field_stops_before_the_load(sandbox: Sandbox, json_door: Callable[[Stream], Door]) -> None:
    worded = faults.set_field("educationOrganizationReference.educationOrganizationId", "Central")
    sandbox.faults.add(
        Fault("/staffEducationOrganizationAssignmentAssociations", faults.each_record(worded), times=None)
    )
    json_door(STAFF_ASSIGNMENTS).stops(DeliveryRejected, r"educationOrganizationId is not a whole number \(\d+\)")


def test_g11__json_an_object_that_became_text_stops_before_the_load(
    sandbox: Sandbox, json_door: Callable[[Stream], Door]
) -> None:
    text = faults.set_field("educationOrganizationReference", "255901001")
    sandbox.faults.add(Fault("/staffEducationOrganizationAssignmentAssociations", faults.each_record(text), times=None))
    json_door(STAFF_ASSIGNMENTS).stops(ConnectorError, "educationOrganization")


def test_g11__csv_a_retyped_column_stops_before_the_load(csv_door: Callable[..., Door]) -> None:
    door = csv_door("Txn No,FY,Date,Amount", {"Amount": "some dollars"})
    door.stops(DeliveryRejected, r"100 of 100 records rejected .*amount_usd is not an amount")
    door = csv_door("Txn No,FY,Date,Amount", {"Date": "2 Oct 2025"})
    door.stops(DeliveryRejected, r"posted_date is not a date")


@pytest.mark.parametrize("value", [{"first": "Ann"}, ["Ann"], [], {}])
def test_g11__json_text_that_became_an_object_or_list_stops_before_the_load(
    sandbox: Sandbox, json_door: Callable[[Stream], Door], value: object
) -> None:
    sandbox.faults.add(Fault("/ed-fi/staffs", faults.each_record(faults.set_field("lastSurname", value)), times=None))
    json_door(STAFFS).stops(ConnectorError, "lastSurname")
