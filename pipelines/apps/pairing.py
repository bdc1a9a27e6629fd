"""Who works with whom: the pairs of a release, why, who has none, and what a person may decide of them.

Belongs here: which pairs a viewer may see, what was decided since the release, and whether an accepted
or edited pair would keep the rules. Does not belong here: how pairs are found (dbt and
analysis.pairing), recording a decision (pipelines.decisions), files (pairing_files), or printing.

Whoever sees a pair sees who has a need, which is personnel data: pairs are shown to sights `band` and
`score` of the target's school only, and to the target once a person has accepted the pair. Who declined
to be named is not listed.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict

from pipelines.apps.access import AccessRefused, Viewer, visible_bands
from pipelines.apps.finder import QuestionRefused, confirm_viewer, resolve_school
from pipelines.apps.release_reader import Release

EVIDENCE = (
    "In one Tennessee district, asking teachers to work with a partner who is strong in their focus raised the results "
    "of their students by 0.12 standard deviations, and those of the whole school by 0.055 (Papay, Taylor, Tyler & "
    "Laski 2020, American Economic Journal: Economic Policy 12(1)). No statewide effect was found: nothing is promised."
)
CHOSEN = ("accepted", "edited")
ID_LETTERS = 8
_SHORTEST_ID = 4
_TABLES = ("pairings", "unpaired", "pairing_teachers")
_FROM_NEXT_RUN = "counts from the next run"

Record = tuple[str, str]  # roster platform and the id on it


class Pair(TypedDict):
    """One target and one partner. `since_release`: what a person decided that this release does not hold yet."""

    pair: str
    pairing_key: str
    school_id: str | None
    school: str | None
    school_year: int
    target_staff_key: str
    target: str
    partner_staff_key: str
    partner: str
    partner_school: str | None
    focus: list[str]
    status: str
    status_reason: str | None
    decided_by: str | None
    decided_at: datetime | None
    reasons: str
    remark: str | None
    target_sentence: str | None
    partner_sentence: str | None
    is_weakest_match: bool
    since_release: str | None


class Unpaired(TypedDict):
    """One teacher without a partner, and why."""

    staff_key: str
    name: str
    school_id: str | None
    school: str | None
    focus: list[str]
    reason: str
    sentence: str


class Pairings(TypedDict):
    """What a viewer may see: live pairs, those rejected or ended, and who has no partner."""

    pairs: list[Pair]
    past: list[Pair]
    unpaired: list[Unpaired]
    evidence: str


@dataclass(frozen=True)
class Decided:
    """A pairing decision that stands today; `wanted` is the partner that an edit names instead."""

    target: Record
    partner: Record
    decision: str
    decided_by: str
    decided_at: datetime
    wanted: Record | None = None


@dataclass(frozen=True)
class Wish:
    """A decision that keeps the rules, for the store to record; `sentence` tells it to who decided."""

    target: Record
    partner: Record
    decision: str
    detail: Mapping[str, str]
    sentence: str


class NoPairs(QuestionRefused):
    """The school, or the release, holds nothing that pairs could be made of."""


class UnknownPair(QuestionRefused):
    """No pair of that id, or more than one."""


class UnknownPartner(QuestionRefused):
    """No teacher of that key or name, or more than one."""


class NotEligible(QuestionRefused):
    """The pair would break a rule."""


def pairings(
    release: Release, viewer: Viewer, school: str | None = None, decided: Sequence[Decided] | None = None
) -> Pairings:
    """The pairs of a school (id or name), or of every school in sight. `decided`: today's decisions; None is unknown.

    Raises AccessRefused, UnknownSchool or NoPairs.
    """
    rows, unpaired = _visible_rows(release, viewer, school)
    names = _names_of_records(release) if decided else {}
    told = [_pair(row, viewer, _since_release(row, decided, names)) for row in rows]
    return {
        "pairs": [pair for row, pair in zip(rows, told, strict=True) if row["is_live"]],
        "past": [pair for row, pair in zip(rows, told, strict=True) if not row["is_live"]],
        "unpaired": unpaired,
        "evidence": EVIDENCE,
    }


def accept(release: Release, viewer: Viewer, pair: str, decided: Sequence[Decided]) -> Wish:
    """The wish to keep a pair. Raises UnknownPair, NotEligible or AccessRefused."""
    rows, row = _pair_to_decide(release, viewer, pair)
    status = _statuses(rows, decided)[row["pairing_key"]]
    if status in CHOSEN:
        raise NotEligible(f"{_told(row)}: already {status}")
    if row["status"] == "ended":
        raise NotEligible(f"{_told(row)}: this pair has ended, {row['status_reason']}")
    target, partner = (_teacher(release, row[f"{side}_staff_key"]) for side in ("target", "partner"))
    shared = _confirm_eligible(target, partner, rows, decided, instead_of=None)
    return Wish(
        _record(target), _record(partner), "accepted", {"focus": shared}, f"{_told(row)}: accepted, {_FROM_NEXT_RUN}"
    )


def reject(release: Release, viewer: Viewer, pair: str, decided: Sequence[Decided]) -> Wish:
    """The wish never to have this pair suggested again. Raises UnknownPair, NotEligible or AccessRefused."""
    rows, row = _pair_to_decide(release, viewer, pair)
    if _statuses(rows, decided)[row["pairing_key"]] == "rejected":
        raise NotEligible(f"{_told(row)}: already rejected")
    return Wish(
        (row["target_source"], row["target_id"]),
        (row["partner_source"], row["partner_id"]),
        "rejected",
        {},
        f"{_told(row)}: rejected and never suggested again, {_FROM_NEXT_RUN}",
    )


def edit(release: Release, viewer: Viewer, pair: str, partner: str, decided: Sequence[Decided]) -> Wish:
    """The wish for another partner: a staff key, a full name, or a part of one.

    Raises UnknownPair, UnknownPartner, NotEligible or AccessRefused.
    """
    rows, row = _pair_to_decide(release, viewer, pair)
    target = _teacher(release, row["target_staff_key"])
    wanted = _partner_named(release, viewer, target, partner)
    if wanted["staff_key"] == row["partner_staff_key"]:
        raise NotEligible(f"{_told(row)}: {wanted['staff_name']} is this pair's partner already; accept the pair")
    shared = _confirm_eligible(target, wanted, rows, decided, instead_of=row["pairing_key"])
    source, number = _record(wanted)
    return Wish(
        _record(target),
        (row["partner_source"], row["partner_id"]),
        "edited",
        {"partner_source": source, "partner_id": number, "focus": shared},
        f"{row['target_name']} with {wanted['staff_name']} instead of {row['partner_name']}: {_FROM_NEXT_RUN}",
    )


def _visible_rows(release: Release, viewer: Viewer, school: str | None) -> tuple[list[dict[str, Any]], list[Unpaired]]:
    _confirm_tables(release)
    confirm_viewer(release, viewer)
    school_key = None
    if school is not None:
        found = resolve_school(release, school)
        school_key = found["school_key"]
        if viewer.role.scope != "self" and not _sees_needs(viewer.sight(found["school_id"])):
            raise AccessRefused(
                f"{viewer} may not see the pairs of {found['school_name']}: a pair tells who has a need, and for that "
                "a role's sight must be `band`"
            )
    elif viewer.role.scope != "self" and not _sees_needs(viewer.role.inside):
        raise AccessRefused(
            f"{viewer} may not see pairs: a pair tells who has a need, and for that a role's sight must be `band`"
        )
    rows = release.query(
        """
        select *
        from pairings
        where $school_key is null or school_key = $school_key
        order by school_name, is_live desc, status, target_name, partner_name, pairing_key
        """,
        {"school_key": school_key},
    )
    unpaired = release.query(
        """
        select *
        from unpaired
        where $school_key is null or school_key = $school_key
        order by school_name, reason, staff_name, staff_key
        """,
        {"school_key": school_key},
    )
    if not rows and not unpaired:
        where = f"of {found['school_name']} " if school is not None else ""
        raise NoPairs(
            f"no active teacher {where}was observed so that a focus or a strength could be told, so nobody can be "
            "paired; `expertise status` says what was delivered"
        )
    return (
        [row for row in rows if _shows_pair(viewer, row)],
        [_unpaired(row) for row in unpaired if row["staff_name"] and _sees_need_of(viewer, row, "staff_key")],
    )


def _confirm_tables(release: Release) -> None:
    missing = [table for table in _TABLES if table not in release.tables()]
    if missing:
        raise NoPairs("this release was built before there were pairs: run `expertise run`")


def _sees_needs(sight: str) -> bool:
    return "need" in visible_bands(sight)


def _sees_need_of(viewer: Viewer, row: Mapping[str, Any], who: str) -> bool:
    return _sees_needs(viewer.sight(row["school_id"], row[who]))


def _shows_pair(viewer: Viewer, row: Mapping[str, Any]) -> bool:
    """Both named; the target's need in sight; the partner's strength too; to the target once it is accepted."""
    if not (row["target_name"] and row["partner_name"] and _sees_need_of(viewer, row, "target_staff_key")):
        return False
    if viewer.role.scope == "self":
        return row["status"] in CHOSEN
    return bool(visible_bands(viewer.sight(row["partner_school_id"], row["partner_staff_key"])))


def _pair(row: Mapping[str, Any], viewer: Viewer, since_release: str | None) -> Pair:
    is_own = viewer.role.scope == "self"  # who decided, and why, was not written for the two
    return {
        "pair": row["pairing_key"][:ID_LETTERS],
        "pairing_key": row["pairing_key"],
        "school_id": _text(row["school_id"]),
        "school": row["school_name"],
        "school_year": row["school_year"],
        "target_staff_key": row["target_staff_key"],
        "target": row["target_name"],
        "partner_staff_key": row["partner_staff_key"],
        "partner": row["partner_name"],
        "partner_school": row["partner_school_name"],
        "focus": _listed(row["focus"]),
        "status": row["status"],
        "status_reason": None if is_own else row["status_reason"],
        "decided_by": None if is_own else row["decided_by"],
        "decided_at": row["decided_at"],
        "reasons": row["reasons"],
        "remark": None if is_own else row["remark"],
        "target_sentence": row["target_sentence"],
        "partner_sentence": row["partner_sentence"],
        "is_weakest_match": row["is_weakest_match"] and not is_own,
        "since_release": None if is_own else since_release,
    }


def _unpaired(row: Mapping[str, Any]) -> Unpaired:
    return {
        "staff_key": row["staff_key"],
        "name": row["staff_name"],
        "school_id": _text(row["school_id"]),
        "school": row["school_name"],
        "focus": _listed(row["focus"]),
        "reason": row["reason"],
        "sentence": row["reason_sentence"],
    }


def _since_release(
    row: Mapping[str, Any], decided: Sequence[Decided] | None, names: Mapping[Record, str | None]
) -> str | None:
    """What is decided of a pair that the release does not tell, as a sentence."""
    if decided is None:
        return None
    newest = _newest_on(row, decided)
    if newest is None:
        # a decision may cite another id of the same person: then its instant is still among them
        is_gone = row["decided_at"] is not None and row["decided_at"] not in {one.decided_at for one in decided}
        return f"the decision was taken back, {_FROM_NEXT_RUN}" if is_gone else None
    if newest.decided_at == row["decided_at"]:
        return None
    if newest.decision == "edited" and newest.wanted != _pair_records(row)[1]:
        instead = names.get(newest.wanted or ("", "")) or "another partner"
        return f"replaced by {newest.decided_by} with {instead}, {_FROM_NEXT_RUN}"
    word = "chosen" if newest.decision == "edited" else newest.decision
    return f"{word} by {newest.decided_by}, {_FROM_NEXT_RUN}"


def _newest_on(row: Mapping[str, Any], decided: Iterable[Decided]) -> Decided | None:
    target, partner = _pair_records(row)
    about = [one for one in decided if one.target == target and partner in (one.partner, one.wanted)]
    return max(about, key=lambda one: (one.decided_at, one.wanted == partner), default=None)


def _pair_records(row: Mapping[str, Any]) -> tuple[Record, Record]:
    return (row["target_source"], row["target_id"]), (row["partner_source"], row["partner_id"])


def _statuses(rows: Iterable[Mapping[str, Any]], decided: Sequence[Decided]) -> dict[str, str]:
    """The status of each pair as decided today: the release's, unless a person has decided since."""
    statuses = {}
    for row in rows:
        newest = _newest_on(row, decided)
        statuses[row["pairing_key"]] = row["status"]
        if newest is not None and newest.decided_at != row["decided_at"]:
            is_replaced = newest.decision == "edited" and newest.wanted != _pair_records(row)[1]
            statuses[row["pairing_key"]] = "rejected" if is_replaced else newest.decision
    return statuses


