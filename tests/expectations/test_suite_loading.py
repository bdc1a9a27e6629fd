"""What is wrong with a suite is found when it is loaded, and the message says where.

Belongs here: faults of suite files. Does not belong here: judging.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.badgr.streams import ISSUERS
from connectors.files.streams import PD_PARTICIPATION
from expectations.suites import SuiteError, declared_stream, load_suite

GOOD = """
stream: files.pd_participation
about: One row per staff member, PD activity and date.
derived: {minutes: hours * 60}
checks:
  - name: minutes_fit_a_day
    expect: expect_column_values_to_be_between
    with: {column: minutes, max_value: 1440}
    severity: warning
    why: A day has 1440 minutes.
    ask_the_vendor: Which unit is it?
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "files" / "pd_participation.yml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("severity: warning", "severity: warn", "check minutes_fit_a_day: severity"),
        ("why: A", "because: A", "check minutes_fit_a_day: because"),
        ("about:", "abuot:", "abuot"),
        ("to_be_between", "to_be_betwen", "did you mean expect_column_values_to_be_between?"),
        ("max_value: 1440", "max: 1440", "takes no argument max"),
        (", max_value: 1440", "", "needs max_value or min_value"),
        ("{column: minutes", "{column: minuts", "unknown column minuts; did you mean minutes?"),
        ("column: minutes, ", "", "needs column: the name of a column"),
        ("hours * 60", "hors * 60", "derived minutes"),
        ("{minutes: hours", "{hours: hours", "derived hours: the stream has a column of that name"),
        ("{minutes: hours", "{Minutes: hours", "derived.Minutes"),
        ("hours * 60", "activity_title", "judges numbers, but minutes holds text"),
        ("files.pd_participation", "files.pd_spending", "stands where files.pd_participation's belongs"),
        ("checks:", "checks: [", "not readable as YAML at line"),
    ],
)
def test_load_suite__says_what_is_wrong_and_where(tmp_path: Path, before: str, after: str, said: str) -> None:
    path = write(tmp_path, GOOD)
    load_suite("files", PD_PARTICIPATION, path)
    path = write(tmp_path, GOOD.replace(before, after, 1))
    with pytest.raises(SuiteError) as fault:
        load_suite("files", PD_PARTICIPATION, path)
    assert said in str(fault.value)
    assert str(fault.value).startswith("files/pd_participation.yml: ")
    assert str(tmp_path) not in str(fault.value)


def test_load_suite__reports_all_unknown_columns_at_once(tmp_path: Path) -> None:
    second = GOOD.split("checks:\n")[1].replace("minutes_fit_a_day", "another").replace("column: minutes", "column: a")
    with pytest.raises(SuiteError, match=r"unknown column b.*unknown column a"):
        load_suite("files", PD_PARTICIPATION, write(tmp_path, GOOD.replace("column: minutes", "column: b") + second))


def test_load_suite__names_are_unique(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="stand twice: minutes_fit_a_day"):
        load_suite("files", PD_PARTICIPATION, write(tmp_path, GOOD + GOOD.split("checks:\n")[1]))


def test_load_suite__missing_file_says_where_to_write_one(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"badgr\.issuers has no suite; write one"):
        load_suite("badgr", ISSUERS, tmp_path / "badgr" / "issuers.yml")


def test_suite_hash__counts_content_and_not_comments(tmp_path: Path) -> None:
    first = load_suite("files", PD_PARTICIPATION, write(tmp_path, GOOD))
    commented = load_suite("files", PD_PARTICIPATION, write(tmp_path, "# a comment\n" + GOOD))
    changed = load_suite("files", PD_PARTICIPATION, write(tmp_path, GOOD.replace("1440", "1441")))
    assert first.hash == commented.hash
    assert first.hash != changed.hash


def test_declared_stream__unknown_names_get_a_suggestion() -> None:
    assert declared_stream("badgr.issuers") == ("badgr", ISSUERS)
    with pytest.raises(SuiteError, match="did you mean badgr"):
        declared_stream("badger.issuers")
    with pytest.raises(SuiteError, match="did you mean issuers"):
        declared_stream("badgr.issuer")
