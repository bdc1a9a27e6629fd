"""The review queue of identity: what a person has to decide, read from the analysts' release.

Belongs here: items with their candidates, and finding one by its id. Does not belong here: how the
candidates came about (pipelines.identity, dbt), recording what was decided (commands.review), how
the queue looks (commands.review_view).
"""

from __future__ import annotations

import difflib
from typing import TypedDict

from pipelines.apps.finder import QuestionRefused
from pipelines.apps.release_reader import Release, ReleaseTooOld


class Candidate(TypedDict):
    """A staff member whom an item may mean. score: 0 to 100, an order to look at and no probability."""

    score: int | None
    evidence: str | None
    target_source: str
    target_id: str
    name: str | None
    school: str | None
    last_school_year: int | None
    is_active: bool | None


class Item(TypedDict):
    """An identifier or a roster record to decide, its candidates best first."""

    item_id: str
    reason: str
    subject_source: str
    subject_id: str
    subject_name: str | None
    subject_email: str | None
    record_count: int
    first_school_year: int | None
    last_school_year: int | None
    candidates: list[Candidate]


class UnknownItem(QuestionRefused):
    """No item of the queue has this id."""


def read_queue(release: Release) -> list[Item]:
    """Every item, those with the best candidates first, then those with the most records.

    Raises ReleaseTooOld where the release has no queue.
    """
    if "identity_queue" not in release.tables():
        raise ReleaseTooOld(
            "the analysts' release was published before there was a review queue; `expertise run` makes a new one"
        )
    items: dict[str, Item] = {}
    for row in release.query(
        """
        select item_id, reason, subject_source, subject_id, subject_name, subject_email, record_count,
            first_school_year, last_school_year, score, evidence, target_source, target_id, candidate_name,
            candidate_school, candidate_last_school_year, is_candidate_active
        from identity_queue
        order by
            max(score) over (partition by item_id) desc nulls last,
            max(record_count) over (partition by item_id) desc,
            item_id,
            candidate_rank
        """
    ):
        item = items.setdefault(
            row["item_id"],
            Item(
                item_id=row["item_id"],
                reason=row["reason"],
                subject_source=row["subject_source"],
                subject_id=row["subject_id"],
                subject_name=row["subject_name"],
                subject_email=row["subject_email"],
                record_count=row["record_count"],
                first_school_year=row["first_school_year"],
                last_school_year=row["last_school_year"],
                candidates=[],
            ),
        )
        if row["target_id"] is not None:
            item["candidates"].append(
                Candidate(
                    score=row["score"],
                    evidence=row["evidence"],
                    target_source=row["target_source"],
                    target_id=row["target_id"],
                    name=row["candidate_name"],
                    school=row["candidate_school"],
                    last_school_year=row["candidate_last_school_year"],
                    is_active=row["is_candidate_active"],
                )
            )
    return list(items.values())


def find_item(items: list[Item], item_id: str) -> Item:
    """The item of an id, or of the beginning of one that only it has. Raises UnknownItem, telling the nearest."""
    wanted = item_id.strip().lower()
    known = {item["item_id"]: item for item in items}
    if wanted in known:
        return known[wanted]
    beginning = [item for key, item in known.items() if wanted and key.startswith(wanted)]
    if len(beginning) == 1:
        return beginning[0]
    if len(beginning) > 1:
        raise UnknownItem(f"{len(beginning)} items of the queue begin with {wanted}; write more of the id")
    near = difflib.get_close_matches(wanted, list(known), n=3)
    hint = f" Closest: {', '.join(near)}." if near else ""
    raise UnknownItem(f"no item of the queue has this id.{hint} `expertise review` lists them")


def chosen_people(item: Item, staff_id: str | None) -> list[tuple[str, str]]:
    """Roster platform and id of the person that a decision names; of all candidates where none is named.

    staff_id: a candidate's roster id, or `platform:id` of anybody. Raises UnknownItem where the item
    has no such candidate.
    """
    candidates = [(one["target_source"], one["target_id"]) for one in item["candidates"]]
    if staff_id is None:
        if not candidates:
            raise UnknownItem("this item has no candidates: name a person as platform:id, such as files:004217")
        return candidates
    wanted = staff_id.strip()
    found = [one for one in candidates if wanted in (one[1], f"{one[0]}:{one[1]}")]
    if len(found) == 1:
        return found
    if len(found) > 1:
        raise UnknownItem("two candidates of this item have this id: write platform:id, such as files:004217")
    platform, colon, identifier = wanted.partition(":")
    if colon and platform in ("files", "edfi", "oneroster") and identifier.strip():
        return [(platform, identifier.strip())]
    raise UnknownItem(
        "none of this item's candidates has this id; to name somebody else write platform:id, such as files:004217"
    )
