"""Text and numbers as platforms really write them: stored to the last digit, or rejected and told.

Belongs here: rows 69 to 72 of the fault table, at the landing. Does not belong here: shapes
and counts (test_landing), the newest of several versions (dbt unit tests of staging).
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from connectors.core.connector import Connection, Cursor, Options, Pulled, Sink
from connectors.core.errors import ContractBroken
from connectors.core.landing.manifest import Manifest
from connectors.core.pull import pull_stream
from connectors.core.schema import Field, Stream, public

LINES = Stream(
    name="lines",
    description="One row per line.",
    key=("id",),
    fields=(
        public("id", required=True),
        Field("name"),
        public("count", "integer"),
        public("amount_usd", "money"),
        public("share", "number"),
        public("seen_at", "timestamp"),
        public("wall_clock_at", "local_timestamp"),
        public("more", "json"),
    ),
)


class OnePage:
    """A platform that answers with one page."""

    platform = "trial"
    streams = (LINES,)
    options_model = Options
    secret_names = ()

    def __init__(self, page: bytes) -> None:
        self._page = page

    def streams_of(self) -> tuple[Stream, ...]:
        return self.streams

    def check(self) -> str:
        return "ready"

    def pull(self, stream: Stream, cursor: Cursor | None, sink: Sink) -> Pulled:
        sink.add_page(self._page, "$[*]")
        return Pulled(None, is_reset=True, pages=1)

    def close(self) -> None:
        return None


def land(folder: Path, page: bytes | str) -> tuple[Manifest, list[dict[str, Any]], list[tuple[str, str]]]:
    """The manifest, the landed records in order, and field and reason of every reject."""
    connection = Connection("d1", "main", "UTC", Options(max_reject_share=1), folder, folder / "state")
    body = page.encode() if isinstance(page, str) else page
    outcome = pull_stream(OnePage(body), connection, LINES, folder / "landing")
    assert outcome.manifest is not None and outcome.folder is not None
    parts = [outcome.folder / part.name for part in outcome.manifest.files]
    rows = pl.read_parquet(parts).sort("_row_number").to_dicts() if parts else []
    rejects = outcome.manifest.rejects_file
    reasons = pl.read_parquet(outcome.folder / rejects).select("field", "reason").rows() if rejects else []
    return outcome.manifest, rows, reasons


def test_numbers__beyond_64_bits_an_id_keeps_every_digit(tmp_path: Path) -> None:
    _, (row,), _ = land(tmp_path, '[{"id": 184467440737095516171234, "more": {"x": 18446744073709551617}}]')
    assert row["id"] == "184467440737095516171234"
    assert json.loads(row["more"]) == {"x": 18446744073709551617}


def test_numbers__a_count_beyond_what_fits_is_rejected_and_never_rounded(tmp_path: Path) -> None:
    page = '[{"id": 1, "count": 18446744073709551617}, {"id": 2, "count": 9007199254740993}, {"id": 3, "count": 4.5}]'
    _, rows, rejects = land(tmp_path, page)
    assert [row["count"] for row in rows] == [9007199254740993]
    assert rejects == [("count", "is not a whole number")] * 2


@pytest.mark.parametrize("written", ["1234567.10", '"1234567.10"', "1234567.1", '" 1234567.100 "'])
def test_numbers__money_is_exact(tmp_path: Path, written: str) -> None:
    _, (row,), _ = land(tmp_path, f'[{{"id": 1, "amount_usd": {written}}}]')
    assert row["amount_usd"] == Decimal("1234567.10")


@pytest.mark.parametrize("written", ["1234567.101", '"1,234.50"', '"(5.00)"', '"$5"', "NaN", '"Infinity"', '"1e400"'])
def test_numbers__what_is_no_plain_amount_is_rejected(tmp_path: Path, written: str) -> None:
    _, rows, rejects = land(tmp_path, f'[{{"id": 1, "amount_usd": {written}}}, {{"id": 2}}]')
    assert [row["id"] for row in rows] == ["2"]
    assert rejects == [("amount_usd", "is not an amount with at most two decimals")]


@pytest.mark.parametrize("written", ["NaN", "Infinity", "1e400", '"nan"'])
def test_numbers__what_is_not_finite_is_rejected(tmp_path: Path, written: str) -> None:
    _, rows, rejects = land(tmp_path, f'[{{"id": 1, "share": {written}}}, {{"id": 2}}]')
    assert [row["id"] for row in rows] == ["2"]
    assert rejects == [("share", "is not a number")]


@pytest.mark.parametrize("text", ["Zoë", "Zoe\u0308", "\u202eabc\u202c", "👩\u200d🏫", "a\x00b", "\x07", "\u2028"])
@pytest.mark.parametrize("is_escaped", [True, False], ids=["escaped", "plain"])
def test_text__is_stored_as_it_stands(tmp_path: Path, text: str, is_escaped: bool) -> None:
    page = json.dumps([{"id": f"x{text}", "name": f"-{text}-"}], ensure_ascii=is_escaped)
    _, (row,), _ = land(tmp_path, page)
    assert (row["id"], row["name"]) == (f"x{text}", f"-{text}-")


def test_text__composed_and_decomposed_ids_are_two_records(tmp_path: Path) -> None:
    """A platform that tells them apart is believed; nobody's record takes another's place."""
    manifest, rows, _ = land(tmp_path, json.dumps([{"id": "é"}, {"id": "e\u0301"}]))
    assert (len(rows), manifest.duplicate_records) == (2, 0)


@pytest.mark.parametrize("half", [rb"\ud800", rb"\udc00"])
def test_text__half_a_surrogate_pair_is_a_broken_contract_and_lands_nothing(tmp_path: Path, half: bytes) -> None:
    with pytest.raises(ContractBroken, match="a page is not JSON"):
        land(tmp_path, b'[{"id": 1, "name": "x' + half + b'y"}, {"id": 2}]')
    assert not list(tmp_path.rglob("*.parquet"))


def test_keys__the_same_key_twice_in_a_batch_is_counted_and_both_are_kept_raw(tmp_path: Path) -> None:
    page = '[{"id": 1, "name": "one"}, {"id": 1, "name": "other"}, {"id": "1", "name": "third"}]'
    manifest, rows, _ = land(tmp_path, page)
    assert (len(rows), manifest.duplicate_records) == (3, 2)
    assert len({row["_record_hash"] for row in rows}) == 3


def test_keys__a_part_that_may_be_missing_can_not_be_declared(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="key field term must be required"):
        Stream("ratings", "One row per rating.", ("id", "term"), (public("id", required=True), public("term")))


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2026-03-08T08:30:00Z", "2026-03-08 08:30:00"),
        ("2026-03-08T03:30:00-05:00", "2026-03-08 08:30:00"),
        ("2026-03-08T14:00:00.5+05:30", "2026-03-08 08:30:00.500000"),
        ("2025-11-02T01:30:00-05:00", "2025-11-02 06:30:00"),
        ("2025-11-02T01:30:00-06:00", "2025-11-02 07:30:00"),
    ],
)
def test_times__every_offset_is_one_instant(tmp_path: Path, written: str, utc: str) -> None:
    _, (row,), _ = land(tmp_path, f'[{{"id": 1, "seen_at": "{written}"}}]')
    assert str(row["seen_at"]) == f"{utc}+00:00"


def test_times__without_an_offset_an_instant_is_rejected_and_a_wall_clock_is_kept(tmp_path: Path) -> None:
    """The hour that is left out and the one that comes twice are not guessed at."""
    times = ["2026-03-08T02:30:00", "2025-11-02T01:30:00"]
    page = [{"id": time, "wall_clock_at": time} for time in times] + [{"id": "x", "seen_at": time} for time in times]
    _, rows, rejects = land(tmp_path, json.dumps(page))
    assert [row["wall_clock_at"].isoformat() for row in rows] == times
    assert rejects == [("seen_at", "is not a time with its offset like 2026-11-15T08:00:00Z")] * 2
