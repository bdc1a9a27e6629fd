"""CASE over real HTTP and from files: the collection, packages, what is new, what is no package."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.case.client import CaseConnector, CaseOptions
from connectors.case.streams import ASSOCIATIONS, DOCUMENTS, ITEMS, RUBRICS
from connectors.core.connector import Connection, Options
from connectors.core.errors import (
    AuthenticationFailed,
    ConfigurationError,
    ContractBroken,
    IncompleteResponse,
    MissingSecret,
    NotFound,
    PageSetLost,
)
from tests.connectors.counting_sink import CountingSink
from tests.connectors.scripted_server import Answer, Request, ScriptedServer, answer, json_answer

ROOT = "/ims/case/v1p0"


def document(name: str, changed: str = "2024-01-01T00:00:00Z") -> dict[str, Any]:
    return {"identifier": name, "title": f"Framework {name}", "lastChangeDateTime": changed}


def package(name: str, *items: str, **more: Any) -> dict[str, Any]:
    return {
        "CFDocument": document(name),
        "CFItems": [{"identifier": item, "fullStatement": item} for item in items],
        **more,
    }


def listed(*names: str, total: int | None = None, changed: str = "2024-01-01T00:00:00Z") -> Answer:
    headers = {} if total is None else {"X-Total-Count": str(total)}
    return json_answer({"CFDocuments": [document(name, changed) for name in names]}, headers=headers)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


def connector_with(home: Path, secrets: dict[str, str] | None = None, **options: Any) -> CaseConnector:
    chosen = CaseOptions(requests_per_second=1000, **options)
    return CaseConnector(Connection("cedar", "frameworks", "America/Chicago", chosen, home, home, secrets or {}))


# -- an endpoint ---------------------------------------------------------------------------


def test_pull__asks_for_the_package_of_every_document(server: ScriptedServer, tmp_path: Path) -> None:
    server.on("GET", f"{ROOT}/CFDocuments", listed("d1", "d/2", total=2))
    server.on("GET", f"{ROOT}/CFPackages/d1", json_answer(package("d1", "i1", "i2")))
    server.on("GET", f"{ROOT}/CFPackages/d%2F2", json_answer(package("d/2", "i3")))
    sink = CountingSink()
    pulled = connector_with(tmp_path, base_url=server.base_url).pull(ITEMS, None, sink)
    assert {(record["document_identifier"], record["identifier"]) for record in sink.records} == {
        ("d1", "i1"),
        ("d1", "i2"),
        ("d/2", "i3"),
    }
    assert pulled.is_reset
    assert server.requests[0].query == {"limit": "100", "offset": "0"}
    assert len(server.requests) == 3, "the count says that all documents came"


def test_pull__nothing_new_asks_for_no_package(server: ScriptedServer, tmp_path: Path) -> None:
    case = connector_with(tmp_path, base_url=server.base_url)
    server.on("GET", f"{ROOT}/CFDocuments", listed("d1", total=1), listed("d1", total=1))
    server.on("GET", f"{ROOT}/CFPackages/d1", json_answer(package("d1", "i1")))
    first = case.pull(ITEMS, None, CountingSink())
    sink = CountingSink()
    second = case.pull(ITEMS, first.cursor, sink)
    assert (second.is_reset, second.pages, second.cursor, sink.records) == (False, 0, first.cursor, [])


@pytest.mark.parametrize("names", [("d1", "d2"), ("d1",), ()])
def test_pull__one_change_reads_every_package_anew(
    server: ScriptedServer, tmp_path: Path, names: tuple[str, ...]
) -> None:
    """A document that changed, came or went: what the frameworks no longer have must count as deleted."""
    case = connector_with(tmp_path, base_url=server.base_url)
    cursor = {"server": f"{server.base_url}{ROOT}", "documents": {"d1": "2023-01-01T00:00:00Z", "d2": "x"}}
    server.on("GET", f"{ROOT}/CFDocuments", listed(*names, total=len(names)))
    for name in names:
        server.on("GET", f"{ROOT}/CFPackages/{name}", json_answer(package(name, f"i-{name}")))
    sink = CountingSink()
    pulled = case.pull(ITEMS, cursor, sink)
    assert pulled.is_reset
    assert sink.ids("identifier") == [f"i-{name}" for name in names]
    assert pulled.notes == ()


def test_cursor__of_another_provider_reads_everything_with_a_note(server: ScriptedServer, tmp_path: Path) -> None:
    case = connector_with(tmp_path, base_url=server.base_url)
    server.on("GET", f"{ROOT}/CFDocuments", listed("d1", total=1))
    server.on("GET", f"{ROOT}/CFPackages/d1", json_answer(package("d1", "i1")))
    elsewhere = {"server": "https://elsewhere.example/ims/case/v1p0", "documents": {"d1": "2024-01-01T00:00:00Z"}}
    pulled = case.pull(ITEMS, elsewhere, CountingSink())
    assert pulled.is_reset
    assert "of another place" in pulled.notes[0]


def test_collection__is_read_to_its_end_without_count_and_link(server: ScriptedServer, tmp_path: Path) -> None:
    names = [f"d{number}" for number in range(5)]

    def served(request: Request) -> Answer:
        start = int(request.query["offset"])
        return listed(*names[start : start + int(request.query["limit"])])

    server.always("GET", f"{ROOT}/CFDocuments", served)
    sink = CountingSink()
    connector_with(tmp_path, base_url=server.base_url, page_size=2).pull(DOCUMENTS, None, sink)
    assert sink.ids("identifier") == names


def test_collection__of_a_provider_that_passes_the_limit_over_is_read_once(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.on("GET", f"{ROOT}/CFDocuments", listed("d1", "d2", "d3"))
    sink = CountingSink()
    connector_with(tmp_path, base_url=server.base_url, page_size=2).pull(DOCUMENTS, None, sink)
    assert sink.ids("identifier") == ["d1", "d2", "d3"]


def test_collection__shorter_than_its_count_is_lost(server: ScriptedServer, tmp_path: Path) -> None:
    server.always(
        "GET",
        f"{ROOT}/CFDocuments",
        lambda request: listed(*(["d1"] if request.query["offset"] == "0" else []), total=2),
    )
    with pytest.raises(PageSetLost, match="reports 2 frameworks and listed 1"):
        connector_with(tmp_path, base_url=server.base_url).pull(DOCUMENTS, None, CountingSink())


def test_documents__chosen_ones_alone_are_asked_for_in_version_1_1(server: ScriptedServer, tmp_path: Path) -> None:
    server.on("GET", "/ims/case/v1p1/CFDocuments/d7", json_answer(document("d7")), json_answer(document("d7")))
    server.on("GET", "/ims/case/v1p1/CFPackages/d7", json_answer(package("d7", "i7")))
    case = connector_with(tmp_path, base_url=server.base_url, documents=["d7"], version=1.1)
    assert case.check() == "frameworks: 1 chosen framework can be read"
    sink = CountingSink()
    case.pull(ITEMS, None, sink)
    assert sink.ids("identifier") == ["i7"]


def test_documents__one_that_is_not_there_is_named(server: ScriptedServer, tmp_path: Path) -> None:
    server.on("GET", f"{ROOT}/CFDocuments/d8", answer(404))
    with pytest.raises(NotFound, match=r"no framework d8. Correct `documents`"):
        connector_with(tmp_path, base_url=server.base_url, documents=["d8"]).check()


@pytest.mark.parametrize(
    "body",
    [
        {"error": "x"},
        {"CFItems": []},
        {"CFDocument": {"title": "no identifier"}, "CFItems": []},
        {"CFDocument": document("d1")},
        {"CFDocument": document("d1"), "CFItems": {"identifier": "i"}},
        {"CFDocument": document("other"), "CFItems": []},
        [],
    ],
)
def test_package__that_is_none_is_a_fault(server: ScriptedServer, tmp_path: Path, body: object) -> None:
    server.on("GET", f"{ROOT}/CFDocuments", listed("d1", total=1))
    server.on("GET", f"{ROOT}/CFPackages/d1", json_answer(body))
    with pytest.raises(ContractBroken):
        connector_with(tmp_path, base_url=server.base_url).pull(ITEMS, None, CountingSink())


def test_package__without_associations_and_rubrics_has_none(server: ScriptedServer, tmp_path: Path) -> None:
    server.always("GET", f"{ROOT}/CFDocuments", listed("d1", total=1))
    server.always("GET", f"{ROOT}/CFPackages/d1", json_answer(package("d1", "i1", CFRubrics=None)))
    case = connector_with(tmp_path, base_url=server.base_url)
    for stream in (ASSOCIATIONS, RUBRICS):
        sink = CountingSink()
        assert case.pull(stream, None, sink).is_reset
        assert sink.records == []


def test_token__is_sent_where_the_provider_wants_one(server: ScriptedServer, tmp_path: Path) -> None:
    server.on("GET", f"{ROOT}/CFDocuments", listed("d1", total=1), answer(401))
    case = connector_with(tmp_path, {"token": "CANARY-TOKEN"}, base_url=server.base_url, signs_in=True)
    assert case.check() == "frameworks: 1 framework can be read"
    assert server.requests[0].token == "CANARY-TOKEN"
    with pytest.raises(AuthenticationFailed) as caught:
        case.check()
    assert "CANARY" not in str(caught.value) + repr(vars(case))


def test_token__is_a_secret_of_those_who_sign_in_only(tmp_path: Path) -> None:
    names = CaseConnector.secret_names
    assert CaseOptions(base_url="https://case.example.org").secrets_of(names) == ()
    assert CaseOptions(base_url="https://case.example.org", signs_in=True).secrets_of(names) == ("token",)
    with pytest.raises(MissingSecret, match="FRAMEWORKS_TOKEN"):
        connector_with(tmp_path, base_url="https://case.example.org", signs_in=True)


def test_public_provider__is_sent_no_token(server: ScriptedServer, tmp_path: Path) -> None:
    server.on("GET", f"{ROOT}/CFDocuments", listed("d1", total=1), answer(401))
    case = connector_with(tmp_path, base_url=server.base_url)
    case.check()
    assert "authorization" not in server.requests[0].headers
    with pytest.raises(AuthenticationFailed, match="frameworks is configured without credentials"):
        case.check()


# -- a folder ------------------------------------------------------------------------------


def put(folder: Path, name: str, content: object) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(content if isinstance(content, str) else json.dumps(content))


def test_folder__each_file_is_a_package(tmp_path: Path) -> None:
    put(tmp_path / "frameworks", "b.json", package("d2", "i2"))
    put(tmp_path / "frameworks", "a.JSON", package("d1", "i1"))
    put(tmp_path / "frameworks", "readme.txt", "no package")
    put(tmp_path / "frameworks", ".hidden.json", "{")
    case = connector_with(tmp_path, folder="frameworks")
    assert case.check() == "frameworks: 2 frameworks in the folder frameworks"
    sink = CountingSink()
    first = case.pull(ITEMS, None, sink)
    assert sink.ids("identifier") == ["i1", "i2"]
    assert not case.pull(ITEMS, first.cursor, CountingSink()).is_reset
    put(tmp_path / "frameworks", "b.json", package("d2", "i2", "i3"))
    sink = CountingSink()
    assert case.pull(ITEMS, first.cursor, sink).is_reset
    assert sink.ids("identifier") == ["i1", "i2", "i3"]


def test_folder__chosen_documents_alone(tmp_path: Path) -> None:
    put(tmp_path / "f", "a.json", package("d1", "i1"))
    put(tmp_path / "f", "b.json", package("d2", "i2"))
    sink = CountingSink()
    connector_with(tmp_path, folder="f", documents=["d2"]).pull(ITEMS, None, sink)
    assert sink.ids("identifier") == ["i2"]
    with pytest.raises(ContractBroken, match="holds the framework d3"):
        connector_with(tmp_path, folder="f", documents=["d3"]).check()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[]", "no CASE package"),
        ('{"CFItems": []}', "no CASE package"),
        ('{"CFDocument": {"identifier": "x", "identifier": "y"}, "CFItems": []}', "names a member twice"),
        ({"CFDocument": document("d9")}, "no list named CFItems"),
    ],
)
def test_folder__one_file_that_is_no_package_stops_the_pull_by_name(tmp_path: Path, content: object, why: str) -> None:
    """Without it the framework's items would count as deleted."""
    put(tmp_path / "f", "a.json", package("d1", "i1"))
    put(tmp_path / "f", "broken.json", content)
    with pytest.raises(ContractBroken, match=rf"broken\.json.*{why}"):
        connector_with(tmp_path, folder="f").pull(ITEMS, None, CountingSink())


