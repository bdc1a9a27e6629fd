"""Which decisions there are: their kinds, their words, and what each must name.

Belongs here: what makes one decision valid by itself. Does not belong here: what it means beside
others (store), whether its ids are known (the warehouse, which lists what it can't apply).

- identity: an identifier of a record (`badgr.email`) or a roster record, and the roster record that
  it is or is not: same, different.
- crosswalk: micro_credential, rubric_element, pd_activity or case_item with its id, and a framework
  with a competency's code: approved, rejected.
- pairing: the roster records of a teacher and of a partner: accepted, rejected, edited.
- dispute: a roster record, and `competency` with `framework|code`: opened, upheld, dismissed.
- consent: a roster record, and `consent` with named or paired: granted, refused.

A roster record is a roster platform and the person's id in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from connectors.core.documents import nearest
from connectors.registry import PLATFORMS
from pipelines.decisions.faults import DecisionRefused

WORDS: Mapping[str, tuple[str, ...]] = {
    "identity": ("same", "different"),
    "crosswalk": ("approved", "rejected"),
    "pairing": ("accepted", "rejected", "edited"),
    "dispute": ("opened", "upheld", "dismissed"),
    "consent": ("granted", "refused"),
}
THING = ("kind", "subject_source", "subject_id", "target_source", "target_id")
"""What a decision is about: of one thing the newest holds."""

ROSTER_PLATFORMS = ("files", "edfi", "oneroster")
CROSSWALK_SUBJECTS = ("micro_credential", "rubric_element", "pd_activity", "case_item")
CONSENT_KINDS = ("named", "paired")
LONGEST = {
    "subject_source": 100,
    "subject_id": 500,
    "target_source": 100,
    "target_id": 500,
    "reason": 2000,
    "decided_by": 200,
    "detail": 4000,
}
"""Most characters of each text."""

_REQUIRED = ("subject_source", "subject_id", "target_source", "target_id", "reason", "decided_by")
_RECORD_IDENTIFIER = re.compile(r"([a-z][a-z_0-9]*)\.([a-z][a-z_0-9]*)")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True)
class NewDecision:
    """A decision to record. decided_at: when it was made, with its time zone; None is now.

    detail: what the kind has to say beyond its words, a mapping (or its JSON text):
    crosswalk `valid_from`, `valid_to` (ISO dates); pairing `partner_source`, `partner_id`.
    """

    kind: str
    subject_source: str
    subject_id: str
    target_source: str
    target_id: str
    decision: str
    reason: str
    decided_by: str
    detail: Mapping[str, Any] | str | None = None
    decided_at: datetime | None = None


def checked(new: NewDecision, now: datetime) -> NewDecision:
    """The decision without blanks around its words, its detail as JSON text, its instant in UTC.

    Raises DecisionRefused with every fault at once. now: the instant of recording.
    """
    faults: list[str] = []
    text = {name: _trimmed(name, getattr(new, name), faults) for name in _REQUIRED}
    kind, decision = str(new.kind or "").strip(), str(new.decision or "").strip()
    detail, detail_text = _detail(new.detail, faults)
    decided_at = None if new.decided_at is None else _instant(new.decided_at, now, faults)
    if kind not in WORDS:
        faults.append(f"unknown kind of decision.{nearest(kind, list(WORDS))}")
    else:
        if decision not in WORDS[kind]:
            faults.append(f"unknown decision of kind {kind}; known: {', '.join(WORDS[kind])}")
        if all(text.values()):
            _RULES[kind](text, decision, detail, faults)
    if faults:
        raise DecisionRefused(faults)
    return NewDecision(kind=kind, decision=decision, detail=detail_text, decided_at=decided_at, **text)


def known_kind(kind: str) -> str:
    """The kind, if it is one. Raises DecisionRefused."""
    if kind not in WORDS:
        raise DecisionRefused([f"unknown kind of decision.{nearest(kind, list(WORDS))}"])
    return kind


def checked_words(reason: str, decided_by: str) -> tuple[str, str]:
    """Why and who, without blanks around them. Raises DecisionRefused where one is blank or too long."""
    faults: list[str] = []
    why, who = _trimmed("reason", reason, faults), _trimmed("decided_by", decided_by, faults)
    if faults:
        raise DecisionRefused(faults)
    return why, who


def _trimmed(name: str, value: object, faults: list[str]) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if name == "reason":
        text = re.sub(r"\s+", " ", text)  # a reason may have been typed on several lines
    if not text:
        faults.append(f"{name} is blank{_WHY_NEVER_BLANK.get(name, '')}")
    elif len(text) > LONGEST[name]:
        faults.append(f"{name} has {len(text)} characters; at most {LONGEST[name]}")
    elif _UNPRINTABLE.search(text):
        faults.append(f"{name} holds a control character or half a character")
    return text


_WHY_NEVER_BLANK = {
    "reason": ": every decision says why",
    "decided_by": ": every decision says who made it",
}


def _detail(given: Mapping[str, Any] | str | None, faults: list[str]) -> tuple[Mapping[str, Any], str | None]:
    """As a mapping to look into and as the JSON text to keep."""
    if given is None or (isinstance(given, str) and not given.strip()):
        return {}, None
    try:
        content = json.loads(given) if isinstance(given, str) else dict(given)
        kept = json.dumps(content, ensure_ascii=False, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        faults.append("detail is no JSON")
        return {}, None
    if not isinstance(content, dict):
        faults.append('detail is no JSON object such as {"valid_from": "2026-08-01"}')
        return {}, None
    if len(kept) > LONGEST["detail"]:
        faults.append(f"detail has {len(kept)} characters; at most {LONGEST['detail']}")
    if _UNPRINTABLE.search(kept) or "\\u0000" in kept:
        faults.append("detail holds a control character or half a character")
    return content, kept


def _instant(given: datetime, now: datetime, faults: list[str]) -> datetime | None:
    if given.tzinfo is None:
        faults.append("decided_at has no time zone; write 2026-11-15T09:30:00Z or with its offset")
        return None
    if given > now:
        faults.append("decided_at lies in the future")
    return given.astimezone(UTC)


def _identity(text: Mapping[str, str], _: str, __: Mapping[str, Any], faults: list[str]) -> None:
    source = text["subject_source"]
    identifier = _RECORD_IDENTIFIER.fullmatch(source)
    if not (source in ROSTER_PLATFORMS or (identifier and identifier[1] in PLATFORMS)):
        faults.append(
            "subject_source of an identity is a platform and the kind of identifier, such as badgr.email, "
            f"or a roster platform: {', '.join(ROSTER_PLATFORMS)}"
        )
    _staff("target", text, faults)
    _not_itself(text, faults)


def _crosswalk(text: Mapping[str, str], _: str, detail: Mapping[str, Any], faults: list[str]) -> None:
    if text["subject_source"] not in CROSSWALK_SUBJECTS:
        faults.append(f"subject_source of a crosswalk is one of {', '.join(CROSSWALK_SUBJECTS)}")
    dates = [_iso_date(name, detail.get(name), faults) for name in ("valid_from", "valid_to")]
    if dates[0] and dates[1] and dates[0] > dates[1]:
        faults.append("detail: valid_from lies after valid_to")


def _pairing(text: Mapping[str, str], decision: str, detail: Mapping[str, Any], faults: list[str]) -> None:
    _staff("subject", text, faults)
    _staff("target", text, faults)
    _not_itself(text, faults)
    if decision == "edited":
        wanted = {"target_source": detail.get("partner_source"), "target_id": detail.get("partner_id")}
        if not all(isinstance(value, str) and value.strip() for value in wanted.values()):
            faults.append('an edited pairing names the partner wanted: detail {"partner_source": …, "partner_id": …}')
        elif wanted["target_source"] not in ROSTER_PLATFORMS:
            faults.append(f"detail: partner_source is one of {', '.join(ROSTER_PLATFORMS)}")


def _dispute(text: Mapping[str, str], _: str, __: Mapping[str, Any], faults: list[str]) -> None:
    _staff("subject", text, faults)
    framework, bar, code = text["target_id"].partition("|")
    if text["target_source"] != "competency" or not (framework.strip() and bar and code.strip()):
        faults.append("the target of a dispute is competency with framework|code")


def _consent(text: Mapping[str, str], _: str, __: Mapping[str, Any], faults: list[str]) -> None:
    _staff("subject", text, faults)
    if text["target_source"] != "consent" or text["target_id"] not in CONSENT_KINDS:
        faults.append(f"the target of a consent is consent with one of {', '.join(CONSENT_KINDS)}")


_RULES = {
    "identity": _identity,
    "crosswalk": _crosswalk,
    "pairing": _pairing,
    "dispute": _dispute,
    "consent": _consent,
}


def _staff(part: str, text: Mapping[str, str], faults: list[str]) -> None:
    if text[f"{part}_source"] not in ROSTER_PLATFORMS:
        faults.append(f"{part}_source is a roster platform: {', '.join(ROSTER_PLATFORMS)}")


def _not_itself(text: Mapping[str, str], faults: list[str]) -> None:
    if (text["subject_source"], text["subject_id"]) == (text["target_source"], text["target_id"]):
        faults.append("subject and target are the same record")


def _iso_date(name: str, given: Any, faults: list[str]) -> date | None:
    if given is None:
        return None
    try:
        if not (isinstance(given, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", given, re.ASCII)):
            raise ValueError
        return date.fromisoformat(given)
    except ValueError:
        faults.append(f"detail: {name} is no date such as 2026-08-01")
        return None
