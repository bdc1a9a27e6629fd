"""Data Standard 6.0 against the stateful stand-in: the same district, otherwise spelt, and what only 6.0 has."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.core.connector import Connection
from connectors.core.landing.state import StreamState
from connectors.core.pull import PullOutcome, pull_stream
from connectors.core.schema import Stream
from connectors.edfi.client import EdFiConnector, EdFiOptions, NoSnapshot
from connectors.edfi.data_standard import DATA_STANDARD_6_0
from connectors.edfi.streams import (
    EVALUATION_ELEMENT_RATINGS,
    LOCAL_ACTUALS,
    STAFF_IDENTIFICATION_CODES,
    STAFFS,
)
from connectors.sandbox import canaries, edfi_six_documents
from connectors.sandbox.district import District, generate
from connectors.sandbox.edfi_server import EdFi
from connectors.sandbox.server import Sandbox
from expectations.runner import judge
from tests.connectors.counting_sink import CountingSink

OPENAPI = "edfi/openapi/resources-ds-6.0.workforce-subset.json"


@pytest.fixture(scope="module")
def district() -> District:
    return generate(teachers=20, school_years=3)


@pytest.fixture
def sandbox(district: District) -> Iterator[Sandbox]:
    with Sandbox.start(district) as running:
        yield running


@pytest.fixture
def six(sandbox: Sandbox) -> EdFi:
    stand_in = sandbox.stand_in("edfi6")
    assert isinstance(stand_in, EdFi)
    return stand_in


@pytest.fixture
def sis(sandbox: Sandbox, tmp_path: Path) -> Iterator[EdFiConnector]:
    connector = EdFiConnector(connection_to(sandbox, tmp_path))
    yield connector
    connector.close()


def connection_to(sandbox: Sandbox, folder: Path, **options: Any) -> Connection:
    chosen = EdFiOptions(base_url=sandbox.url_of("edfi6"), page_size=100, requests_per_second=1000, **options)
    secrets = {
        "client_id": sandbox.credentials["SIS6_CLIENT_ID"],
        "client_secret": sandbox.credentials["SIS6_CLIENT_SECRET"],
    }
    return Connection("cedar-valley", "sis6", "America/Chicago", chosen, folder, folder, secrets)


def resource(stream: Stream) -> str:
    return DATA_STANDARD_6_0.resource(stream).split("/")[1]


# -- everything ----------------------------------------------------------------------------


def test_streams__are_those_of_the_standard_that_the_server_names(sis: EdFiConnector) -> None:
    assert sis.streams_of() == DATA_STANDARD_6_0.streams()
    assert "Data Standard 6.0.0" in sis.check()


@pytest.mark.parametrize("pages_by_token", [True, False])
def test_full_pull__brings_every_record_once(
    sandbox: Sandbox, six: EdFi, sis: EdFiConnector, pages_by_token: bool
) -> None:
    six.has_cursor_paging = pages_by_token
    for stream in sis.streams_of():
        sink = CountingSink()
        pulled = sis.pull(stream, None, sink)
        served = six.ids(resource(stream))
        # of identification codes only the employee numbers are asked for
        expected = len(served) // 2 if stream.name == STAFF_IDENTIFICATION_CODES.name else len(served)
        assert len(set(sink.ids())) == len(sink.records) == pulled.reported_total == expected > 0
        assert set(sink.ids()) <= set(served)


def test_landing__has_each_declared_field_no_canary_and_an_accepted_delivery(
    sandbox: Sandbox, sis: EdFiConnector, tmp_path: Path
) -> None:
    """What is required stands where 6.0 keeps it, what is withheld nowhere, and no suite is alarmed."""
    undeclared = {}
    alarms: list[str] = []
    for stream in sis.streams_of():
        outcome = pull(sis, sandbox, stream, tmp_path)
        manifest = outcome.manifest
        assert manifest is not None and manifest.records_landed > 0 and manifest.records_rejected == 0
        undeclared[stream.name] = manifest.undeclared_fields
        parts = sorted(outcome.folder.glob("part-*.parquet")) if outcome.folder else []
        verdict = judge("edfi", stream, parts, is_full=True)
        assert verdict.checks_run > 1
        alarms += [f"{stream.name}: {finding.check_name}" for finding in verdict.findings]
    assert alarms == []
    landed = b"".join(path.read_bytes() for path in (tmp_path / "landing").rglob("*") if path.is_file())
    assert not [mark for mark in canaries.CANARIES if mark.encode() in landed]
    assert undeclared["credentials"] == []
    assert undeclared["evaluation_elements"] == []


def pull(sis: EdFiConnector, sandbox: Sandbox, stream: Stream, folder: Path) -> PullOutcome:
    return pull_stream(sis, connection_to(sandbox, folder), stream, folder / "landing")


def test_ratings__are_those_of_the_same_district_in_data_standard_5(
    sandbox: Sandbox, six: EdFi, sis: EdFiConnector
) -> None:
    sink = CountingSink()
    sis.pull(EVALUATION_ELEMENT_RATINGS, None, sink)
    scores = {record["id"]: [result["numericRating"] for result in record["results"]] for record in sink.records}
    five = {key: sandbox.edfi.get("evaluationElementRatings", key) for key in scores}
    assert scores == {key: [result["rating"] for result in record["results"]] for key, record in five.items()}
    assert "tpdm" not in json.dumps(sink.records)


def test_balances__of_a_year_end_in_what_the_ledger_sums_to(district: District, six: EdFi) -> None:
    newest: dict[tuple[str, int, int], dict[str, Any]] = {}
    for key in six.ids("localActuals"):
        actual = six.get("localActuals", key)
        account = actual["localAccountReference"]
        place = (account["accountIdentifier"], account["educationOrganizationId"], account["fiscalYear"])
        newest[place] = max(actual, newest.get(place, actual), key=lambda one: str(one["asOfDate"]))
    others = len(edfi_six_documents._OTHER_ACCOUNTS) * len(district.years)
    spent = sum(actual["amount"] for actual in newest.values()) - others * edfi_six_documents.OTHER_BALANCE_USD
    assert round(spent, 2) == round(district.ledger["amount_usd"].sum(), 2)
    assert len(six.ids("localActuals")) > 2 * len(newest)  # summed over dates it would be several times that


# -- identification codes ------------------------------------------------------------------


def test_identification_codes__of_another_system_are_never_asked_for(
    sandbox: Sandbox, six: EdFi, sis: EdFiConnector, district: District
) -> None:
    first = sis.pull(STAFF_IDENTIFICATION_CODES, None, CountingSink())
    codes = six.ids("staffIdentificationCodes")
    number, secret = codes[0], codes[1]
    # a number becomes one of another system, and the other way round; one more changes
    six.change_key(
        "staffIdentificationCodes",
        number,
        {"staffIdentificationSystemDescriptor": "uri://ed-fi.org/StaffIdentificationSystemDescriptor#PIN"},
    )
    six.change_key(
        "staffIdentificationCodes",
        secret,
        {
            "staffIdentificationSystemDescriptor": edfi_six_documents.EMPLOYEE_NUMBER,
            "identificationCode": "004217",
        },
    )
    six.change("staffIdentificationCodes", codes[3], {"identificationCode": f"{canaries.SECRET_NUMBER}-new"})
    sink = CountingSink()
    sis.pull(STAFF_IDENTIFICATION_CODES, first.cursor, sink)
    assert sink.ids() == [secret]
    assert sink.deletes == [number]
    assert canaries.SECRET_NUMBER not in json.dumps(sink.records)


def test_identification_codes__of_another_part_than_last_time_are_read_anew(
    sandbox: Sandbox, sis: EdFiConnector, tmp_path: Path
) -> None:
    first = sis.pull(STAFF_IDENTIFICATION_CODES, None, CountingSink())
    other = EdFiConnector(
        connection_to(sandbox, tmp_path, employee_number_system="uri://state.example/StaffIdSystem#Payroll")
    )
    sink = CountingSink()
    pulled = other.pull(STAFF_IDENTIFICATION_CODES, first.cursor, sink)
    other.close()
    assert pulled.is_reset and sink.records == []
    assert "another part" in pulled.notes[0]


# -- what a server may do without ----------------------------------------------------------


@pytest.mark.parametrize("reason", ["unknown", "denied"])
def test_optional_stream__that_is_not_there_is_told_once_and_taken_when_it_comes(
    sandbox: Sandbox, six: EdFi, sis: EdFiConnector, tmp_path: Path, reason: str
) -> None:
    actuals = six.state.collections["localActuals"]

    def take_away() -> None:
        if reason == "unknown":
            del six.state.collections["localActuals"]
        else:
            six.denied.add("localActuals")

    take_away()
    (stream,) = [found for found in sis.streams_of() if found.name == LOCAL_ACTUALS.name]
    first = pull(sis, sandbox, stream, tmp_path).manifest
    assert first is not None and first.outcome == "landed" and first.records_landed == 0
    assert [("404" if reason == "unknown" else "403") in note for note in first.notes] == [True]
    accept(tmp_path)
    assert pull(sis, sandbox, stream, tmp_path).manifest is None
    six.state.collections["localActuals"] = actuals
    six.denied.clear()
    there = pull(sis, sandbox, stream, tmp_path).manifest
    assert there is not None and there.is_reset and there.records_landed == len(six.ids("localActuals"))
    assert there.notes == []
    accept(tmp_path)
    # once delivered it may not go in silence: the next change that should be read is a fault
    six.change("staffs", six.ids("staffs")[0], {"firstName": "Changed"})
    take_away()
    with pytest.raises(Exception, match=r"404" if reason == "unknown" else r"403"):
        pull(sis, sandbox, stream, tmp_path)


def accept(folder: Path) -> None:
    """The verdict that every run so far is good."""
    for manifest in (folder / "landing").rglob("_manifest.json"):
        run = manifest.parent
        if not (run / "_verdict.json").is_file():
            (run / "_verdict.json").write_text(
                json.dumps({"outcome": "accepted", "judged_at": "2026-11-15T12:00:00+00:00", "findings": []})
            )
    state = StreamState.read(next((folder / "landing").rglob("stream=*")))
    assert state.runs and state.runs[-1].is_accepted


def test_required_stream__that_is_not_there_fails(six: EdFi, sis: EdFiConnector) -> None:
    del six.state.collections["staffDirectories"]
    (stream,) = [found for found in sis.streams_of() if found.name == "staff_directories"]
    with pytest.raises(Exception, match="404"):
        sis.pull(stream, None, CountingSink())


# -- snapshots -----------------------------------------------------------------------------


@pytest.fixture
def still(sandbox: Sandbox, tmp_path: Path) -> Iterator[EdFiConnector]:
    connector = EdFiConnector(connection_to(sandbox, tmp_path, use_snapshot=True))
    yield connector
    connector.close()


def test_snapshot__is_what_is_read(six: EdFi, still: EdFiConnector) -> None:
    six.take_snapshot()
    changed, gone = six.ids("staffs")[:2]
    six.change("staffs", changed, {"lastSurname": "Later"})
    six.delete("staffs", gone)
    sink = CountingSink()
    first = still.pull(STAFFS, None, sink)
    assert {changed, gone} <= set(sink.ids())
    assert "Later" not in json.dumps(sink.records)
    assert still.pull(STAFFS, first.cursor, CountingSink()).pages == 0
    six.take_snapshot()
    sink = CountingSink()
    second = still.pull(STAFFS, first.cursor, sink)
    assert (sink.ids(), sink.deletes, second.is_reset) == ([changed], [gone], False)


def test_snapshot__that_is_not_there_is_said_and_nothing_is_read_from_the_database(
    sandbox: Sandbox, six: EdFi, still: EdFiConnector
) -> None:
    for look in (still.check, lambda: still.pull(STAFFS, None, CountingSink())):
        with pytest.raises(NoSnapshot, match="no snapshot") as caught:
            look()
        assert caught.value.is_transient and caught.value.stops_connection
    assert not [request for request in sandbox.requests if "staffs" in request.path]


def test_snapshot__that_goes_is_no_reason_to_think_that_a_resource_is_gone(six: EdFi, still: EdFiConnector) -> None:
    """404 means both, and an optional stream would else be told as one that the server has not."""
    six.take_snapshot()
    (stream,) = [found for found in still.streams_of() if found.name == LOCAL_ACTUALS.name]
    six.drop_snapshot()
    with pytest.raises(NoSnapshot):
        still.pull(stream, None, CountingSink())


def test_snapshot__older_than_what_was_read_brings_nothing_and_loses_nothing(
    six: EdFi, sis: EdFiConnector, still: EdFiConnector
) -> None:
    """The connection read the database until now: its change version is ahead of the snapshot's."""
    six.take_snapshot()
    changed = six.ids("staffs")[0]
    six.change("staffs", changed, {"lastSurname": "Later"})
    live = sis.pull(STAFFS, None, CountingSink())
    waiting = still.pull(STAFFS, live.cursor, CountingSink())
    assert (waiting.cursor, waiting.is_reset, waiting.pages) == (live.cursor, False, 0)
    six.change("staffs", changed, {"lastSurname": "Latest"})
    six.take_snapshot()
    sink = CountingSink()
    still.pull(STAFFS, live.cursor, sink)
    assert [record["lastSurname"] for record in sink.records] == ["Latest"]


