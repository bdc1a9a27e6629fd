"""How the answers of an earlier day look: those of today, and which day they are of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from pipelines.screen import console, show_experts, show_explanation


def show_experts_as_known(
    experts: Sequence[Mapping[str, Any]],
    competency: str,
    day: date,
    viewer: str,
    info: Mapping[str, Any],
    school: str | None = None,
) -> None:
    """Who was known to know what, as a table."""
    console.print(f"[bold]As known on {day}[/]: what was published then; names, schools and roles are today's.")
    show_experts(experts, competency, viewer, info, school)


def show_explanation_as_known(explanation: Mapping[str, Any], day: date, viewer: str, info: Mapping[str, Any]) -> None:
    """One person, one competency, on that day."""
    until = f"until {explanation['known_to_date']}" if explanation["known_to_date"] else "and still is"
    console.print(
        f"[bold]As known on {day}[/]: this was published from {explanation['known_from_date']} {until}.\n"
        f"[dim]Evidence dated until then, as it counts today; what was removed since is missing.[/]"
    )
    show_explanation(explanation, viewer, info)
