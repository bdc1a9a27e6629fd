"""The report a vendor reads: complete, self-contained, and without personal values.

Belongs here: the page's content. Does not belong here: its looks.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

from expectations.report import Judged, render_report, write_report
from expectations.runner import judge
from expectations.suites import declared_stream, load_suite
from expectations.verdict import Finding, Verdict

Land = Callable[..., Path]
NOW = datetime(2026, 11, 5, 8, 30, tzinfo=UTC)
CANARY = "canary.person@example.org"

REJECTED = Judged(
    "hr",
    "files",
    "pd_participation",
    "20261105T083000Z-1a2b",
    Verdict(
        "rejected",
        6,
        (
            Finding(
                "status_is_known", "warning", 1, 1200, "status is none of: attended", "Why <warning>.", "What & why?"
            ),
            Finding("hours_are_not_negative", "error", 30, 1200, "hours is below 0", "Why error.", "Of which rows?"),
        ),
        NOW,
        "abc",
        1200,
    ),
)
ACCEPTED = Judged("badges", "badgr", "issuers", "20261105T083000Z-1a2c", Verdict("accepted", 2, (), NOW, "abc", 4))
EMPTY = Judged("badges", "badgr", "assertions", "20261105T083000Z-1a2d", Verdict("accepted", 0, (), NOW, "abc", 0))


def page(*judged: Judged, is_synthetic: bool = False) -> str:
    return render_report("Deliveries of 5 November", judged, is_synthetic, NOW)


def words(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html.partition("</style>")[2])))


def test_report__says_what_failed_how_many_why_and_what_to_ask() -> None:
    said = words(page(REJECTED, ACCEPTED))
    assert "1 of 2 deliveries rejected." in said
    assert "30 of 1,200 records : hours is below 0" in said
    assert "Why it matters Why error. Please answer Of which rows?" in said
    assert "5 November 2026, 08:30 UTC" in said
    assert said.index("Hours are not negative") < said.index("Status is known"), "errors come first"


def test_report__lists_every_check_of_a_judged_stream() -> None:
    said = words(page(REJECTED))
    for check in load_suite(*declared_stream("files.pd_participation")).checks:
        assert check.title in said
    assert "Attended has hours holds" in said


def test_report__rejected_streams_come_first_and_empty_ones_claim_nothing() -> None:
    said = words(page(EMPTY, ACCEPTED, REJECTED))
    details = said.partition("Details")[2]
    assert details.index("files.pd_participation") < details.index("badgr.issuers") < details.index("badgr.assertions")
    assert "nothing to check" in details
    assert "Issue date is readable" not in details


def test_report__is_escaped_and_loads_nothing() -> None:
    html = page(REJECTED, ACCEPTED)
    assert "Why &lt;warning&gt;." in html
    assert "What &amp; why?" in html
    assert not re.search(r"<(script|link|img|iframe)|url\(|@import|https?://", html)


def test_report__synthetic_data_is_marked() -> None:
    assert "SYNTHETIC" in words(page(ACCEPTED, is_synthetic=True))
    assert "SYNTHETIC" not in words(page(ACCEPTED))


def test_report__a_release_names_the_person_and_the_reason() -> None:
    released = REJECTED.verdict.released("A. Person", "confirmed by phone", NOW)
    said = words(page(Judged("hr", "files", "pd_participation", "r", released)))
    assert "Released by A. Person on 2026-11-05: confirmed by phone" in said
    assert "rejected." not in said


def test_report__nothing_judged() -> None:
    assert "Nothing was delivered" in words(page())


def test_write_report__holds_no_personal_value(land: Land, tmp_path: Path) -> None:
    platform, stream = declared_stream("files.roster")
    record = {"staff_id": CANARY, "school_year": 1, "email": "canary person", "status": CANARY, "first_name": CANARY}
    verdict = judge(platform, stream, [land(stream, [record | {"years_experience": 99}])])
    assert len(verdict.findings) >= 4
    path = write_report(
        tmp_path / "reports" / "run.html", "Run", [Judged("hr", platform, stream.name, "r", verdict)], is_synthetic=True
    )
    html = path.read_text(encoding="utf-8")
    assert "canary" not in html.lower()
    assert [file.name for file in path.parent.iterdir()] == ["run.html"]
