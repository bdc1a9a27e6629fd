"""The morning view in terminals of several widths: short where all is well, whole where it is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.reconciliation import DeliveryYears
from pipelines.screen import console
from pipelines.status import Status, StreamStatus
from pipelines.status_view import show_status

NOW = datetime.now(UTC)
STREAM = StreamStatus(
    connection="sis",
    platform="edfi",
    stream="performance_evaluation_ratings",
    state="loaded",
    since=NOW,
    last_accepted_at=NOW,
    records_landed=120_930,
    records_rejected=12,
    reason=None,
    what_to_do=None,
    records_reported=120_942,
    delete_markers_landed=7,
    records_superseded=900,
    records_deleted=7,
    records_loaded=120_030,
)
WELL = Status("Cedar [Valley]", False, "20261122T034629.697717Z-aa1e", NOW, 0.0, [STREAM], [])


def drawn(status: Status, monkeypatch: pytest.MonkeyPatch, columns: int = 80) -> str:
    """What is printed; no line is longer than the terminal and nothing is cut off."""
    monkeypatch.setattr(console, "_width", columns)
    with console.capture() as shown:
        show_status(status)
    text = shown.get()
    assert max(map(len, text.splitlines())) <= columns and "…" not in text
    return text


@pytest.mark.parametrize("columns", [80, 100, 160])
def test_view__all_well_is_a_line_per_source_that_adds_up(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    streams = [replace(STREAM, connection=name, stream=f"s{number}") for name in ("sis", "hr") for number in range(13)]
    text = drawn(replace(WELL, streams=streams), monkeypatch, columns)
    assert len(text.splitlines()) <= 11
    assert "1,572,090" in text and "Cedar [Valley]" in text and "s12" not in text
    assert "3,144,180 landed + 182 deletes = 3,120,780 loaded + 182 deleted + 23,400 superseded" in " ".join(
        text.split()
    )


@pytest.mark.parametrize("columns", [80, 100, 160])
def test_view__what_failed_is_told_with_what_to_do(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    since = NOW - timedelta(hours=5)
    failing = replace(
        STREAM, state="failing", since=since, reason="sis.performance_evaluation_ratings: [503]", what_to_do="run again"
    )
    well = replace(STREAM, stream="staffs")
    text = drawn(replace(WELL, streams=[failing, well], stale_since=since), monkeypatch, columns)
    assert f"sis.performance_evaluation_ratings: failing since {since:%Y-%m-%d %H:%M} UTC, 5 hours ago" in " ".join(
        text.split()
    )
    assert "[503]" in text and "To do: run again" in text and "1 of 2" in text
    assert "Nothing new was published since" in text and "120,030 records" in text


def test_view__streams_with_one_fault_are_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    down = replace(STREAM, state="failing", reason="sis: nothing answers", what_to_do="run again later")
    text = drawn(replace(WELL, streams=[replace(down, stream=f"s{number}") for number in range(13)]), monkeypatch)
    assert text.count("nothing answers") == 1 and "sis, 13 streams: failing" in text


def test_view__a_difference_is_never_told_as_adding_up(monkeypatch: pytest.MonkeyPatch) -> None:
    text = drawn(replace(WELL, streams=[replace(STREAM, what_differs="5 rows landed, and 4 are named")]), monkeypatch)
    assert "Adds up" not in text and "does not add up" in text and "5 rows landed, and 4 are named" in text


def test_view__a_release_of_before_records_were_reconciled_claims_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    untold = dict.fromkeys(["records_reported", "records_superseded", "records_deleted", "records_loaded"])
    text = drawn(replace(WELL, streams=[replace(STREAM, **untold)]), monkeypatch)  # type: ignore[arg-type]
    assert "Adds up" not in text and "120,930" in text and "–" in text


def test_view__missing_years_are_a_row_per_stream_and_a_column_per_year(monkeypatch: pytest.MonkeyPatch) -> None:
    years = dict.fromkeys(range(2000, 2027), "present") | {2025: "missing", 2026: "not expected"}
    text = drawn(replace(WELL, missing_deliveries=[DeliveryYears("hr", "roster", years)]), monkeypatch)
    row = next(line for line in text.splitlines() if line.startswith("hr.roster"))
    assert row.split()[-3:] == ["✓", "✗", "·"] and "2025" in text and "first_school_year" in text


def test_view__no_release_and_no_source_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    text = drawn(Status("D", False, None, None, None, [], []), monkeypatch)
    assert "none published yet" in text and "no sources" in text.lower()
