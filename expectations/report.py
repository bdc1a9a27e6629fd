"""A readable page of what was checked in a run, what failed and what to ask the vendor.

Belongs here: turning verdicts into one HTML page that can be sent as it is: no
address is loaded by it, and it holds counts and the suites' own words, never a
personal value. Does not belong here: judging (runner), wording of single checks
(the suites).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import jinja2

from connectors.core.landing.layout import write_whole
from expectations.suites import Suite, declared_stream, load_suite
from expectations.verdict import Finding, Verdict

_TEMPLATE = "report.html.j2"


@dataclass(frozen=True)
class Judged:
    """One judged run of one stream. `suite`: default the stream's own."""

    connection: str
    platform: str
    stream: str
    run_id: str
    verdict: Verdict
    suite: Suite | None = None


@dataclass(frozen=True)
class _CheckLine:
    title: str
    mark: str
    said: str


@dataclass(frozen=True)
class _Section:
    """One judged run as the page shows it."""

    anchor: str
    judged: Judged
    about: str
    state: str
    findings: tuple[Finding, ...]
    checks: tuple[_CheckLine, ...]


_STATE_ORDER = {"rejected": 0, "released": 1, "warnings": 2, "accepted": 3, "nothing new": 4}


def write_report(
    path: Path, title: str, judged: Sequence[Judged], is_synthetic: bool, written_at: datetime | None = None
) -> Path:
    """Write one page for all streams judged in a run; whole or not at all. Returns the path."""
    page = render_report(title, judged, is_synthetic, written_at)
    write_whole(path, page.encode())
    return path


def render_report(title: str, judged: Sequence[Judged], is_synthetic: bool, written_at: datetime | None = None) -> str:
    """The page as text."""
    sections = sorted(
        (_section(number, one) for number, one in enumerate(judged, start=1)),
        key=lambda section: (_STATE_ORDER[section.state], section.judged.connection, section.judged.stream),
    )
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["share"] = _share
    environment.filters["headline"] = _headline
    environment.filters["counted"] = _counted
    return environment.get_template(_TEMPLATE).render(
        title=title,
        is_synthetic=is_synthetic,
        written_at=written_at or datetime.now(UTC),
        sections=sections,
        rejected=[section for section in sections if section.state == "rejected"],
        error_count=sum(len(section.judged.verdict.errors) for section in sections),
        warning_count=sum(len(section.judged.verdict.warnings) for section in sections),
        check_count=sum(section.judged.verdict.checks_run for section in sections),
        record_count=sum(section.judged.verdict.record_total for section in sections),
    )


def _section(number: int, judged: Judged) -> _Section:
    verdict = judged.verdict
    suite = judged.suite or load_suite(*declared_stream(f"{judged.platform}.{judged.stream}"))
    if verdict.release is not None:
        state = "released"
    elif verdict.outcome == "rejected":
        state = "rejected"
    elif verdict.findings:
        state = "warnings"
    else:
        state = "accepted" if verdict.record_total else "nothing new"
    findings = tuple(sorted(verdict.findings, key=lambda finding: finding.severity != "error"))
    failed = {finding.check_name: finding for finding in verdict.findings}
    checks = []
    # an empty delivery was not checked; nothing is claimed of it
    for check in suite.checks if verdict.record_total else ():
        finding = failed.get(check.name)
        said = f"{finding.record_count:,} of {finding.record_total:,}" if finding else "holds"
        checks.append(_CheckLine(check.title, finding.severity if finding else "holds", said))
    return _Section(f"stream-{number}", judged, suite.about, state, findings, tuple(checks))


def _headline(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _share(finding: Finding) -> float:
    """Percent of the records that fail, for the bar; at least a visible sliver."""
    if not finding.record_total:
        return 0.0
    return max(1.0, round(100 * finding.record_count / finding.record_total, 1)) if finding.record_count else 0.0
