"""The CASE connector against the stateful stand-in and the public OpenSALT package, through landing."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from connectors.case.client import CaseConnector, CaseOptions
from connectors.case.streams import ASSOCIATIONS, DOCUMENTS, ITEMS, RUBRICS, STREAMS
from connectors.core.connector import Connection
from connectors.core.landing.manifest import Manifest
from connectors.core.pull import pull_stream
from connectors.core.schema import Stream
from connectors.sandbox import canaries
from connectors.sandbox.case_documents import SECOND_FRAMEWORK, identifier
from connectors.sandbox.case_server import Case
from connectors.sandbox.district import District, generate
from connectors.sandbox.rubric import ELEMENTS, FRAMEWORK
from connectors.sandbox.server import Sandbox

REFERENCE = os.environ.get("EXPERTISE_REFERENCE_DATA", "")


@pytest.fixture(scope="module")
def district() -> District:
    return generate(teachers=20, school_years=2)


@pytest.fixture
def sandbox(district: District) -> Iterator[Sandbox]:
    with Sandbox.start(district) as running:
        yield running


@pytest.fixture
def provider(sandbox: Sandbox) -> Case:
    stand_in = sandbox.stand_in("case")
    assert isinstance(stand_in, Case)
    return stand_in


def pulled(home: Path, stream: Stream, **options: object) -> tuple[Manifest, pl.DataFrame] | None:
    """What a pull landed and a verdict accepted; None where nothing was new."""
    chosen = CaseOptions.model_validate({"requests_per_second": 1000, **options})
    connection = Connection("cedar", "frameworks", "America/Chicago", chosen, home, home)
    connector = CaseConnector(connection)
    try:
        outcome = pull_stream(connector, connection, stream, home / "landing")
    finally:
        connector.close()
    if outcome.manifest is None or outcome.folder is None:
        return None
    (outcome.folder / "_verdict.json").write_text(json.dumps({"outcome": "accepted", "findings": []}))
    parts = [pl.read_parquet(part, hive_partitioning=False) for part in sorted(outcome.folder.glob("part-*"))]
    return outcome.manifest, pl.concat(parts) if parts else pl.DataFrame()


def landed(home: Path, stream: Stream, **options: object) -> tuple[Manifest, pl.DataFrame]:
    found = pulled(home, stream, **options)
    assert found is not None
    return found


def test_full_pull__lands_both_frameworks_without_a_reject(sandbox: Sandbox, tmp_path: Path) -> None:
    url = sandbox.url_of("case")
    rows = {}
    for stream in STREAMS:
        manifest, rows[stream.name] = landed(tmp_path, stream, base_url=url)
        assert (manifest.records_rejected, manifest.duplicate_records) == (0, 0), stream.name
        assert not manifest.undeclared_fields, stream.name
    assert set(rows["documents"]["title"]) == {FRAMEWORK, SECOND_FRAMEWORK}
    codes = rows["items"].filter(document_identifier=identifier(FRAMEWORK))["humanCodingScheme"].drop_nulls()
    assert sorted(codes) == sorted(element.competency_code for element in ELEMENTS)
    assert Counter(rows["associations"]["associationType"]) == {"isChildOf": 4 + 23 + 6, "exactMatchOf": 3}
    criteria = json.loads(rows["rubrics"]["CFRubricCriteria"][0])
    assert [len(criteria), len(criteria[0]["CFRubricCriterionLevels"])] == [23, 5]


def test_withheld__editors_notes_stand_in_no_file(sandbox: Sandbox, tmp_path: Path) -> None:
    for stream in (DOCUMENTS, ITEMS):
        manifest, _ = landed(tmp_path, stream, base_url=sandbox.url_of("case"))
        assert manifest.withheld_fields == {"notes": manifest.records_landed}
    for path in tmp_path.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not [mark for mark in canaries.CANARIES if mark.encode() in content], path.name


def test_next_pull__brings_nothing_then_everything_anew(sandbox: Sandbox, provider: Case, tmp_path: Path) -> None:
    url = sandbox.url_of("case")
    landed(tmp_path, ITEMS, base_url=url)
    assert pulled(tmp_path, ITEMS, base_url=url) is None
    second = identifier(SECOND_FRAMEWORK)
    provider.remove_item(second, identifier("NTP-4"))
    provider.change_item(second, identifier("NTP-5"), {"statusEndDate": "2026-06-30"})
    manifest, rows = landed(tmp_path, ITEMS, base_url=url)
    assert manifest.is_reset
    assert rows.height == 27 + 5, "every package, also the one that did not change"
    ends = dict(rows.select("humanCodingScheme", "statusEndDate").rows())
    assert "NTP-4" not in ends
    assert str(ends["NTP-5"]) == "2026-06-30"


def test_silent_change__is_found_by_a_full_pull_only(sandbox: Sandbox, provider: Case, tmp_path: Path) -> None:
    """A document's time of change is a hint: the weekly full pull heals what it leaves out."""
    url = sandbox.url_of("case")
    landed(tmp_path, ITEMS, base_url=url)
    provider.remove_item(identifier(SECOND_FRAMEWORK), identifier("NTP-4"), tells=False)
    assert pulled(tmp_path, ITEMS, base_url=url) is None
    shutil.rmtree(tmp_path / "landing")  # no cursor, as where the newest full pull has become old
    assert landed(tmp_path, ITEMS, base_url=url)[1].height == 27 + 5


