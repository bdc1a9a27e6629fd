"""How the crosswalk looks in a terminal: what counts, what does not, what is proposed.

Belongs here: the tables of `expertise crosswalk`. Does not belong here: which rows there are.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.markup import escape

from pipelines.apps.crosswalk import Decided
from pipelines.screen import console, new_table, show_release

SHOWN = 25
_STATUS_COLOURS = {"approved": "green", "proposed": "yellow", "rejected": "red"}
_KINDS = {
    "rubric_element": "rubric element",
    "micro_credential": "micro-credential",
    "pd_activity": "PD activity",
    "case_item": "CASE item",
}


def show_crosswalk(
    alignments: Sequence[Mapping[str, Any]],
    unmapped: Sequence[Mapping[str, Any]],
    since: Sequence[Decided],
    unapplied: Sequence[Mapping[str, Any]],
    info: Mapping[str, Any],
) -> None:
    """What is stated, then what nothing is approved for, then what was decided since the release."""
    for status in _STATUS_COLOURS:
        rows = [row for row in alignments if row["status"] == status]
        if rows:
            _show_alignments(status, rows)
    if unmapped:
        _show_unmapped(unmapped)
    if not alignments and not unmapped:
        console.print("This release has nothing of the kind.")
    _show_unapplied(unapplied)
    _show_since(since)
    show_release(info)


def show_proposals(
    proposals: Sequence[Mapping[str, Any]],
    unmapped: Sequence[Mapping[str, Any]],
    since: Sequence[Decided],
    info: Mapping[str, Any],
    file: Path | None,
) -> None:
    """An item a row with its proposals, best first; then the items that nothing is like."""
    by_item: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for row in proposals:
        by_item[row["item_type"], row["item_id"]].append(row)
    if by_item:
        table = new_table("Item and what it holds", "Competency", "Score", "Words that match")
        table.columns[2].justify = "right"
        for rows in list(by_item.values())[:SHOWN]:
            for row in rows:
                is_first = row is rows[0]
                table.add_row(
                    f"{_item(row)}\n[dim]{_holds(row)}[/]" if is_first else "",
                    f"{escape(row['competency_code'])} {escape(row['competency_name'])}",
                    f"{row['score']:.2f}",
                    escape(row["reason"]),
                    end_section=row is rows[-1],
                )
        console.print(table)
        _more(len(by_item) - SHOWN, "items")
        console.print(
            "Nothing counts until it is approved: `expertise crosswalk approve ITEM COMPETENCY --by WHO --why TEXT`."
        )
    elif not unmapped:
        console.print("Every item has an approved competency: nothing to propose.")
    approved = {(one.item_type, one.item_id) for one in since if one.decision == "approved"}
    alone = [
        row
        for row in unmapped
        if (row["item_type"], row["item_id"]) not in by_item and (row["item_type"], row["item_id"]) not in approved
    ]
    if alone:
        named = ", ".join(escape(row["item_title"] or row["item_id"]) for row in alone[:8])
        rest = f" and {len(alone) - 8} more" if len(alone) > 8 else ""
        console.print(f"[dim]Like no competency in use: {named}{rest}. A person may know better.[/]")
    _show_since(since)
    if file is not None:
        console.print(f"wrote {escape(str(file))}: {_count(len(proposals), 'proposal')}")
    show_release(info)


def show_decided(told: Mapping[str, Any]) -> None:
    """What was recorded, and from when it counts."""
    days = " ".join(
        f"{word} {told[name]}" for word, name in (("from", "valid_from"), ("until", "valid_to")) if told.get(name)
    )
    title = f" ({escape(told['item_title'])})" if told["item_title"] and told["item_title"] != told["item_id"] else ""
    console.print(
        f"[{_STATUS_COLOURS[told['decision']]}]{told['decision']}[/]: {_KINDS[told['item_type']]} "
        f"{escape(told['item_id'])}{title} → {escape(told['competency_code'])} "
        f"{escape(told['competency_name'] or '')}{' ' + days if days else ''}"
    )
    console.print(f"[dim]Decision {told['decision_id']}; the next `expertise run` goes by it.[/]")


def _show_alignments(status: str, rows: Sequence[Mapping[str, Any]]) -> None:
    table = new_table("Item", "Competency", "Holds", "Counts", "Said by")
    table.title = f"[{_STATUS_COLOURS[status]}]{status}[/]: {len(rows):,}"
    table.columns[2].justify = "right"
    for row in rows[:SHOWN]:
        table.add_row(
            _item(row),
            f"{escape(row['competency_code'] or '')} {escape(row['competency_name'] or '[unknown]')}",
            f"{row['record_count']:,}",
            _days(row),
            escape(row["stated_by"] or ""),
        )
    console.print(table)
    if len(rows) > SHOWN:
        kinds = Counter(_KINDS[row["item_type"]] for row in rows[SHOWN:])
        _more(len(rows) - SHOWN, ", ".join(f"{count} of a {kind}" for kind, count in kinds.items()))


def _show_unmapped(rows: Sequence[Mapping[str, Any]]) -> None:
    table = new_table("Item", "What counts for no competency", "Proposed")
    table.title = f"unmapped: {len(rows):,}"
    for row in rows[:SHOWN]:
        table.add_row(_item(row), _holds(row), escape(row["proposals"] or ""))
    console.print(table)
    _more(len(rows) - SHOWN, "items")


def _show_unapplied(rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        console.print(
            f"[red]not applied[/]: {row['decision']} {_KINDS.get(row['item_type'], row['item_type'])} "
            f"{escape(row['item_id'])} → {escape(row['competency_code'])}: {escape(row['unapplied_reason'])} "
            f"[dim]({row['decision_id']})[/]"
        )


def _show_since(since: Sequence[Decided]) -> None:
    for one in since:
        console.print(
            f"[cyan]decided since this release[/]: [{_STATUS_COLOURS.get(one.decision, 'white')}]{one.decision}[/] "
            f"{_KINDS.get(one.item_type, one.item_type)} {escape(one.item_id)} → {escape(one.competency_code)} "
            f"[dim]({one.decided_on}; the next run goes by it)[/]"
        )


def _item(row: Mapping[str, Any]) -> str:
    title, item_id = row["item_title"] or row["item_id"], row["item_id"]
    named = "" if title == item_id else f" [dim]{escape(item_id)}[/]"
    return f"{escape(title)}{named}\n[dim]{_KINDS[row['item_type']]}[/]"


def _holds(row: Mapping[str, Any]) -> str:
    return f"{row['record_count']:,} {row['record_kind']} of {_count(row['staff_count'], 'staff member')}"


def _days(row: Mapping[str, Any]) -> str:
    if row["status"] != "approved":
        return "no"
    if row["valid_from_date"] is None and row["valid_to_date"] is None:
        return "always"
    return f"{row['valid_from_date'] or '…'} – {row['valid_to_date'] or '…'}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _more(number: int, what: str) -> None:
    if number > 0:
        console.print(f"[dim]and {number:,} more ({what}); `--json` has them all[/]")