def test_snapshot__of_a_replaced_database_is_read_whole(six: EdFi, still: EdFiConnector) -> None:
    six.take_snapshot()
    first = still.pull(STAFFS, None, CountingSink())
    assert first.cursor is not None
    ahead = {**first.cursor, "change_version": 10**9}
    pulled = still.pull(STAFFS, ahead, CountingSink())
    assert pulled.is_reset and "database was replaced" in pulled.notes[0]


# -- the published schema ------------------------------------------------------------------


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    folder = os.environ.get("EXPERTISE_REFERENCE_DATA")
    if not folder:
        pytest.skip("EXPERTISE_REFERENCE_DATA is not set: it names the folder with the published OpenAPI of DS 6.0")
    document: dict[str, Any] = json.loads((Path(folder) / OPENAPI).read_bytes())
    return {"paths": document["paths"], **document["components"]["schemas"]}


def schema_of(schemas: dict[str, Any], stream: Stream) -> dict[str, Any]:
    answer = schemas["paths"][f"/{DATA_STANDARD_6_0.resource(stream)}"]["get"]["responses"]["200"]
    return resolved(schemas, answer["content"]["application/json"]["schema"]["items"])


def resolved(schemas: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    found: dict[str, Any] = schemas[reference.rsplit("/", 1)[-1]] if reference else schema
    return found


@pytest.mark.parametrize("stream", DATA_STANDARD_6_0.streams(), ids=lambda stream: stream.name)
def test_declared_fields__stand_in_the_published_schema(schemas: dict[str, Any], stream: Stream) -> None:
    for field in stream.fields:
        if field.name in ("reviewer_person_ids",) or (stream.name, field.name) == ("staffs", "electronicMails"):
            continue
        node = schema_of(schemas, stream)
        for step in field.source_path.replace("[*]", "").split("."):
            node = resolved(schemas, node.get("items", node))
            assert step in node["properties"], f"{stream.name}.{field.source_path}"
            node = resolved(schemas, node["properties"][step])


@pytest.mark.parametrize("stream", DATA_STANDARD_6_0.streams(), ids=lambda stream: stream.name)
def test_stand_in__says_nothing_that_the_published_schema_has_not(
    schemas: dict[str, Any], six: EdFi, stream: Stream
) -> None:
    name = resource(stream)
    found = [
        fault
        for key in six.ids(name)[:200]
        for fault in faults(schemas, schema_of(schemas, stream), six.get(name, key), name)
    ]
    assert found == []


def faults(schemas: dict[str, Any], schema: dict[str, Any], value: Any, place: str) -> Iterator[str]:
    schema = resolved(schemas, schema)
    kind = schema.get("type")
    if kind == "object":
        properties = schema.get("properties", {})
        yield from (f"{place}.{name} is unknown" for name in value if name not in properties)
        # the cut-down student record only has to name a student
        if "studentAcademicRecord" not in place:
            yield from (f"{place}.{name} is missing" for name in schema.get("required", []) if name not in value)
        for name, part in value.items():
            if name in properties:
                yield from faults(schemas, properties[name], part, f"{place}.{name}")
    elif kind == "array":
        for part in value:
            yield from faults(schemas, schema["items"], part, place)
    else:
        fits = {"string": str, "integer": int, "number": (int, float), "boolean": bool}
        if not isinstance(value, fits[kind]) or (kind != "boolean" and isinstance(value, bool)):
            yield f"{place} is no {kind}: {value!r}"
        if kind == "string" and len(value) > schema.get("maxLength", 10**6):
            yield f"{place} is longer than {schema['maxLength']}: {value!r}"
