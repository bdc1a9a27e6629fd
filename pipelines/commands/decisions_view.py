"""How decisions look on the screen and in JSON.

Belongs here: the table and the document of `expertise decisions list`. Does not belong here:
which decisions are shown (decisions).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rich.markup import escape

from pipelines.decisions.store import Decision
from pipelines.screen import console, new_table


def as_document(decision: Decision) -> dict[str, Any]:
    """The decision as JSON has it: its own names, instants in ISO 8601, `revocation` null while it stands."""
    return {name: _iso(value) for name, value in asdict(decision).items()}


def _iso(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _iso(part) for name, part in value.items()}
    return value


def show_decisions(decisions: Sequence[Decision], with_history: bool) -> None:
    """One decision a row: which and when, what was decided on what, who and why."""
    if not decisions:
        console.print("No decisions yet. `expertise decisions add FILE` records those of a CSV file.")
        return
    table = new_table("Id, decided (UTC)", "Decision", "By whom and why")
    table.columns[0].no_wrap = True
    for decision in decisions:
        style = "dim" if decision.revocation else None
        table.add_row(
            f"[bold]{decision.decision_id}[/]\n{decision.decided_at:%Y-%m-%d %H:%M}",
            f"{decision.kind}: [bold]{decision.decision}[/]\n{_cited(decision)}",
            _said(decision),
            style=style,
        )
    console.print(table)
    count = "1 decision" if len(decisions) == 1 else f"{len(decisions):,} decisions"
    ending = " ever recorded." if with_history else ("; it holds." if len(decisions) == 1 else "; they hold.")
    console.print(f"[dim]{count}{ending}[/]")


def _cited(decision: Decision) -> str:
    subject = f"{decision.subject_source} {decision.subject_id}"
    target = f"{decision.target_source} {decision.target_id}"
    detail = "".join(f"\n{escape(name)}: {escape(str(value))}" for name, value in (decision.detail or {}).items())
    return f"{escape(subject)}\n→ {escape(target)}[dim]{detail}[/]"


def _said(decision: Decision) -> str:
    said = f"{escape(decision.decided_by)}: {escape(decision.reason)}"
    if decision.revocation is None:
        return said
    taken_back = decision.revocation
    return (
        f"{said}\nrevoked {taken_back.revoked_at:%Y-%m-%d %H:%M} by {escape(taken_back.revoked_by)}: "
        f"{escape(taken_back.reason)}"
    )
