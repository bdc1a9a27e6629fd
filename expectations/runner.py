"""Judging one landed delivery with its suite, through Great Expectations.

Belongs here: running checks on landed Parquet and turning the answers into a verdict.
Does not belong here: what is checked (suites), how records are read (delivery), where
the verdict is written (landing).

Great Expectations 1.24 has no datasource for DuckDB or Polars, so DuckDB reads and
derives the columns that a suite names and a pandas frame of them is checked. Plain
numpy-backed columns: Arrow-backed ones give the same answers in 50 times the time.
The import takes seconds and happens inside `judge`, where there is something to judge.

A check that can't be answered rejects the delivery: not knowing is not passing.
Messages of exceptions may quote values, so only their type is told.
"""

from __future__ import annotations

import logging
import os
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from connectors.core.landing.typing_sql import landed_columns
from connectors.core.schema import Stream
from expectations.delivery import Calendar, Delivery
from expectations.earlier import Earlier
from expectations.suites import Check, Size, Suite, load_suite
from expectations.verdict import Finding, Outcome, Severity, Verdict
from expectations.vocabulary import EXPECTATIONS

SIZE_CHECK = "size_like_earlier_deliveries"
LATE_CHECK = "records_come_in_time"
AHEAD_CHECK = "time_of_change_is_not_ahead"
# below this many records a share says little; vanishing altogether always counts
SMALLEST_COMPARED = 20
# a clock may be minutes ahead, and times near midnight another day elsewhere
A_DAY = timedelta(days=1)

SHOWN_VALUES = 5
SHOWN_CHARACTERS = 60
# failing values looked through for distinct ones to show
_VALUES_LOOKED_AT = 1000

_TELL_NOTHING = ("bool", "bool_", "NoneType", "NAType")
_BLANK_CHECK = "expect_column_values_to_not_be_null"

# the line of a traceback that names the exception; what follows the colon is not for reports
_EXCEPTION_LINE = re.compile(r"^(?:[a-z_]\w*\.)*([A-Z]\w*(?:Error|Exception))(?::|$)", re.MULTILINE)


@dataclass(frozen=True)
class _Answer:
    """What Great Expectations said of one check. `fault` is set where it could not be answered."""

    holds: bool
    failing: int = 0
    values: tuple[Any, ...] = ()
    fault: str | None = None


def judge(
    platform: str,
    stream: Stream,
    parts: Sequence[Path],
    *,
    is_full: bool = False,
    earlier_parts: Sequence[Path] = (),
    calendar: Calendar | None = None,
    suite: Suite | None = None,
    now: datetime | None = None,
) -> Verdict:
    """Judge the landed Parquet files of one run.

    is_full: the run pulled everything, so it is compared with what was known before.
    earlier_parts: landed files of the accepted runs of the same connection and stream,
        from the newest full one on.
    suite: default the stream's own.
    Deletes are not judged; a delivery without upserts passes without Great Expectations,
    unless it is full and earlier ones were not empty.
    Raises SuiteError where the suite itself is wrong: no delivery is to blame for that.
    """
    suite = suite or load_suite(platform, stream)
    judged_at = now or datetime.now(UTC)
    calendar = calendar or Calendar(judged_on=judged_at.date())
    findings: list[Finding] = []
    checks_run = 0
    total = 0
    try:
        with Delivery(stream, parts, suite.derived, calendar) as delivery:
            total = delivery.record_count()
            if is_full and earlier_parts:
                checks_run += 1
                findings += _findings_beside_earlier(suite, stream, parts, earlier_parts, total)
            if suite.changed_at and total:
                checks_run += 1
                findings += _ahead_findings(delivery.count_later(suite.changed_at, judged_at + A_DAY), total)
            if total:
                checks_run += len(suite.checks)
                answers = _answers(delivery.frame(suite.columns), suite.checks)
                findings += _findings(suite, stream, answers, total)
    except duckdb.Error as fault:
        findings.append(_unreadable(stream, parts, suite, calendar, fault, total))
    outcome: Outcome = "rejected" if any(finding.severity == "error" for finding in findings) else "accepted"
    return Verdict(outcome, checks_run, tuple(findings), judged_at, suite.hash, total)


