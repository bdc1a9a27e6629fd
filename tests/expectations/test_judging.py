"""Judging real landed files: accept, warn, reject; what can't be answered never passes.

Belongs here: the runner's behaviour with small suites made for it. Does not belong
here: what the shipped suites find (test_suites_find).
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.core.schema import Field, Stream, public
from expectations.delivery import Calendar
from expectations.runner import AHEAD_CHECK, LATE_CHECK, SIZE_CHECK, judge
from expectations.suites import Suite
from expectations.verdict import Verdict

Land = Callable[..., Path]

CANARY = "canary.person@example.org"

VISITS = Stream(
    name="visits",
    description="One row per visit.",
    key=("id",),
    fields=(
        public("id", required=True),
        Field("email"),
        public("kind"),
        public("level", "integer"),
        public("score", "number"),
        public("cost", "money"),
        public("is_done", "boolean"),
        public("began", "date"),
        public("ended", "date"),
        public("seen_at", "timestamp"),
        public("marks", "json"),
    ),
)


def suite(
    *checks: dict[str, Any], derived: dict[str, str] | None = None, size: dict[str, float] | None = None
) -> Suite:
    return Suite.model_validate(
        {
            "stream": "trial.visits",
            "about": "One row per visit.",
            "derived": derived or {},
            "size": size or {},
            "checks": list(checks),
        }
    )


def check(expect: str, severity: str = "error", name: str = "it_holds", **arguments: Any) -> dict[str, Any]:
    return {
        "name": name,
        "expect": expect,
        "with": arguments,
        "severity": severity,
        "why": "It matters.",
        "ask_the_vendor": "Which is right?",
    }


def judged(parts: Path | list[Path], *checks: dict[str, Any], derived: dict[str, str] | None = None) -> Verdict:
    parts = parts if isinstance(parts, list) else [parts]
    return judge("trial", VISITS, parts, suite=suite(*checks, derived=derived))


IN_RANGE = check("expect_column_values_to_be_between", column="score", min_value=0, max_value=5)


def test_judge__accepts_what_is_as_expected(land: Land) -> None:
    verdict = judged(land(VISITS, [{"id": "a", "score": 0}, {"id": "b", "score": 5}, {"id": "c"}]), IN_RANGE)
    assert verdict.outcome == "accepted"
    assert (verdict.checks_run, verdict.record_total, verdict.findings) == (1, 3, ())


def test_judge__an_error_rejects_and_counts_records(land: Land) -> None:
    verdict = judged(land(VISITS, [{"id": "a", "score": -1}, {"id": "b", "score": 6}, {"id": "c"}]), IN_RANGE)
    assert verdict.outcome == "rejected"
    (finding,) = verdict.findings
    assert (finding.check_name, finding.severity, finding.record_count, finding.record_total) == (
        "it_holds",
        "error",
        2,
        3,
    )
    assert finding.message == "score is below 0 or above 5; found: -1.0, 6.0"
    assert (finding.why, finding.ask_the_vendor) == ("It matters.", "Which is right?")
    assert verdict.reason.startswith("it_holds: score is below 0")


def test_judge__a_warning_is_told_and_accepted(land: Land) -> None:
    verdict = judged(land(VISITS, [{"id": "a", "score": 9}]), IN_RANGE | {"severity": "warning"})
    assert verdict.outcome == "accepted"
    assert [finding.severity for finding in verdict.findings] == ["warning"]


def test_judge__several_parts_are_one_delivery(land: Land) -> None:
    parts = [land(VISITS, [{"id": "a", "score": 9}]), land(VISITS, [{"id": "b", "score": 1}])]
    (finding,) = judged(parts, IN_RANGE).findings
    assert (finding.record_count, finding.record_total) == (1, 2)


def test_judge__deletes_are_not_judged(land: Land) -> None:
    filled = check("expect_column_values_to_not_be_null", column="kind")
    verdict = judged(land(VISITS, [{"id": "a", "kind": "x"}], deletes=[{"id": "b"}, {"id": "c"}]), filled)
    assert (verdict.outcome, verdict.record_total) == ("accepted", 1)


def test_judge__derived_columns_see_upserts_only(land: Land) -> None:
    path = land(
        VISITS, [{"id": "a", "kind": "x"}, {"id": "b", "kind": "x"}], deletes=[{"id": str(n)} for n in range(9)]
    )
    same = check("expect_column_values_to_be_in_set", column="of", value_set=[2])
    assert judged(path, same, derived={"of": "count(*) over ()"}).outcome == "accepted"


def test_judge__nothing_delivered_passes_without_great_expectations(land: Land) -> None:
    verdict = judged(land(VISITS, [], deletes=[{"id": "a"}]), IN_RANGE)
    assert (verdict.outcome, verdict.checks_run, verdict.record_total) == ("accepted", 0, 0)
    assert judged([], IN_RANGE).outcome == "accepted"


@pytest.mark.parametrize(
    ("column", "value", "wrong"), [("level", 0, -1), ("score", 0.0, -0.5), ("cost", "0.00", "-0.01")]
)
def test_judge__blank_is_null_and_zero_is_a_value(land: Land, column: str, value: Any, wrong: Any) -> None:
    path = land(VISITS, [{"id": "a", column: value}, {"id": "b", column: None}])
    not_negative = check("expect_column_values_to_be_between", column=column, min_value=0)
    assert judged(path, not_negative).outcome == "accepted"
    (finding,) = judged(path, check("expect_column_values_to_not_be_null", column=column)).findings
    assert (finding.record_count, finding.record_total) == (1, 2)
    (finding,) = judged(path, check("expect_column_values_to_be_between", column=column, min_value=1)).findings
    assert finding.record_count == 1
    assert judged(land(VISITS, [{"id": "a", column: wrong}]), not_negative).outcome == "rejected"


@pytest.mark.parametrize(
    "column_check",
    [
        check("expect_column_values_to_be_between", column="level", min_value=0),
        check("expect_column_values_to_be_between", column="cost", min_value=0),
        check("expect_column_values_to_match_regex", column="kind", regex="^x"),
        check("expect_column_values_to_not_match_regex", column="kind", regex="^x"),
        check("expect_column_value_lengths_to_be_between", column="kind", min_value=3),
        check("expect_column_values_to_be_in_set", column="is_done", value_set=[True]),
        check("expect_column_values_to_not_be_in_set", column="kind", value_set=["x"]),
        check("expect_column_values_to_be_null", column="kind"),
        check("expect_column_pair_values_to_be_equal", column_A="kind", column_B="email"),
        check("expect_column_pair_values_a_to_be_greater_than_b", column_A="ended", column_B="began"),
        check("expect_column_pair_values_a_to_be_greater_than_b", column_A="level", column_B="score"),
    ],
    ids=lambda column_check: f"{column_check['expect']}-{column_check['with'].get('column', 'pair')}",
)
def test_judge__a_column_of_blanks_fails_no_check_of_values(land: Land, column_check: dict[str, Any]) -> None:
    assert judged(land(VISITS, [{"id": "a"}, {"id": "b"}]), column_check).findings == ()


def test_judge__booleans_with_blanks(land: Land) -> None:
    path = land(VISITS, [{"id": "a", "is_done": True}, {"id": "b", "is_done": None}, {"id": "c", "is_done": False}])
    (finding,) = judged(path, check("expect_column_values_to_be_in_set", column="is_done", value_set=[True])).findings
    assert (finding.record_count, finding.record_total) == (1, 3)


def test_judge__pairs_of_dates_and_of_text(land: Land) -> None:
    path = land(
        VISITS,
        [
            {"id": "a", "began": date(2026, 1, 2), "ended": date(2026, 1, 1), "kind": "x", "email": "y"},
            {"id": "b", "began": date(2026, 1, 2), "ended": date(2026, 1, 2), "kind": "x", "email": "x"},
            {"id": "c", "began": date(2026, 1, 2), "kind": "x"},
        ],
    )
    after = {"column_A": "ended", "column_B": "began"}
    (finding,) = judged(path, check("expect_column_pair_values_a_to_be_greater_than_b", **after)).findings
    assert (finding.record_count, finding.message) == (2, "ended is not after or above began")
    (finding,) = judged(
        path, check("expect_column_pair_values_a_to_be_greater_than_b", or_equal=True, **after)
    ).findings
    assert finding.record_count == 1
    (finding,) = judged(
        path, check("expect_column_pair_values_to_be_equal", column_A="kind", column_B="email")
    ).findings
    assert (finding.record_count, finding.record_total) == (1, 3)


def test_judge__mostly_leaves_room(land: Land) -> None:
    path = land(VISITS, [{"id": str(n), "kind": None if n < 2 else "x"} for n in range(10)])
    assert judged(path, check("expect_column_values_to_not_be_null", column="kind", mostly=0.8)).findings == ()
    (finding,) = judged(path, check("expect_column_values_to_not_be_null", column="kind", mostly=0.9)).findings
    assert finding.message == "kind is blank (up to 10% would pass)"
    assert (finding.record_count, finding.record_total) == (2, 10)


def test_judge__a_check_that_breaks_rejects_and_leaves_the_others(land: Land) -> None:
    path = land(VISITS, [{"id": "a", "email": CANARY, "score": 9}])
    broken = check("expect_column_values_to_be_between", name="broken", severity="warning", column="email", min_value=0)
    verdict = judged(path, broken, IN_RANGE | {"severity": "warning"})
    assert verdict.outcome == "rejected"
    first, second = verdict.findings
    assert (first.check_name, first.severity, first.record_count) == ("broken", "error", 0)
    assert "could not be run (" in first.message
    assert "Error" in first.message
    assert (second.check_name, second.severity, second.record_count) == ("it_holds", "warning", 1)
    assert CANARY not in verdict.to_json()


def test_judge__a_suite_that_great_expectations_refuses_rejects(land: Land) -> None:
    refused = check("expect_column_values_to_be_between", column="score", min_value=5, max_value=1)
    verdict = judged(land(VISITS, [{"id": "a", "score": 3}]), refused)
    assert verdict.outcome == "rejected"
    assert "could not be run" in verdict.reason


def test_judge__a_derived_column_that_breaks_on_the_data_is_named(land: Land) -> None:
    path = land(VISITS, [{"id": "a", "email": CANARY}])
    number = check("expect_column_values_to_be_between", column="as_number", min_value=0)
    verdict = judged(path, number, derived={"harmless": "1", "as_number": "email::integer"})
    assert verdict.outcome == "rejected"
    (finding,) = verdict.findings
    assert finding.check_name == "derived_as_number"
    assert finding.message == (
        "the derived column as_number could not be computed (ConversionException), so the delivery is not accepted"
    )
    assert CANARY not in verdict.to_json()


def test_judge__a_file_that_is_no_parquet_rejects(tmp_path: Path) -> None:
    path = tmp_path / "part-0000.parquet"
    path.write_bytes(b"PAR1 cut short")
    verdict = judged(
        path, check("expect_column_values_to_be_between", column="twice", min_value=0), derived={"twice": "level * 2"}
    )
    assert verdict.outcome == "rejected"
    assert verdict.findings[0].check_name == "landed_files_readable"


def test_judge__no_personal_value_in_the_verdict(land: Land, caplog: Any, capsys: Any) -> None:
    path = land(VISITS, [{"id": "a", "email": CANARY, "kind": CANARY, "marks": [CANARY], "score": 9}])
    verdict = judged(
        path,
        check("expect_column_values_to_match_regex", name="one", column="email", regex="^x$"),
        check("expect_column_values_to_be_in_set", name="two", column="email", value_set=["x"]),
        check("expect_column_pair_values_to_be_equal", name="three", column_A="email", column_B="id"),
        check("expect_column_values_to_match_regex", name="four", column="lower_email", regex="^x$"),
        check("expect_column_values_to_be_in_set", name="five", column="kind", value_set=["x"]),
        check("expect_column_values_to_be_between", name="six", column="email", min_value=1),
        check("expect_column_values_to_match_regex", name="seven", column="twice_removed", regex="^x$"),
        check("expect_column_values_to_match_regex", name="eight", column="any_of", regex="^x$"),
        derived={
            "lower_email": "lower(email)",
            "twice_removed": "upper(lower_email)",
            "any_of": "list_extract([*columns('(?i)em.*l$')], 1)",
        },
    )
    assert len(verdict.findings) == 8
    printed = capsys.readouterr()
    for text in (verdict.to_json(), repr(verdict), caplog.text, printed.out, printed.err):
        assert "canary" not in text.lower()
    assert printed.err == ""


def test_judge__shows_at_most_five_distinct_values_of_a_public_column(land: Land) -> None:
    path = land(VISITS, [{"id": str(n), "kind": f"k{n % 7}" + "x" * 90 * (n % 7 == 0)} for n in range(70)])
    (finding,) = judged(path, check("expect_column_values_to_be_in_set", column="kind", value_set=["k9"])).findings
    shown = finding.message.partition("found: ")[2].split(", ")
    assert len(shown) == len(set(shown)) == 5
    assert max(len(text) for text in shown) <= 61


def test_judge__shows_values_derived_from_public_columns_alone(land: Land) -> None:
    path = land(VISITS, [{"id": "a", "kind": " ODD "}])
    known = check("expect_column_values_to_be_in_set", column="plain", value_set=["even"])
    (finding,) = judged(path, known, derived={"lower": "lower(kind)", "plain": "trim(lower)"}).findings
    assert finding.message == "plain is none of: even; found: odd"
    (finding,) = judged(path, known, derived={"lower": "lower(kind)", "plain": "concat(lower, _run_id)"}).findings
    assert "found" not in finding.message


def test_judge__dates_are_read_with_the_districts_calendar(land: Land) -> None:
    path = land(
        VISITS, [{"id": "a", "began": date(2025, 7, 15), "level": 2026, "seen_at": "2026-06-30T23:30:00-05:00"}]
    )
    same_year = check("expect_column_pair_values_to_be_equal", column_A="year_of", column_B="level")
    not_ahead = check("expect_column_values_to_be_between", name="not_ahead", column="ahead", max_value=0)
    trial = suite(
        same_year,
        not_ahead,
        derived={"year_of": "school_year_of(began)", "ahead": "date_diff('day', judged_on(), began)"},
    )

    def outcome(calendar: Calendar) -> list[str]:
        return [f.check_name for f in judge("trial", VISITS, [path], suite=trial, calendar=calendar).findings]

    assert outcome(Calendar((7, 1), date(2025, 7, 15))) == []
    assert outcome(Calendar((8, 1), date(2025, 7, 15))) == ["it_holds"]
    assert outcome(Calendar((7, 1), date(2025, 7, 14))) == ["not_ahead"]
    assert outcome(Calendar((1, 1), date(2025, 7, 15))) == ["it_holds"]


def test_judge__numbers_keep_their_meaning_beside_blanks(land: Land) -> None:
    path = land(VISITS, [{"id": "a", "level": 2**53 - 1}, {"id": "b", "level": None}])
    equal = check("expect_column_pair_values_to_be_equal", column_A="level", column_B="other")
    assert judged(path, equal, derived={"other": "level - 1"}).outcome == "rejected"
    assert judged(path, equal, derived={"other": "level + 0"}).outcome == "accepted"


SIZED = {"shrinks_below": 0.5, "grows_beyond": 2}


@pytest.mark.parametrize(
    ("records", "known", "is_full", "severity"),
    [
        (12, 30, True, "error"),
        (12, 30, False, None),
        (20, 30, True, None),
        (70, 30, True, "warning"),
        (10, 0, True, None),
        (1, 4, True, None),
        (0, 4, True, "error"),
        (0, 0, True, None),
        (0, 4, False, None),
    ],
)
def test_judge__size_of_a_full_delivery(
    land: Land, records: int, known: int, is_full: bool, severity: str | None
) -> None:
    earlier = [land(VISITS, [{"id": str(n), "_run_id": "r1"} for n in range(known)])] if known else []
    path = land(VISITS, [{"id": str(n)} for n in range(records)])
    verdict = judge("trial", VISITS, [path], suite=suite(IN_RANGE, size=SIZED), earlier_parts=earlier, is_full=is_full)
    assert [(finding.check_name, finding.severity) for finding in verdict.findings] == (
        [(SIZE_CHECK, severity)] if severity else []
    )
    assert verdict.outcome == ("rejected" if severity == "error" else "accepted")


def test_judge__a_full_delivery_is_compared_with_all_that_is_live_now(land: Land) -> None:
    """Not with the last full one: what grew since by changes would be erased by a cut-off pull."""
    full = land(VISITS, [{"id": str(n), "_run_id": "r1"} for n in range(30)])
    changes = land(
        VISITS,
        [{"id": str(n), "_run_id": "r2"} for n in range(10, 130)],
        deletes=[{"id": str(n), "_run_id": "r2"} for n in range(20)],
    )
    again = land(VISITS, [{"id": "0", "_run_id": "r3"}])
    cut_off = land(VISITS, [{"id": str(n)} for n in range(40)])
    verdict = judge(
        "trial", VISITS, [cut_off], suite=suite(IN_RANGE), earlier_parts=[full, changes, again], is_full=True
    )
    assert verdict.outcome == "rejected"
    # 20 to 129, and 0 which came back; 10 to 19 were deleted in the run that landed them
    assert "has 40 records, and 111 were known before (at least 50% expected)" in verdict.findings[0].message


def test_judge__records_that_only_a_full_delivery_brings_are_counted_as_late(land: Land) -> None:
    trial = suite(IN_RANGE).model_copy(update={"changed_at": "seen_at"})
    before = {"_run_id": "r1", "_extracted_at": "2026-01-10T00:00:00Z", "seen_at": "2026-01-01T00:00:00Z"}
    earlier = land(
        VISITS, [before | {"id": "same", "_record_hash": "1"}, before | {"id": "changed", "_record_hash": "2"}]
    )
    now = {"_run_id": "r2", "_extracted_at": "2026-01-17T00:00:00Z"}
    delivery = land(
        VISITS,
        [
            now | {"id": "same", "_record_hash": "1", "seen_at": "2026-01-01T00:00:00Z"},
            now | {"id": "changed", "_record_hash": "3", "seen_at": "2026-01-12T00:00:00Z"},
            now | {"id": "never brought", "_record_hash": "4", "seen_at": "2026-01-09T00:00:00Z"},
            now | {"id": "new", "_record_hash": "5", "seen_at": "2026-01-11T00:00:00Z"},
            now | {"id": "undated", "_record_hash": "6", "seen_at": None},
        ],
    )
    verdict = judge("trial", VISITS, [delivery], suite=trial, earlier_parts=[earlier], is_full=True)
    assert [(f.check_name, f.severity, f.record_count) for f in verdict.findings] == [(LATE_CHECK, "warning", 1)]
    assert judge("trial", VISITS, [delivery], suite=trial, earlier_parts=[earlier]).findings == ()
    # where only the time of creation is known, a new version of a known record tells nothing
    made = suite(IN_RANGE).model_copy(update={"created_at": "seen_at"})
    (finding,) = judge("trial", VISITS, [delivery], suite=made, earlier_parts=[earlier], is_full=True).findings
    assert finding.record_count == 1


def test_judge__a_time_of_change_that_has_not_come_is_told_and_accepted(land: Land) -> None:
    trial = suite(IN_RANGE).model_copy(update={"changed_at": "seen_at"})
    times = ["2999-01-01T00:00:00Z", "2026-11-15T20:00:00Z", "2026-11-14T00:00:00Z", None]
    path = land(VISITS, [{"id": str(n), "seen_at": time} for n, time in enumerate(times)])
    verdict = judge("trial", VISITS, [path], suite=trial, now=datetime(2026, 11, 15, 8, tzinfo=UTC))
    assert verdict.outcome == "accepted"
    assert [(f.check_name, f.severity, f.record_count) for f in verdict.findings] == [(AHEAD_CHECK, "warning", 1)]


def test_judge__is_dated_and_names_its_suite(land: Land) -> None:
    now = datetime(2026, 11, 15, 8, tzinfo=UTC)
    trial = suite(IN_RANGE)
    verdict = judge("trial", VISITS, [land(VISITS, [{"id": "a"}])], suite=trial, now=now)
    assert (verdict.judged_at, verdict.suite_hash) == (now, trial.hash)


def test_importing_and_loading__does_not_import_great_expectations() -> None:
    code = """
import sys
import expectations.report, expectations.runner, expectations.suites, expectations.verdict, expectations.__main__
from connectors.files.streams import ROSTER
from expectations.suites import load_suite
load_suite("files", ROSTER)
assert expectations.runner.judge("files", ROSTER, []).outcome == "accepted"
loaded = {"great_expectations", "pandas"} & set(sys.modules)
assert not loaded, loaded
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2], timeout=60)


def test_judging__opens_no_connection(land: Land) -> None:
    path = land(VISITS, [{"id": "a", "score": 9}])
    code = f"""
import socket, sys
def refuse(*arguments):
    raise AssertionError("a connection was opened")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from test_judging import IN_RANGE, judged
verdict = judged(Path({str(path)!r}), IN_RANGE)
assert verdict.findings[0].record_count == 1, verdict
assert "great_expectations" in sys.modules and "posthog" not in sys.modules
"""
    ran = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (ran.stdout, ran.stderr) == ("", "")
