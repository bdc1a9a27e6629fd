"""What one decision must say, and what a person is told of one that does not."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.decisions.faults import DecisionRefused
from pipelines.decisions.kinds import LONGEST, WORDS, NewDecision, checked
from tests.pipelines.decisions.conftest import consent

NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)
WHO_AND_WHY = {"reason": "seen with my own eyes", "decided_by": "Robin Registrar"}
VALID = {
    "identity": NewDecision("identity", "badgr.email", "a@d.example", "files", "1", "same", **WHO_AND_WHY),
    "two ids": NewDecision("identity", "edfi", "9", "files", "1", "different", **WHO_AND_WHY),
    "crosswalk": NewDecision(
        *("crosswalk", "rubric_element", "team|I01", "District Teaching Competencies", "C-I01", "approved"),
        **WHO_AND_WHY,
        detail={"valid_from": "2026-08-01", "valid_to": "2027-06-30"},
    ),
    "pairing": NewDecision("pairing", "files", "1", "edfi", "9", "accepted", **WHO_AND_WHY),
    "edited pairing": NewDecision(
        *("pairing", "files", "1", "files", "2", "edited"),
        **WHO_AND_WHY,
        detail={"partner_source": "oneroster", "partner_id": "u-3"},
    ),
    "dispute": NewDecision("dispute", "files", "1", "competency", "Framework|C-I01", "opened", **WHO_AND_WHY),
    "consent": NewDecision("consent", "oneroster", "u-1", "consent", "paired", "granted", **WHO_AND_WHY),
}


def changed(original: NewDecision, **changes: Any) -> NewDecision:
    return dataclasses.replace(original, **changes)


def faults(decision: NewDecision) -> list[str]:
    with pytest.raises(DecisionRefused) as refused:
        checked(decision, NOW)
    assert "nothing was written" in str(refused.value)
    return list(refused.value.faults)


@pytest.mark.parametrize("name", VALID)
def test_kinds__every_kind_has_a_decision_that_is_kept_as_it_is(name: str) -> None:
    kept = checked(VALID[name], NOW)
    detail = VALID[name].detail
    assert changed(kept, detail=None) == changed(VALID[name], detail=None)
    assert (None if kept.detail is None else json.loads(str(kept.detail))) == detail
    assert checked(kept, NOW) == kept


def test_kinds__every_word_of_every_kind_is_known() -> None:
    assert {decision.kind for decision in VALID.values()} == set(WORDS)
    for kind, words in WORDS.items():
        given = changed(VALID[kind], detail={"partner_source": "files", "partner_id": "7"})
        assert [checked(changed(given, decision=word), NOW).decision for word in words] == list(words)


REFUSED: dict[str, tuple[NewDecision, str]] = {
    "no reason": (consent(reason="  "), "reason is blank: every decision says why"),
    "no one": (consent(decided_by="\t"), "decided_by is blank: every decision says who made it"),
    "no subject": (consent(roster_id=" "), "subject_id is blank"),
    "no target": (consent(target_id=""), "target_id is blank"),
    "nothing at all": (consent(target_source=None), "target_source is blank"),
    "an unknown kind": (consent(kind="consnt"), 'unknown kind of decision. Did you mean "consent"?'),
    "another kind's word": (consent("accepted"), "unknown decision of kind consent; known: granted, refused"),
    "too long": (consent(reason="x" * 2001), "reason has 2001 characters; at most 2000"),
    "a control character": (consent(decided_by="A\x00B"), "decided_by holds a control character"),
    "half a character": (consent(roster_id="\ud800"), "subject_id holds a control character"),
    "the future": (consent(decided_at=NOW + timedelta(seconds=1)), "decided_at lies in the future"),
    "no time zone": (consent(decided_at=datetime(2026, 1, 1)), "decided_at has no time zone"),
    "no roster": (consent(subject_source="badgr"), "subject_source is a roster platform: files, edfi, oneroster"),
    "an unknown consent": (consent(target_id="shared"), "consent with one of named, paired"),
    "no JSON": (consent(detail="{"), "detail is no JSON"),
    "not a number": (consent(detail={"score": float("nan")}), "detail is no JSON"),
    "no object": (consent(detail="[1]"), "detail is no JSON object"),
    "much detail": (consent(detail={"a": "x" * 4000}), "detail has 4009 characters; at most 4000"),
    "a hidden character": (consent(detail='{"a": "\\u0000"}'), "detail holds a control character"),
    "an unknown platform": (
        changed(VALID["identity"], subject_source="myspace.email"),
        "a platform and the kind of identifier, such as badgr.email",
    ),
    "a bare platform": (changed(VALID["identity"], subject_source="badgr"), "such as badgr.email"),
    "itself": (
        changed(VALID["two ids"], subject_source="files", subject_id="1 "),
        "subject and target are the same record",
    ),
    "an unknown item": (changed(VALID["crosswalk"], subject_source="course"), "subject_source of a crosswalk is one"),
    "no date": (changed(VALID["crosswalk"], detail={"valid_to": "2026-02-30"}), "valid_to is no date"),
    "no text": (changed(VALID["crosswalk"], detail={"valid_to": 20260230}), "valid_to is no date"),
    "turned round": (
        changed(VALID["crosswalk"], detail={"valid_from": "2027-01-01", "valid_to": "2026-01-01"}),
        "valid_from lies after valid_to",
    ),
    "no other partner": (changed(VALID["edited pairing"], detail=None), "an edited pairing names the partner wanted"),
    "a partner of nowhere": (
        changed(VALID["edited pairing"], detail={"partner_source": "badgr", "partner_id": "1"}),
        "partner_source is one of files, edfi, oneroster",
    ),
    "no code": (changed(VALID["dispute"], target_id="C-I01"), "competency with framework|code"),
    "no competency": (changed(VALID["dispute"], target_source="F"), "competency with framework|code"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_kinds__what_is_no_decision_is_refused_with_its_reason(name: str) -> None:
    decision, sentence = REFUSED[name]
    found = faults(decision)
    assert len(found) == 1 and sentence in found[0], found


def test_kinds__every_fault_is_told_at_once_and_none_quotes_a_value() -> None:
    found = faults(consent("Alice", roster_id="", decided_by="", reason="Alice " * 400, decided_at=NOW + timedelta(1)))
    assert len(found) == 5
    assert "Alice" not in "".join(found)


def test_kinds__words_lose_their_blanks_and_a_reason_its_lines() -> None:
    kept = checked(consent(roster_id=" 000123 ", reason=" asked\r\nby\tletter "), NOW)
    assert (kept.subject_id, kept.reason) == ("000123", "asked by letter")


def test_kinds__an_instant_is_kept_in_utc() -> None:
    local = datetime(2026, 11, 15, 6, tzinfo=timezone(timedelta(hours=-6)))
    assert checked(consent(decided_at=local), NOW).decided_at == NOW
    assert str(checked(consent(decided_at=local), NOW).decided_at) == str(NOW)


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=2100))
def test_kinds__whatever_is_given_is_kept_printable_or_refused(who: str, what: str, why: str) -> None:
    try:
        kept = checked(consent(decided_by=who, roster_id=what, reason=why), NOW)
    except DecisionRefused:
        return
    for name, text in (("decided_by", kept.decided_by), ("subject_id", kept.subject_id), ("reason", kept.reason)):
        assert 0 < len(text) <= LONGEST[name] and text == text.strip() and text.encode()
        assert not {"\x00", "\n", "\r"} & set(text)