def _findings_beside_earlier(
    suite: Suite, stream: Stream, parts: Sequence[Path], earlier_parts: Sequence[Path], total: int
) -> list[Finding]:
    with Earlier(stream, earlier_parts) as earlier:
        findings = list(_size_findings(suite.size, total, earlier.live_count()))
        if late := earlier.late_count(parts, suite.changed_at, suite.created_at):
            findings.append(
                Finding(
                    LATE_CHECK,
                    "warning",
                    late,
                    total,
                    f"{late:,} records were there before the last pull and came only with this full one",
                    "What a platform saves late, or leaves out of its feed of changes, is missing until a full pull.",
                    "Why were these records not among the changes?",
                )
            )
    return findings


def _size_findings(size: Size, total: int, known: int) -> Iterator[Finding]:
    is_compared = known >= SMALLEST_COMPARED

    def finding(severity: Severity, message: str, why: str, question: str) -> Finding:
        return Finding(SIZE_CHECK, severity, total, total, message, why, question)

    if known and (total == 0 or (is_compared and total < size.shrinks_below * known)):
        yield finding(
            "error",
            f"this full delivery has {total:,} records, and {known:,} were known before"
            f" (at least {size.shrinks_below:.0%} expected)",
            "What a full delivery leaves out counts as deleted, so a cut-off one would erase history.",
            "Is the delivery complete? If so many records are really gone, since when?",
        )
    elif is_compared and total > size.grows_beyond * known:
        yield finding(
            "warning",
            f"this full delivery has {total:,} records, and {known:,} were known before"
            f" (at most {size.grows_beyond:g} times as many expected)",
            "A sudden growth is often a repeated file or records of another district.",
            "What was added since the last delivery?",
        )


def _ahead_findings(count: int, total: int) -> Iterator[Finding]:
    if count:
        yield Finding(
            AHEAD_CHECK,
            "warning",
            count,
            total,
            f"{count:,} records say that they were changed on a day that has not come",
            "Such a record is used as of its pull; until it changes again, nobody can tell which version is newer.",
            "Was the clock of the server wrong when these records were saved?",
        )


def _findings(suite: Suite, stream: Stream, answers: Mapping[str, _Answer], total: int) -> Iterator[Finding]:
    for check in suite.checks:
        answer = answers.get(check.name, _Answer(False, fault="no answer"))
        if answer.fault is not None:
            message = f"the check could not be run ({answer.fault}), so the delivery is not accepted"
            yield Finding(check.name, "error", 0, total, message, check.why, "")
        elif not answer.holds:
            message = check.failure + _tolerance(check) + _examples(check, suite, stream, answer)
            yield Finding(
                check.name,
                check.severity,
                answer.failing,
                total,
                message,
                check.why,
                check.ask_the_vendor,
            )


def _tolerance(check: Check) -> str:
    mostly = check.arguments.get("mostly", 1)
    return "" if mostly == 1 else f" (up to {1 - mostly:.0%} would pass)"


def _examples(check: Check, suite: Suite, stream: Stream, answer: _Answer) -> str:
    """A few failing values, where nothing they were made from is declared personal."""
    if len(check.columns) != 1 or check.expect == _BLANK_CHECK or not _is_public(check.columns[0], suite, stream):
        return ""
    # an address typed into a public field is still an address; yes and no tell nothing
    texts = (str(value) for value in answer.values if type(value).__name__ not in _TELL_NOTHING)
    shown = [
        text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "…"
        for text in list(dict.fromkeys(text for text in texts if "@" not in text))[:SHOWN_VALUES]
    ]
    return f"; found: {', '.join(shown)}" if shown else ""


def _is_public(column: str, suite: Suite, stream: Stream) -> bool:
    """Whether the column's values may be shown: a non-personal field, or derived from such fields alone."""
    public = {field.name.lower() for field in stream.fields if not field.personal}
    if column not in suite.derived:
        return column.lower() in public
    sql = suite.derived[column]
    names = {name.lower() for name in (*landed_columns(stream), *suite.derived)}
    read = {word for word in re.findall(r"\w+", sql.lower()) if word in names} - {column}
    return "*" not in sql and all(
        name in public or (name in suite.derived and _is_public(name, suite, stream)) for name in read
    )