def test_folder__one_framework_in_two_files_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "f", "a.json", package("d1", "i1"))
    put(tmp_path / "f", "b.json", package("d1", "i2"))
    with pytest.raises(ContractBroken, match=r"a\.json and b\.json hold the same framework"):
        connector_with(tmp_path, folder="f").check()


def test_folder__absent_or_empty_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no folder 'f'"):
        connector_with(tmp_path, folder="f").check()
    (tmp_path / "f").mkdir()
    with pytest.raises(ContractBroken, match=r"holds no \.json file"):
        connector_with(tmp_path, folder="f").check()


def test_folder__a_file_that_changes_while_it_is_read_is_not_taken(tmp_path: Path) -> None:
    put(tmp_path / "f", "a.json", package("d1", "i1"))
    put(tmp_path / "f", "b.json", package("d2", "i2"))

    class WritingSink(CountingSink):
        def add_page(self, body: bytes, records_path: str) -> None:
            super().add_page(body, records_path)
            put(tmp_path / "f", "b.json", package("d2", "i2", "i3"))

    with pytest.raises(IncompleteResponse, match=r"b\.json changed while it was read"):
        connector_with(tmp_path, folder="f").pull(ITEMS, None, WritingSink())


def test_time_of_change__without_an_offset_is_utc(tmp_path: Path) -> None:
    described = package(
        "d1", CFItems=[{"identifier": "i", "fullStatement": "x", "lastChangeDateTime": "2017-05-25T18:05:33"}]
    )
    put(tmp_path / "f", "a.json", described)
    sink = CountingSink()
    connector_with(tmp_path, folder="f").pull(ITEMS, None, sink)
    assert sink.records[0]["lastChangeDateTime"] == "2017-05-25T18:05:33Z"


def test_numbers__keep_their_digits(tmp_path: Path) -> None:
    long = "123456789012345678901234567890"
    body = json.dumps(package("d1", CFRubrics=[{"identifier": "r", "CFRubricCriteria": [{"weight": "W"}]}]))
    put(tmp_path / "f", "a.json", body.replace('"W"', long))

    class RawSink(CountingSink):
        def add_page(self, body: bytes, records_path: str) -> None:
            self.events.append(body.decode())

    sink = RawSink()
    connector_with(tmp_path, folder="f").pull(RUBRICS, None, sink)
    assert long in sink.events[0]


# -- options -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"base_url": "https://case.example.org", "folder": "f"},
        {"folder": "f", "signs_in": True},
        {"base_url": "http://case.example.org"},
        {"folder": "f", "version": "2.0"},
        {"folder": ""},
    ],
)
def test_options__name_one_place(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CaseOptions(**wrong)


def test_options_of_another_platform__are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        CaseConnector(Connection("cedar", "frameworks", "UTC", Options(), tmp_path, tmp_path, {}))
