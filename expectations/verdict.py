"""What expectations say of one landed run: accepted or rejected, and why.

Belongs here: the verdict, its findings, their JSON, and a release by a named person.
Does not belong here: reaching a verdict (runner), where it is written (landing).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

Severity = Literal["error", "warning"]
Outcome = Literal["accepted", "rejected"]


@dataclass(frozen=True)
class Finding:
    """One check that did not hold. Counts and the suite's own words; never a personal value.

    record_count: records that fail the check; 0 where the check itself could not be run.
    record_total: records judged.
    """

    check_name: str
    severity: Severity
    record_count: int
    record_total: int
    message: str
    why: str = ""
    ask_the_vendor: str = ""


@dataclass(frozen=True)
class Release:
    """A named person let a rejected run through."""

    released_by: str
    because: str
    released_at: datetime


@dataclass(frozen=True)
class Verdict:
    """The outcome of judging one landed run.

    checks_run: how many checks were answered or tried.
    record_total: upserted records judged (deletes are not judged).
    suite_hash: changes when the suite's checks change.
    release: set where a person accepted what the suite had rejected; findings stay.
    """

    outcome: Outcome
    checks_run: int
    findings: tuple[Finding, ...]
    judged_at: datetime
    suite_hash: str
    record_total: int = 0
    release: Release | None = None

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity == "warning")

    @property
    def reason(self) -> str:
        """Why the run was rejected, in one line; blank where nothing blocks."""
        return "; ".join(f"{finding.check_name}: {finding.message}" for finding in self.errors)

    def released(self, by: str, because: str, at: datetime | None = None) -> Verdict:
        """The same findings, accepted by a named person for a stated reason.

        Raises ValueError for a run that is not rejected, or without a name or a reason.
        """
        if self.outcome != "rejected":
            raise ValueError("only a rejected run can be released; this one is accepted")
        if not by.strip() or not because.strip():
            raise ValueError("a release needs the name of a person and a reason")
        release = Release(by.strip(), because.strip(), at or datetime.now(UTC))
        return replace(self, outcome="accepted", release=release)

    def to_json(self) -> str:
        """The document that stands beside the run's manifest."""
        return json.dumps(asdict(self), default=_as_text, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, document: str | bytes) -> Verdict:
        """Read what `to_json` wrote. Raises ValueError where it is no verdict."""
        try:
            fields: dict[str, Any] = json.loads(document)
            release = fields.pop("release", None)
            findings = tuple(Finding(**finding) for finding in fields.pop("findings"))
            judged_at = datetime.fromisoformat(fields.pop("judged_at"))
            return cls(
                findings=findings,
                judged_at=judged_at,
                release=release
                and Release(
                    release["released_by"],
                    release["because"],
                    datetime.fromisoformat(release["released_at"]),
                ),
                **fields,
            )
        except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as fault:
            raise ValueError(f"not a verdict: {type(fault).__name__}") from fault


def _as_text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"a verdict can't hold a {type(value).__name__}")