def _unreadable(
    stream: Stream,
    parts: Sequence[Path],
    suite: Suite,
    calendar: Calendar,
    fault: duckdb.Error,
    total: int,
) -> Finding:
    """A finding for records that can't be read, naming the derived column at fault if it is one."""
    for name in suite.derived:
        try:
            with Delivery(stream, parts, _up_to(suite.derived, name), calendar) as delivery:
                delivery.frame([name])
        except duckdb.Error as culprit:
            message = (
                f"the derived column {name} could not be computed ({type(culprit).__name__}),"
                " so the delivery is not accepted"
            )
            why = "A column that can't be computed can't be checked; its SQL stands in the suite."
            if _is_readable(stream, parts):
                return Finding(f"derived_{name}", "error", 0, total, message, why)
            break
    message = f"the landed files could not be read ({type(fault).__name__}), so the delivery is not accepted"
    return Finding("landed_files_readable", "error", 0, total, message, "Pull the stream again.")


def _up_to(derived: Mapping[str, str], last: str) -> dict[str, str]:
    names = list(derived)
    return {name: derived[name] for name in names[: names.index(last) + 1]}


def _is_readable(stream: Stream, parts: Sequence[Path]) -> bool:
    try:
        with Delivery(stream, parts) as delivery:
            delivery.record_count()
    except duckdb.Error:
        return False
    return True


def _answers(frame: Any, checks: Sequence[Check]) -> dict[str, _Answer]:
    """Run the checks over a pandas frame, all in one batch."""
    try:
        with _quietly():
            # 1.24 holds no telemetry any more; later ones may read this while being imported
            os.environ["GX_ANALYTICS_ENABLED"] = "false"
            import great_expectations as gx
            from great_expectations.data_context.types.base import ProgressBarsConfig

            context = gx.get_context(mode="ephemeral")
            context.variables.progress_bars = ProgressBarsConfig(globally=False)
            asset = context.data_sources.add_pandas("landing").add_dataframe_asset("delivery")
            batch = asset.add_batch_definition_whole_dataframe("run").get_batch({"dataframe": frame})
            suite = gx.ExpectationSuite(name="suite", expectations=[_expectation(gx, check) for check in checks])
            results = batch.validate(
                suite,
                result_format={
                    "result_format": "BASIC",
                    "partial_unexpected_count": _VALUES_LOOKED_AT,
                },
            ).results
        return {_check_name(result): _answer(result) for result in results}
    except Exception as fault:  # whatever goes wrong, the delivery is not accepted
        return {check.name: _Answer(False, fault=type(fault).__name__) for check in checks}


def _expectation(gx: Any, check: Check) -> Any:
    name = "".join(word.capitalize() for word in check.expect.split("_"))
    arguments = dict(EXPECTATIONS[check.expect].fixed) | check.arguments
    return getattr(gx.expectations, name)(**arguments, meta={"check": check.name})


def _check_name(result: Any) -> str:
    return str(result.expectation_config.meta["check"])


def _answer(result: Any) -> _Answer:
    fault = _raised(result.exception_info)
    if fault is None and "unexpected_count" not in result.result:
        fault = "no count"
    if fault is not None:
        return _Answer(False, fault=fault)
    return _Answer(
        bool(result.success),
        int(result.result["unexpected_count"]),
        tuple(result.result.get("partial_unexpected_list") or ()),
    )


def _raised(exception_info: Any) -> str | None:
    """The type of the exception behind an answer, or None. Its message may quote values."""
    if not exception_info:
        return None
    nested = [exception_info] if "raised_exception" in exception_info else list(exception_info.values())
    for info in nested:
        if info.get("raised_exception"):
            named = _EXCEPTION_LINE.findall(str(info.get("exception_traceback") or ""))
            return named[-1] if named else "exception"
    return None


@contextmanager
def _quietly() -> Iterator[None]:
    """No log lines and no warnings from inside: both may quote values of records."""
    logger = logging.getLogger("great_expectations")
    before = logger.level, logger.propagate
    logger.setLevel(logging.CRITICAL + 1)
    logger.propagate = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before[0])
        logger.propagate = before[1]