def _pair_to_decide(release: Release, viewer: Viewer, pair: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """All pairs in sight, and the one of that id."""
    if viewer.role.scope == "self":
        raise AccessRefused(f"{viewer} may not decide on pairs: that is for the school's or the district's leaders")
    rows, _ = _visible_rows(release, viewer, None)
    wanted = pair.strip().casefold()
    found = [row for row in rows if len(wanted) >= _SHORTEST_ID and row["pairing_key"].startswith(wanted)]
    if len(found) == 1:
        return rows, found[0]
    if found:
        raise UnknownPair(f"{len(found)} pairs begin with {pair!r}; `--json` shows their ids in full")
    ids = [row["pairing_key"][:ID_LETTERS] for row in rows]
    close = difflib.get_close_matches(wanted[:ID_LETTERS], ids, n=2, cutoff=0.7)
    hint = f" Did you mean {' or '.join(close)}?" if close else ""
    raise UnknownPair(
        f"there is no pair {pair!r} among the {len(rows)} that {viewer} may see.{hint} "
        "`expertise pair --all` lists them with their ids"
    )


def _teacher(release: Release, staff_key: str) -> dict[str, Any]:
    rows = release.query("select * from pairing_teachers where staff_key = $staff_key", {"staff_key": staff_key})
    if not rows:
        raise NotEligible("one of the two is no longer on the active roster as a teacher")
    return rows[0]


def _partner_named(release: Release, viewer: Viewer, target: Mapping[str, Any], text: str) -> dict[str, Any]:
    """The one named, active teacher in sight of that key, name, or part of a name."""
    wanted = text.strip()
    people = release.query(
        """
        select *, staff_key = $text as is_key, strip_accents(lower(staff_name)) = strip_accents(lower($text)) as is_name
        from pairing_teachers
        where staff_name is not null
            and (staff_key = $text or contains(strip_accents(lower(staff_name)), strip_accents(lower($text))))
        order by school_name, staff_name, staff_key
        """,
        {"text": wanted},
    )
    people = [one for one in people if visible_bands(viewer.sight(one["school_id"], one["staff_key"]))]
    for exactly in ("is_key", "is_name"):
        if any(one[exactly] for one in people):
            people = [one for one in people if one[exactly]]
            break
    at_home = [one for one in people if one["school_key"] == target["school_key"]]
    if at_home and target["pairing_mode"] == "school":
        people = at_home
    if not wanted or not people:
        raise UnknownPartner(
            "no active teacher in sight has that key or name; give a staff key, a full name, or a part of one"
        )
    if len(people) > 1:
        listed = "; ".join(f"{one['staff_name']} ({one['school_name']}, {one['staff_key']})" for one in people[:10])
        raise UnknownPartner(f"{len(people)} teachers fit: {listed}. Give the staff key or the full name")
    return people[0]


def _confirm_eligible(
    target: Mapping[str, Any],
    partner: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    decided: Sequence[Decided],
    *,
    instead_of: str | None,
) -> str:
    """The titles that the two share; NotEligible with the first rule that they would break."""
    name, other = partner["staff_name"] or "the partner", target["staff_name"] or "the teacher"
    if target["staff_key"] == partner["staff_key"]:
        raise NotEligible(f"{name} is the teacher with the focus; nobody is their own partner")
    for person, who in ((target, other), (partner, name)):
        if person["unavailable_reason"]:
            raise NotEligible(f"{who} can't be paired: {person['unavailable_reason']}")
    if target["pairing_mode"] == "school" and target["school_key"] != partner["school_key"]:
        raise NotEligible(
            f"{name} works in {partner['school_name'] or 'no school'} and {other} in {target['school_name']}; partners "
            "come from the same school (pairing_mode in the dbt project)"
        )
    if partner["staff_key"] in (target["evaluator_staff_keys"] or "").split():
        raise NotEligible(f"{name} and {other} can't be paired: one of them has evaluated the other")
    wanted, strong = _elements(target["focus_elements"]), _elements(partner["strong_elements"])
    shared = [element for element in wanted if element in strong]
    if not shared:
        raise NotEligible(
            f"{name} is not observed as strong in any focus of {other}: {_titles(wanted) or 'none today'}"
        )
    statuses = _statuses(rows, decided)
    chosen = [row for row in rows if statuses[row["pairing_key"]] in CHOSEN and row["pairing_key"] != instead_of]
    of_target = [row for row in chosen if row["target_staff_key"] == target["staff_key"]]
    if of_target:
        raise NotEligible(
            f"{other} works with {of_target[0]['partner_name']} already; edit or reject that pair "
            f"({of_target[0]['pairing_key'][:ID_LETTERS]}) first"
        )
    # an edit since the release chose a partner of whom it may hold no pair
    places = Counter(row["partner_staff_key"] for row in chosen)[partner["staff_key"]]
    known = {_pair_records(row) for row in rows}
    places += sum(
        one.decision == "edited" and one.wanted == _record(partner) and (one.target, one.wanted) not in known
        for one in decided
    )
    if places >= partner["capacity"]:
        colleagues = "1 colleague" if places == 1 else f"{places} colleagues"
        raise NotEligible(
            f"{name} is the partner of {colleagues} already, and pairing_capacity is {partner['capacity']}"
        )
    return _titles(shared)


def _names_of_records(release: Release) -> dict[Record, str | None]:
    rows = release.query("select roster_source, roster_id, staff_name from pairing_teachers")
    return {(row["roster_source"], row["roster_id"]): row["staff_name"] for row in rows}


def _record(teacher: Mapping[str, Any]) -> Record:
    return teacher["roster_source"], teacher["roster_id"]


def _elements(text: str | None) -> list[str]:
    return text.split("; ") if text else []


def _titles(elements: Iterable[str]) -> str:
    """Titles of elements written `version|code|title`."""
    return "; ".join(element.split("|", 2)[2] for element in elements)


def _listed(text: str | None) -> list[str]:
    return text.split("; ") if text else []


def _told(row: Mapping[str, Any]) -> str:
    return f"{row['target_name']} with {row['partner_name']}"


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
