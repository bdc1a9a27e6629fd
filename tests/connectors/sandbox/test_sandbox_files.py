"""The file drop: the same bytes for a district, messy, and readable by its own mappings."""

from __future__ import annotations

import base64
import codecs
import hashlib
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest

from connectors.core.connector import Connection, SourceFile
from connectors.files.client import FilesConnector, FilesOptions
from connectors.files.streams import STREAMS
from connectors.sandbox import canaries, files_drop
from connectors.sandbox.badgr_documents import PUBLIC_URL
from connectors.sandbox.district import District, generate


@pytest.fixture(scope="module")
def drop(district: District, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drop")
    files_drop.write(district, folder)
    return folder


@pytest.fixture(scope="module")
def read(drop: Path) -> dict[str, pl.DataFrame]:
    """Every stream of the drop, read through the mappings that were written beside it."""
    options = FilesOptions(mappings="mappings/*.yml")
    connector = FilesConnector(Connection("cedar-valley", "hr", "America/Chicago", options, drop, drop / "state"))
    found: dict[str, pl.DataFrame] = {}
    for stream in connector.streams_of():
        sink = _Frames()
        connector.pull(stream, None, sink)
        assert sink.rejects == 0
        found[stream.name] = pl.concat(sink.frames, how="diagonal")
    return found


class _Frames:
    """Keeps the frames that a connector hands over."""

    def __init__(self) -> None:
        self.frames: list[pl.DataFrame] = []
        self.rejects = 0

    def add_frame(self, frame: pl.DataFrame, source_file: SourceFile) -> None:
        self.frames.append(frame)

    def add_reject(self, row: int | None, field: str, reason: str) -> None:
        self.rejects += 1

    def add_page(self, body: bytes, records_path: str) -> None:
        raise AssertionError("files have no pages")

    def add_deletes(self, keys: Any) -> None:
        raise AssertionError("files report no deletes")


def _hashes(folder: Path) -> dict[str, str]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def test_drop__same_district_same_bytes(drop: Path, tmp_path: Path) -> None:
    files_drop.write(generate(teachers=40), tmp_path)
    assert _hashes(tmp_path) == _hashes(drop)


def test_drop__is_messy_the_way_real_exports_are(drop: Path) -> None:
    hr = drop / "drop" / "hr"
    assert (hr / "roster_2026.csv").read_bytes().startswith(codecs.BOM_UTF8)
    assert not (hr / "roster_2022.csv").read_bytes().startswith(codecs.BOM_UTF8)
    assert (hr / "pd_survey.txt").read_bytes().startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    with pytest.raises(UnicodeDecodeError):
        (hr / "ledger_debit_credit_2022.csv").read_text(encoding="utf-8")
    amounts = (hr / "ledger_amount_2024.csv").read_text(encoding="utf-8-sig")
    assert ",$" in amounts
    assert " ," in amounts
    assert "($" in amounts
    assert "Credit_Flag" in (hr / "ledger_flagged_2026.csv").read_text(encoding="utf-8-sig").splitlines()[0]


def test_drop__every_stream_is_mapped_and_read(read: dict[str, pl.DataFrame]) -> None:
    # the district's awards come from their platform and as badge files; nobody keeps a list of them
    delivered = [stream for stream in STREAMS if stream.name != "credential_awards"]
    assert set(read) == {stream.name for stream in delivered}
    for stream in delivered:
        frame = read[stream.name]
        assert frame.height > 0
        assert frame.select(stream.key).is_unique().all(), stream.name
        for field in stream.fields:
            if field.required:
                assert frame[field.name].is_not_null().all(), f"{stream.name}.{field.name}"


def test_drop__wide_export_holds_the_oldest_year(read: dict[str, pl.DataFrame], district: District) -> None:
    oldest = district.observed.observations.filter(pl.col("school_year") == district.export_year)
    scores = district.observed.scores[oldest["observation"].to_numpy()]
    found = read["evaluation_scores"]
    assert found.height == scores.size
    assert found["score"].cast(pl.Float64).sum() == scores.sum()
    assert found["score"].is_null().sum() == (scores == 0).sum()
    assert set(found["staff_id"]) <= set(district.staffing.people["staff_id"])


def test_drop__three_ledger_layouts_keep_every_cent(read: dict[str, pl.DataFrame], district: District) -> None:
    found = read["pd_spending"]
    assert found.height == district.ledger.height
    total = sum((Decimal(amount) for amount in found["amount_usd"]), Decimal(0))
    assert total == sum((Decimal(str(amount)) for amount in district.ledger["amount_usd"]), Decimal(0))
    for code in ("fund_code", "function_code", "object_code", "program_code"):
        assert set(found[code]) == set(district.ledger[code])
    assert set(found["fiscal_year"].cast(pl.Int64)) == set(district.years)


def test_drop__employee_numbers_have_their_zeros_back(read: dict[str, pl.DataFrame], district: District) -> None:
    known = set(district.staffing.people["staff_id"])
    for stream in ("roster", "compensation", "pd_participation", "evaluation_summaries", "growth_goals", "consents"):
        assert set(read[stream]["staff_id"]) <= known, stream


def test_drop__holds_canaries_where_fields_are_withheld(drop: Path) -> None:
    texts = {
        "roster_2022.csv": (canaries.SECRET_NUMBER, canaries.BIRTH_DATE),
        "microcredential_submissions.csv": (canaries.TEXT,),
        "effectiveness.csv": (canaries.TEXT,),
        "growth_goals.csv": (canaries.TEXT,),
    }
    for name, marks in texts.items():
        text = (drop / "drop" / "hr" / name).read_text(encoding="utf-8-sig")
        assert all(mark in text for mark in marks), name


def _badges(drop: Path) -> dict[str, dict[str, Any]]:
    found = {}
    for path in sorted((drop / "drop" / "badges").iterdir()):
        body = path.read_text(encoding="utf-8")
        if path.suffix == ".jwt":
            payload = body.split(".")[1]
            body = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode()
        found[path.name] = orjson.loads(body)
    return found


def test_badges__come_in_both_versions_plain_and_signed(drop: Path) -> None:
    kinds = {name.partition("-ob")[2] for name in _badges(drop)}
    assert kinds == {"20.json", "20.jwt", "30.json", "30.jwt"}


def test_badges__some_are_awards_that_the_platform_has(drop: Path, district: District) -> None:
    on_platform = set(district.earned.awards.filter("on_platform")["award_id"])
    badges = _badges(drop)
    second = {document["id"] for document in badges.values() if document.get("type") == "Assertion"}
    same = {f"{PUBLIC_URL}/assertions/{award_id}" for award_id in on_platform}
    assert second & same
    assert second - same
    hashed = [document for document in badges.values() if document.get("recipient", {}).get("hashed")]
    assert 0 < len(hashed) < len(second)
