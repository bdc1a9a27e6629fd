"""How licence renewal looks on the screen.

Belongs here: the tables of `expertise renewal`. Does not belong here: what is shown to whom (apps.renewal).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape
from rich.panel import Panel

from pipelines.apps.renewal import LedgerLine, PersonsRenewal, Renewals, Rule, Standing
from pipelines.screen import console, new_table, show_release

_COLOURS = {"enough": "green", "on pace": "cyan", "behind": "yellow", "ended": "red", "no cycle": "red"}
_WITHOUT_WORRY = ("enough", "on pace")
_SHOWN = 25


def show_person(renewal: PersonsRenewal, viewer: str, info: Mapping[str, Any]) -> None:
    """The cycles with a sentence each, then every award with its reason."""
    title = f"{renewal['name']} · {renewal['school'] or 'no school'}"
    told = [_cycle(cycle) for cycle in renewal["cycles"]]
    body = "\n\n".join(told) if told else "No renewal cycle: no active staff member of that name is on file."
    console.print(Panel(body, title=escape(title), expand=False))
    _show_awards(renewal["awards"])
    _show_footnotes(renewal["cycles"], renewal["rules"])
    console.print(f"[dim]As seen by {escape(viewer)}.[/]")
    show_release(info)


def _cycle(cycle: Standing) -> str:
    if cycle["ends_date"] is None:
        return f"{_standing(cycle)}\n{escape(cycle['explanation'])}"
    head = f"{_standing(cycle)} · {escape(cycle['jurisdiction'])} · to {escape(cycle['purpose'] or 'renew')}"
    if cycle["licence"]:
        head += f" {escape(cycle['licence'])}"
    lines = [head, escape(cycle["explanation"])]
    span = f"Cycle {cycle['begins_date']} to {cycle['ends_date']}"
    days = "" if cycle["days_left"] is None else f", {cycle['days_left']:,} days left"
    lines.append(f"[dim]{span}{days}.[/]")
    if cycle["pd_hours_within_awards"]:
        hours = _plain(cycle["pd_hours_within_awards"])
        lines.append(f"[dim]{hours} hours supported an award that counts, and are not counted again.[/]")
    return "\n".join(lines)


def _show_awards(awards: Sequence[LedgerLine]) -> None:
    if not awards:
        console.print("No micro-credential is on file.")
        return
    table = new_table("Awarded", "Micro-credential and why", right=("Units",))
    table.columns[0].no_wrap = True
    for award in awards:
        table.add_row(
            str(award["issued_date"] or "no date"),
            f"{escape(award['micro_credential'] or 'without a name')}\n[dim]{escape(award['remark'])}[/]",
            f"[green]{_plain(award['units'])}[/]" if award["is_counted"] else "[dim]0[/]",
        )
    console.print(table)


def show_renewals(renewals: Renewals, viewer: str, info: Mapping[str, Any]) -> None:
    """Who is behind, has let a licence end or has none on file, soonest first; of the others the number."""
    people = renewals["people"]
    where = renewals["school"] or "everybody in sight"
    worrying = [person for person in people if person["standing"] not in _WITHOUT_WORRY]
    if not people:
        console.print(f"No staff member of {escape(where)} is in this release.")
    elif not worrying:
        console.print(f"Nobody of {escape(where)} is behind.")
    else:
        table = new_table("Who", "Licence ends", "Standing", right=("Earned", "Needed", "Missing"))
        table.title = escape(f"Licence renewal, {where}: who may miss it, as seen by {viewer}")
        table.title_justify = "left"
        table.columns[1].no_wrap = True
        for person in worrying[:_SHOWN]:
            table.add_row(
                _who(person, renewals["school"]),
                str(person["ends_date"] or "no date"),
                _standing(person),
                _plain(_earned(person)),
                _plain(person["needed_units"]),
                _plain(person["missing_units"]),
            )
        console.print(table)
        if rest := Counter(person["standing"] for person in worrying[_SHOWN:]):
            told = ", ".join(f"{count} {standing}" for standing, count in rest.items())
            console.print(f"and {rest.total()} more: {told}. `--json` holds them all.")
    if counts := Counter(person["standing"] for person in people):
        console.print(", ".join(f"{count} {_with_colour(standing)}" for standing, count in counts.most_common()) + ".")
    if renewals["unnamed_count"]:
        console.print(f"[dim]{renewals['unnamed_count']} who declined to be named are not listed.[/]")
    _show_footnotes(people, renewals["rules"])
    show_release(info)


def _show_footnotes(cycles: Sequence[Standing], rules: Sequence[Rule]) -> None:
    units = sorted({f"{rule['unit_name']}s" for rule in rules if rule["unit_name"]})
    if units:
        console.print(f"[dim]Units: {escape(', '.join(units))}.[/]")
    if any(cycle["has_units_not_shown"] for cycle in cycles):
        console.print(
            "[dim]By awards and hours alone: the rule also counts the level of effectiveness, which is a confidential "
            "record and in no number here. Who is short of units may have them by it.[/]"
        )
    for rule in rules:
        when = f"verified on {rule['verified_date']}" if rule["verified_date"] else "not verified by the district"
        console.print(f"[dim]Rule: {escape(rule['citation'])}; {when}.[/]")


def _who(person: Standing, school: str | None) -> str:
    """The name, with the school where the table is not one school's."""
    name = f"[bold]{escape(person['name'])}[/]"
    return name if school else f"{name}\n[dim]{escape(person['school'] or 'no school')}[/]"


def _earned(person: Standing) -> float | None:
    if person["award_units"] is None or person["pd_units"] is None:
        return None
    return person["award_units"] + person["pd_units"]


def _standing(person: Standing) -> str:
    return _with_colour(person["standing"])


def _with_colour(standing: str) -> str:
    colour = _COLOURS.get(standing, "dim")
    return f"[{colour}]{standing}[/]"


def _plain(number: float | None) -> str:
    """`6`, `0.5`; a dash where there is none."""
    return "-" if number is None else f"{round(number, 2):,.10g}"
