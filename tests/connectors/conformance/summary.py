"""The last lines of a test run: how many cases ran on how many platforms, and what was skipped for which reason.

Belongs here: counting reports, which is all that workers of a parallel run send home. Does
not belong here: running anything. tests/conftest.py takes the hook from here, since the
process that writes the summary may never look into this folder.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

PROPERTY = "conformance"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    outcomes: Counter[str] = Counter()
    platforms: set[str] = set()
    cases: set[str] = set()
    skipped: list[str] = []
    for outcome in ("passed", "failed", "skipped", "error"):
        for report in terminalreporter.stats.get(outcome, []):
            for name, value in getattr(report, "user_properties", []):
                if name == PROPERTY:
                    platform, case = value
                    outcomes[outcome] += 1
                    platforms.add(platform)
                    cases.add(case)
                    if outcome == "skipped":
                        skipped.append(f"{platform}: {case}: {_reason(report)}")
    if not outcomes:
        return
    terminalreporter.section("conformance of connectors")
    counts = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items())
    terminalreporter.line(f"{len(cases)} cases, {len(platforms)} platforms: {sum(outcomes.values())} runs, {counts}")
    for line in sorted(skipped):
        terminalreporter.line(f"skipped  {line}")


def _reason(report: Any) -> str:
    """What `pytest.skip` was given: the third part of where and why."""
    return str(report.longrepr[2]).removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else ""