@pytest.mark.parametrize("has_total", [True, False])
def test_collection__in_pages_of_one(sandbox: Sandbox, provider: Case, tmp_path: Path, has_total: bool) -> None:
    provider.has_total = provider.has_links = has_total
    _, rows = landed(tmp_path, DOCUMENTS, base_url=sandbox.url_of("case"), page_size=1)
    assert rows["identifier"].n_unique() == 2


def test_version_1_1__speaks_the_same(sandbox: Sandbox, tmp_path: Path) -> None:
    _, rows = landed(tmp_path, ITEMS, base_url=sandbox.url_of("case"), version="1.1")
    assert rows.height == 27 + 6
    assert {request.path.split("/")[4] for request in sandbox.requests} == {"v1p1"}


@pytest.mark.parametrize("name", ["identifier", "fullStatement"])
@pytest.mark.parametrize("blank", [None, "", "  "])
def test_item__without_what_names_it_is_rejected(tmp_path: Path, name: str, blank: str | None) -> None:
    items = [{"identifier": f"i{number}", "fullStatement": "x"} for number in range(3)]
    items[1] |= {name: blank}  # type: ignore[dict-item]
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "a.json").write_text(
        json.dumps({"CFDocument": {"identifier": "d", "title": "D"}, "CFItems": items})
    )
    manifest, rows = landed(tmp_path, ITEMS, folder="f", max_reject_share=0.5)
    assert (manifest.records_rejected, rows["identifier"].to_list()) == (1, ["i0", "i2"])


@pytest.mark.skipif(not REFERENCE, reason="EXPERTISE_REFERENCE_DATA is not set: it names the folder of public samples")
def test_opensalt_sample__loads_from_a_folder(tmp_path: Path) -> None:
    """A real package: times without offset, no rubrics, a field that the specification spells otherwise."""
    (tmp_path / "frameworks").mkdir()
    shutil.copy(Path(REFERENCE, "case", "opensalt-framework-20c5134f.json"), tmp_path / "frameworks")
    documents, described = landed(tmp_path, DOCUMENTS, folder="frameworks")
    items, rows = landed(tmp_path, ITEMS, folder="frameworks")
    associations, relations = landed(tmp_path, ASSOCIATIONS, folder="frameworks")
    rubrics, _ = landed(tmp_path, RUBRICS, folder="frameworks")
    for manifest, count in ((documents, 1), (items, 16), (associations, 39), (rubrics, 0)):
        assert (manifest.records_landed, manifest.records_rejected) == (count, 0)
    assert described["title"].to_list() == ["What Standards Could Be"]
    assert "CCSS.Math.Content.6.RP.A" in rows["humanCodingScheme"].to_list()
    assert rows["lastChangeDateTime"].null_count() == 0
    assert Counter(relations["associationType"])["exactMatchOf"] == 16
