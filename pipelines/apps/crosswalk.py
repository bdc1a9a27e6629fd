"""Which items are mapped to which competencies, which are not, and what they may be about.

Belongs here: reading the analysts' release, what was decided since it, finding the item and the
competency that a person means. Does not belong here: how two texts are compared (analysis.crosswalk),
what counts (dbt), keeping decisions (pipelines.decisions).

No person is named here: items, their titles, and how many records and people stand behind them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypedDict, cast

import polars as pl
from rapidfuzz import fuzz, process

from pipelines.analysis.crosswalk import propose
from pipelines.apps.finder import QuestionRefused
from pipelines.apps.release_reader import Release

ITEM_TYPES = ("rubric_element", "micro_credential", "pd_activity", "case_item")
_PAIR = ["item_type", "item_id", "framework", "competency_code"]


class UnknownItem(QuestionRefused):
    """No item of that id or title, or more than one."""


class UnknownFrameworkCompetency(QuestionRefused):
    """No competency of that code, name or CASE identifier in any framework, or more than one."""


class UnmappedItem(TypedDict):
    """An item without an approved competency; record_count of its record_kind count for nothing."""

    item_type: str
    item_id: str
    item_title: str | None
    description: str | None
    listed_under: str | None
    item_count: int
    record_kind: str
    record_count: int
    staff_count: int
    proposal_count: int
    proposals: str | None


class Alignment(TypedDict):
    """What is stated of an item (of PD activities: of all with one title) and a competency."""

    item_type: str
    item_id: str
    item_title: str | None
    item_count: int
    framework: str | None
    competency_code: str | None
    competency_name: str | None
    status: str
    valid_from_date: date | None
    valid_to_date: date | None
    is_in_force: bool
    stated_by: str | None
    record_count: int


class Proposal(TypedDict):
    """A competency that an unmapped item may be about. score: 0 to 1, of titles alike, not of truth."""

    item_type: str
    item_id: str
    item_title: str | None
    record_kind: str
    record_count: int
    staff_count: int
    rank: int
    framework: str
    competency_code: str
    competency_name: str
    score: float
    reason: str


@dataclass(frozen=True)
class Decided:
    """A decision that holds, as far as the crosswalk needs it."""

    decision_id: str
    item_type: str
    item_id: str
    framework: str
    competency_code: str
    decision: str
    decided_on: date


@dataclass(frozen=True)
class Item:
    """What a person means: the type and what a decision cites."""

    item_type: str
    item_id: str
    title: str | None


@dataclass(frozen=True)
class Competency:
    """One competency of one framework."""

    framework: str
    code: str
    name: str | None


def unmapped(release: Release, item_type: str | None = None) -> list[UnmappedItem]:
    """The items without an approved competency, those that hold most first."""
    rows = release.query(
        f"""
        select {", ".join(UnmappedItem.__annotations__)}
        from unmapped_items
        where $item_type is null or item_type = $item_type
        order by record_count desc, item_type, item_title, item_id
        """,
        {"item_type": item_type},
    )
    return cast(list[UnmappedItem], rows)


def alignments(release: Release, item_type: str | None = None, status: str | None = None) -> list[Alignment]:
    """What is stated, approved and not; activities of one title that are aligned alike stand in one row."""
    rows = release.query(
        """
        select item_type,
            if(item_type = 'pd_activity', any_value(item_title), any_value(item_id)) as item_id,
            any_value(item_title) as item_title, count(*) as item_count,
            framework, competency_code, any_value(competency_name) as competency_name, status,
            valid_from_date, valid_to_date, is_in_force, stated_by, cast(sum(record_count) as bigint) as record_count
        from alignments
        where ($item_type is null or item_type = $item_type) and ($status is null or status = $status)
        group by item_type, if(item_type = 'pd_activity', lower(item_title), item_id), framework,
            competency_code, status, valid_from_date, valid_to_date, is_in_force, stated_by
        order by item_type, item_title, item_id, status, framework, competency_code, stated_by, valid_from_date
        """,
        {"item_type": item_type, "status": status},
    )
    return cast(list[Alignment], rows)


def proposals(
    release: Release,
    decided: Sequence[Decided],
    item_type: str | None = None,
    limit: int | None = None,
    most: int = 3,
) -> list[Proposal]:
    """Competencies that unmapped items may be about, for the items that hold most; at most `most` an item.

    decided: the decisions that hold. Items that one approves are left out, pairs that one rejects are not
    proposed. Only competencies that the district works with are proposed.
    """
    approved = {(one.item_type, _folded(one.item_id)) for one in decided if one.decision == "approved"}
    waiting = [
        item for item in unmapped(release, item_type) if (item["item_type"], _folded(item["item_id"])) not in approved
    ][:limit]
    items = pl.DataFrame(
        [(item["item_type"], item["item_id"], item["item_title"], item["description"]) for item in waiting],
        schema=dict.fromkeys(("item_type", "item_id", "title", "description"), pl.String),
        orient="row",
    )
    competencies = release.frame(
        "select framework, competency_code, competency_name from competencies where is_in_use order by all"
    )
    rejected = [
        (one.item_type, one.item_id, one.framework, one.competency_code)
        for one in decided
        if one.decision == "rejected"
    ] + [
        (row["item_type"], row["item_id"], row["framework"], row["competency_code"])
        for row in alignments(release, item_type, "rejected")
    ]
    refused = pl.DataFrame(rejected, schema=dict.fromkeys(_PAIR, pl.String), orient="row")
    found = propose(items, competencies, refused, most)
    known = {(item["item_type"], item["item_id"]): item for item in waiting}
    told = ("item_title", "record_kind", "record_count", "staff_count")
    return [
        cast(Proposal, {**row, **{name: known[row["item_type"], row["item_id"]][name] for name in told}})  # type: ignore[literal-required]
        for row in found.rows(named=True)
    ]


def unapplied(release: Release) -> list[dict[str, Any]]:
    """The decisions that name something which no source or framework has, with the reason."""
    return release.query(
        "select decision_id, item_type, item_id, framework, competency_code, decision, unapplied_reason "
        "from crosswalk_decisions where unapplied_reason is not null order by decided_at, decision_id"
    )


def decided_since(release: Release, decided: Sequence[Decided]) -> list[Decided]:
    """The decisions that hold and that this release does not know of yet."""
    known = {row["decision_id"] for row in release.query("select decision_id from crosswalk_decisions")}
    return [one for one in decided if one.decision_id not in known]


def resolve_item(release: Release, text: str, item_type: str | None = None) -> Item:
    """The item of that id or title, in whatever letter case; the beginning of activities' ids as `PD-012-*`.

    Raises UnknownItem with the closest titles, or with every item that fits where several do.
    """
    wanted = _folded(text)
    known = _items(release, item_type)
    by_id = {(row["item_type"], wanted): (row, row["item_id"]) for row in known if wanted == _folded(row["item_id"])}
    by_title = {
        (row["item_type"], _folded(row["cited"])): (row, row["cited"])
        for row in reversed(known)  # of titles in several letter cases the first
        if wanted == _folded(row["item_title"] or "")
    }
    fitting = [Item(row["item_type"], cited, row["item_title"]) for row, cited in (by_id or by_title).values()]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        listed = "; ".join(sorted(f"{item.item_type} {item.item_id} ({item.title})" for item in fitting))
        raise UnknownItem(
            f"{len(fitting)} items fit {text!r}: {listed}. Give the id, and --type where two types share it"
        )
    beginning = text.strip().removesuffix("*")
    is_beginning = text.strip().endswith("*") and beginning and item_type in (None, "pd_activity")
    if is_beginning and any(
        row["item_type"] == "pd_activity" and row["item_id"].startswith(beginning) for row in known
    ):
        return Item("pd_activity", text.strip(), None)
    titles = {
        f"{row['item_title'] or row['cited']} ({row['item_type']}"
        + (f" {row['cited']})" if row["cited"] != row["item_title"] else ")")
        for row in known
    }
    close = process.extract(text, sorted(titles), scorer=fuzz.WRatio, limit=3, score_cutoff=60)
    hint = f" Did you mean {', '.join(match[0] for match in close)}?" if close else ""
    kind = f" of type {item_type}" if item_type else ""
    raise UnknownItem(f"there is no item{kind} {text!r} among the {len(titles)} of this release.{hint}")


def resolve_framework_competency(release: Release, text: str) -> Competency:
    """The competency of that code, name, CASE identifier or `framework|code`, in whatever letter case.

    Where several frameworks have it, the one that the district works with; where several of those do, all are
    named. Raises UnknownFrameworkCompetency, with the closest names where none fits.
    """
    wanted = _folded(text)
    known = release.query(
        "select framework, competency_code, competency_name, case_identifier, is_in_use from competencies order by all"
    )
    fitting: list[dict[str, Any]] = []
    for words in (
        lambda row: f"{row['framework']}|{row['competency_code']}",
        lambda row: row["competency_code"],
        lambda row: row["case_identifier"],
        lambda row: row["competency_name"],
    ):
        fitting = [row for row in known if _folded(words(row) or "") == wanted]
        if fitting:
            break
    chosen = [row for row in fitting if row["is_in_use"]] or fitting
    if len(chosen) == 1:
        row = chosen[0]
        return Competency(row["framework"], row["competency_code"], row["competency_name"])
    if chosen:
        listed = "; ".join(f"{row['framework']}|{row['competency_code']}" for row in chosen)
        raise UnknownFrameworkCompetency(f"{len(chosen)} competencies fit {text!r}: give one of {listed}")
    names = [f"{row['competency_name']} ({row['competency_code']})" for row in known if row["competency_name"]]
    close = process.extract(text, names, scorer=fuzz.WRatio, limit=3, score_cutoff=60)
    hint = f" Did you mean {', '.join(match[0] for match in close)}?" if close else ""
    raise UnknownFrameworkCompetency(f"there is no competency {text!r} among the {len(known)} of this release.{hint}")


def _items(release: Release, item_type: str | None) -> list[dict[str, Any]]:
    """Every item that may be mapped: its id, its title, and `cited`, what a decision names it by."""
    return release.query(
        """
        select item_type, item_id, item_title, if(item_type = 'pd_activity', item_title, item_id) as cited
        from crosswalk_items
        where $item_type is null or item_type = $item_type
        order by all
        """,
        {"item_type": item_type},
    )


def _folded(text: str) -> str:
    return text.strip().casefold()
