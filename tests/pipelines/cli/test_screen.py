"""How answers look in a terminal of 80 columns: nothing is cut off, nothing is taken for markup."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipelines.progress import StreamLine
from pipelines.run import RunReport
from pipelines.screen import (
    console,
    show_experts,
    show_explanation,
    show_report,
    show_sources,
    show_streams,
)

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
INFO = {"district_name": "Cedar [Valley]", "release_id": "20260302T100000Z-ab12", "is_synthetic": False}
EXPERT = {
    "staff_key": "299ce7daed6725f6a7eec8c0552db0f4",
    "name": "Orla [Jo] Yarrowstead",
    "school": "Harvest Lane High",
    "competency": "Questioning",
    "band": "strong practice",
    "observation_count": 6,
    "award_count": 0,
    "explanation": "Strong practice: 6 observations by 5 raters put this practice at expert level; no micro-credential "
    "that counts demonstrates it.",
}


@pytest.fixture(autouse=True)
def _eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(console, "_width", 80)


def test_screen__no_sources_are_said() -> None:
    with console.capture() as shown:
        show_sources([], [])
    assert "no sources" in shown.get().lower()


def test_screen__an_explanation_shows_dates_kinds_and_source_records_whole() -> None:
    evidence = {
        "evidence_date": NOW.date(),
        "evidence_type": "micro_credential",
        "title": "Questioning that [really] makes pupils think",
        "source_system": "open_badges",
        "source_record_id": "d7285b65c78356cbe2effccde1fd7251",
        "counts": False,
        "remark": "expired",
    }
    with console.capture() as shown:
        show_explanation({**EXPERT, "evidence": [evidence], "disputed_since": "2026-10-05"}, "principal:103", INFO)
    text = shown.get()
    for whole in ("2026-03-02", "micro_credential", "d7285b65c78356cbe2effccde1fd7251", "[really]", "[Jo]", "[Valley]"):
        assert whole in text
    assert "…" not in text and max(len(line) for line in text.splitlines()) <= 80


def test_screen__an_expert_takes_few_lines() -> None:
    with console.capture() as shown:
        show_experts([EXPERT] * 3, "Questioning", "principal:103", INFO)
    lines = shown.get().splitlines()
    assert "Orla [Jo] Yarrowstead" in shown.get() and max(map(len, lines)) <= 80
    assert len(lines) <= 3 * 4 + 4


def test_screen__a_failed_source_is_never_told_as_nothing_new() -> None:
    fault = "badges: nothing answers at [::1]:9"
    line = StreamLine("badges", "issuers", is_new=False, fault=fault)
    report = RunReport(NOW, NOW, False, None, [line], 0, 0, 0, [], "w", "p", "no release has been published yet")
    with console.capture() as shown:
        show_report(report, "D")
    assert "failed" in shown.get() and "nothing new" not in shown.get()
    with console.capture() as shown:
        show_streams([line])
    assert "failed" in shown.get()
