"""How the review queue looks on the screen and in JSON.

Belongs here: the list, one item, their documents. Does not belong here: which items there are
(apps.identity_queue), deciding (review).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape

from pipelines.apps.identity_queue import Candidate, Item
from pipelines.decisions.store import Decision
from pipelines.screen import console, new_table

SHOWN_ITEMS = 20
_REASONS = {
    "no_match": "matches nobody",
    "ambiguous": "of several people",
    "two_records": "perhaps a second record",
    "contradicting_decisions": "decisions contradict",
}
Decided = Mapping[str, Sequence[Decision]]


def as_documents(items: Sequence[Item], decided: Decided) -> list[dict[str, Any]]:
    """Items as JSON has them, with the decisions on them that hold now."""
    return [
        {
            **item,
            "decided": [
                {
                    "decision_id": one.decision_id,
                    "decision": one.decision,
                    "target_source": one.target_source,
                    "target_id": one.target_id,
                    "decided_by": one.decided_by,
                    "decided_at": one.decided_at.isoformat(),
                }
                for one in decided.get(item["item_id"], ())
            ],
        }
        for item in items
    ]


def show_queue(items: Sequence[Item], without_candidates: int, decided: Decided, info: Mapping[str, Any]) -> None:
    """One row an item: what it is, its best candidate and why."""
    if not items:
        console.print("Nothing waits for a decision.")
    else:
        table = new_table("Item", "What the source says", "Best candidate", right=("Score",))
        for item in items[:SHOWN_ITEMS]:
            best = item["candidates"][0] if item["candidates"] else None
            table.add_row(
                f"[bold]{item['item_id']}[/]\n[dim]{_REASONS.get(item['reason'], item['reason'])}[/]",
                _subject(item),
                _best(best, len(item["candidates"])) + _answers(decided.get(item["item_id"], ())),
                "" if best is None or best["score"] is None else str(best["score"]),
            )
        console.print(table)
        if len(items) > SHOWN_ITEMS:
            console.print(f"[dim]and {len(items) - SHOWN_ITEMS:,} more; --json lists them all[/]")
    if without_candidates:
        count = "1 item" if without_candidates == 1 else f"{without_candidates:,} items"
        console.print(f"[dim]{count} without a candidate; --all shows them too[/]")
    console.print(f"[dim]Release {info.get('release_id')}. `expertise review ITEM` shows all candidates.[/]")


def show_item(item: Item, decided: Decided) -> None:
    """One item with all its candidates, and how to decide it."""
    console.print(f"[bold]{item['item_id']}[/]: {_REASONS.get(item['reason'], item['reason'])}")
    console.print(_subject(item))
    if item["candidates"]:
        table = new_table("Staff id", "Who", "Why", right=("Score",))
        for one in item["candidates"]:
            table.add_row(
                f"{one['target_source']}:{escape(one['target_id'])}",
                _who(one),
                escape(one["evidence"] or ""),
                "" if one["score"] is None else str(one["score"]),
            )
        console.print(table)
    else:
        console.print("No candidate. Whoever knows the person can still name them as platform:id.")
    answers = _answers(decided.get(item["item_id"], ()))
    if answers:
        console.print(answers.strip())
    console.print(f"[dim]expertise review {item['item_id']} same STAFF_ID --by WHO --why TEXT[/]")


def _subject(item: Item) -> str:
    source = f"{item['subject_source']} {escape(item['subject_id'])}"
    name = f"\n{escape(item['subject_name'])}" if item["subject_name"] else ""
    records = "1 record" if item["record_count"] == 1 else f"{item['record_count']:,} records"
    first, last = item["first_school_year"], item["last_school_year"]
    years = "" if last is None else f", {last}" if first == last or first is None else f", {first}–{last}"
    return f"{source}{name}\n[dim]{records}{years}[/]"


def _best(best: Candidate | None, count: int) -> str:
    if best is None:
        return "[dim]nobody[/]"
    more = f" [dim](and {count - 1} more)[/]" if count > 1 else ""
    return (
        f"{_who(best)}\n{best['target_source']}:{escape(best['target_id'])}{more}"
        f"\n[dim]{escape(best['evidence'] or '')}[/]"
    )


def _who(one: Candidate) -> str:
    left = "" if one["is_active"] else f"\n[dim]left, last in {one['last_school_year'] or 'a year unknown'}[/]"
    school = f"\n{escape(one['school'])}" if one["school"] else ""
    return f"{escape(one['name'] or 'no name')}{school}{left}"


def _answers(decisions: Sequence[Decision]) -> str:
    return "".join(
        f"\n[green]decided: {one.decision} {escape(f'{one.target_source}:{one.target_id}')}"
        f" by {escape(one.decided_by)}[/]"
        for one in decisions
    )
