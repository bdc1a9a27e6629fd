"""The Ed-Fi connector against the stateful stand-in: everything, then what changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.core.connector import Connection
from connectors.core.errors import AuthenticationFailed
from connectors.core.schema import Stream
from connectors.edfi.client import EdFiConnector, EdFiOptions
from connectors.edfi.data_standard import DATA_STANDARD_5_2
from connectors.edfi.streams import CREDENTIALS, EVALUATION_RATINGS, STAFFS, STREAMS
from connectors.sandbox.district import District, generate
from connectors.sandbox.server import Sandbox
from tests.connectors.counting_sink import CountingSink


@pytest.fixture(scope="module")
def district() -> District:
    return generate(teachers=60, school_years=3)


@pytest.fixture
def sandbox(district: District) -> Iterator[Sandbox]:
    with Sandbox.start(district) as running:
        yield running


@pytest.fixture
def sis(sandbox: Sandbox, tmp_path: Path) -> Iterator[EdFiConnector]:
    connector = connector_to(sandbox, tmp_path, sandbox.credentials["SIS_CLIENT_SECRET"])
    yield connector
    connector.close()


def connector_to(sandbox: Sandbox, folder: Path, secret: str) -> EdFiConnector:
    options = EdFiOptions(base_url=sandbox.edfi_url, page_size=100, requests_per_second=1000)
    secrets = {"client_id": sandbox.credentials["SIS_CLIENT_ID"], "client_secret": secret}
    return EdFiConnector(Connection("cedar-valley", "sis", "America/Chicago", options, folder, folder, secrets))


def required(sis: EdFiConnector) -> list[Stream]:
    """The streams that every server of Data Standard 5.x has."""
    return [stream for stream in sis.streams_of() if stream.name not in DATA_STANDARD_5_2.optional]


def resource(stream: Stream) -> str:
    return DATA_STANDARD_5_2.resource(stream).split("/")[1]


@pytest.mark.parametrize("pages_by_token", [True, False])
@pytest.mark.parametrize("change_queries", [True, False])
def test_full_pull__brings_every_record_once(
    sandbox: Sandbox, sis: EdFiConnector, pages_by_token: bool, change_queries: bool
) -> None:
    sandbox.edfi.has_cursor_paging = pages_by_token
    sandbox.edfi.has_change_queries = change_queries
    assert "Data Standard 5.2.0" in sis.check()
    for stream in required(sis):
        sink = CountingSink()
        pulled = sis.pull(stream, None, sink)
        assert sorted(sink.ids()) == sorted(sandbox.edfi.ids(resource(stream)))
        assert pulled.reported_total == len(sink.records) > 0
        assert pulled.is_reset
        assert (pulled.cursor is not None) == change_queries


def test_incremental_pull__brings_each_kind_of_change(sandbox: Sandbox, sis: EdFiConnector) -> None:
    first = sis.pull(STAFFS, None, CountingSink())
    assert sis.pull(STAFFS, first.cursor, CountingSink()).pages == 0
    changed, rekeyed, deleted = sandbox.edfi.ids("staffs")[:3]
    sandbox.edfi.change("staffs", changed, {"lastSurname": "Changed"})
    sandbox.edfi.change_key("staffs", rekeyed, {"staffUniqueId": "T-NEW"})
    sandbox.edfi.delete("staffs", deleted)
    sink = CountingSink()
    second = sis.pull(STAFFS, first.cursor, sink)
    assert {record["id"]: record["staffUniqueId"] == "T-NEW" for record in sink.records} == {
        changed: False,
        rekeyed: True,
    }
    assert sink.deletes == [deleted]
    assert not second.is_reset
    assert sis.pull(STAFFS, second.cursor, CountingSink()).pages == 0


def test_one_token__serves_all_streams(sandbox: Sandbox, tmp_path: Path) -> None:
    for stream in STREAMS[:4]:
        connector = connector_to(sandbox, tmp_path, sandbox.credentials["SIS_CLIENT_SECRET"])
        connector.pull(stream, None, CountingSink())
        connector.close()
    assert sum(request.path == "/edfi/oauth/token" for request in sandbox.requests) == 1


@pytest.mark.parametrize("stream", [STAFFS, CREDENTIALS, EVALUATION_RATINGS])
def test_required_fields__stand_where_the_stream_says(sandbox: Sandbox, sis: EdFiConnector, stream: Stream) -> None:
    """Also `personId`, which is not required and which ratings and licences cannot be matched without."""
    sink = CountingSink()
    sis.pull(stream, None, sink)
    for field in stream.fields:
        if field.required or field.name == "personId":
            filled = sum(_at(record, field.source_path) is not None for record in sink.records)
            assert filled > 0.9 * len(sink.records), field.source_path


def _at(record: Any, path: str) -> Any:
    for part in path.split("."):
        record = record.get(part) if isinstance(record, dict) else None
    return record


def test_wrong_secret__fails_the_check(sandbox: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(AuthenticationFailed):
        connector_to(sandbox, tmp_path, "wrong").check()
