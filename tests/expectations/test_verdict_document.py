"""The verdict as a document: what is written is what is read, and a release is on record.

Belongs here: the verdict alone. Does not belong here: how one is reached.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.core.landing.manifest import RunVerdict, write_verdict
from expectations.verdict import Finding, Verdict

NOW = datetime(2026, 11, 15, 8, 30, tzinfo=UTC)
ERROR = Finding("hours_are_not_negative", "error", 3, 40, "hours is below 0", "It matters.", "Which is right?")
WARNING = Finding("status_is_known", "warning", 1, 40, "status is none of: attended")
REJECTED = Verdict("rejected", 6, (ERROR, WARNING), NOW, "abc", 40)


def test_verdict__reads_what_it_wrote() -> None:
    for verdict in (REJECTED, Verdict("accepted", 0, (), NOW, "abc"), REJECTED.released("A. Person", "checked", NOW)):
        assert Verdict.from_json(verdict.to_json()) == verdict


def test_verdict__is_read_by_the_landing(tmp_path: Path) -> None:
    write_verdict(tmp_path, REJECTED.to_json())
    read = RunVerdict.read(tmp_path)
    assert read is not None
    assert (read.outcome, read.document["findings"][0]["check_name"]) == ("rejected", "hours_are_not_negative")


def test_verdict__tells_errors_from_warnings() -> None:
    assert (REJECTED.errors, REJECTED.warnings) == ((ERROR,), (WARNING,))
    assert REJECTED.reason == "hours_are_not_negative: hours is below 0"


def test_released__keeps_findings_and_names_the_person() -> None:
    released = REJECTED.released(" A. Person ", "the vendor confirmed it", NOW)
    assert (released.outcome, released.findings) == ("accepted", REJECTED.findings)
    assert released.release is not None
    assert (released.release.released_by, released.release.released_at) == ("A. Person", NOW)


@pytest.mark.parametrize(("by", "because"), [("", "x"), ("x", " ")])
def test_released__needs_a_person_and_a_reason(by: str, because: str) -> None:
    with pytest.raises(ValueError, match="name of a person and a reason"):
        REJECTED.released(by, because)


def test_released__only_what_was_rejected() -> None:
    with pytest.raises(ValueError, match="only a rejected run"):
        Verdict("accepted", 0, (), NOW, "abc").released("x", "y")


@pytest.mark.parametrize("document", ["", "[]", "{}", '{"outcome": "accepted", "findings": [{}]}', '{"a": 1'])
def test_from_json__refuses_what_is_no_verdict(document: str) -> None:
    with pytest.raises(ValueError, match="not a verdict"):
        Verdict.from_json(document)
