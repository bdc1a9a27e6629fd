"""How the answer of `expertise next-steps` looks: for a teacher to read, a few steps at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from rich.markup import escape
from rich.padding import Padding

from pipelines.apps.next_steps import Activity, Colleague, MicroCredentialStep, NextSteps, Step, has_open_goal
from pipelines.screen import console, show_release

_SHOWN_STEPS = 3  # more than can be worked on in a year helps nobody
_SHOWN_LATER = 2  # micro-credentials after the next one


def show_next_steps(answer: NextSteps, is_own: bool, info: Mapping[str, Any]) -> None:
    """The first few steps in full, the others by name."""
    name = "You" if is_own else escape(answer["name"])
    console.print(f"[bold]Next steps for {'you' if is_own else name}[/]" + _at(answer["school"]))
    if answer["expert_elements"]:
        console.print(f"{name} {'are' if is_own else 'is'} strong in {escape(_listed(answer['expert_elements']))}.")
    if not answer["steps"]:
        console.print(_nothing(answer))
    for number, step in enumerate(answer["steps"][:_SHOWN_STEPS], start=1):
        _show_step(number, step, is_own)
    rest = answer["steps"][_SHOWN_STEPS:]
    if rest:
        console.print(
            f"\nLater: {escape(_listed([_title(step) for step in rest]))}. [dim]`--json` holds what fits them too.[/]"
        )
    goals = [goal for goal in answer["goals"] if goal["is_open"]]
    if goals:
        console.print(
            f"\nGrowth goals under way: {escape(_listed(list(dict.fromkeys(one['goal'] for one in goals))))}."
        )
    console.print("\n[dim]This page is personal: share it only if you want to.[/]" if is_own else _PERSONNEL)
    show_release(info)


_PERSONNEL = "\n[dim]This page is a personnel record: keep it between you and this person.[/]"


def _nothing(answer: NextSteps) -> str:
    if not answer["observed_element_count"]:
        return "There are too few observations yet to suggest anything."
    return "Nothing that was observed asks for a next step. A good time to help a colleague: see `expertise find`."


def _show_step(number: int, step: Step, is_own: bool) -> None:
    wish = " · a growth goal" if has_open_goal(step) else ""
    kind = "to strengthen" if step["observed_result"] == "need" else "to develop further"
    console.print(f"\n[bold]{number}. {escape(_title(step))}[/] · {kind}{wish}")
    seen = f"Observed {_counted(step['observation_count'], 'time', 'times')}"
    latest = f", last on {_day(step['latest_observed_date'])}" if step["latest_observed_date"] else ""
    _line(f"[dim]{seen}{latest}.[/]")
    if not step["competencies"]:
        _line("No competency is aligned to this element yet, so nothing can be suggested.")
        return
    _show_micro_credentials(step["micro_credentials"])
    _show_activities(step["activities"])
    _show_colleagues(step["colleagues"], "your school" if is_own else "same school")


def _show_micro_credentials(offers: Sequence[MicroCredentialStep]) -> None:
    if not offers:
        _line("Earn: no micro-credential is aligned to it.")
        return
    following = [offer for offer in offers if offer["standing"] != "held" and offer["is_approved"] is not False]
    for offer in [one for one in offers if one["standing"] == "held"]:
        until = f", valid until {_day(offer['expires_date'])}" if offer["expires_date"] else ""
        _line(f"Earned: {escape(offer['name'])} ({_day(offer['issued_date'])}{until})")
    for offer in [one for one in following if one["is_next"]]:
        _line(f"Earn next: [bold]{escape(offer['name'])}[/] ({escape(_terms(offer))})")
        for value in offer["renewal"] or []:
            _line(f"  [dim]{escape(value['sentence'])}[/]")
        if offer["renewal"] is None:
            _line("  [dim]What it earns towards licence renewal is not on file.[/]")
    later = [one for one in following if not one["is_next"]]
    if later:
        shown = [f"{escape(one['name'])}{_hours(one['hours_to_earn'])}" for one in later[:_SHOWN_LATER]]
        more = [f"{len(later) - _SHOWN_LATER} more"] if len(later) > _SHOWN_LATER else []
        _line(f"Then: {_listed([*shown, *more])}")
    refused = len([one for one in offers if one["is_approved"] is False and one["standing"] != "held"])
    if refused:
        of_issuers = "of an issuer that the district does not approve"
        _line(f"[dim]{_counted(refused, 'micro-credential', 'micro-credentials')} {of_issuers}: not listed[/]")


def _terms(offer: MicroCredentialStep) -> str:
    parts = []
    if offer["stack_step"] and offer["stack"]:
        parts.append(f"step {offer['stack_step']} of {offer['stack_size']}")
    if offer["hours_to_earn"]:
        parts.append(f"about {_counted_hours(offer['hours_to_earn'])}")
    parts.append(offer["issuer"] or "issuer not stated")
    if offer["is_approved"] is True:
        parts.append("approved by the district")
    if offer["standing"] == "expired":
        parts.append("earned before, and expired")
    elif offer["standing"] != "not started":
        parts.append("awarded once, but it does not count")
    return ", ".join(parts)


def _hours(hours: float | None) -> str:
    return f" ({_counted_hours(hours)})" if hours else ""


def _counted_hours(hours: float) -> str:
    return f"{hours:g} {'hour' if hours == 1 else 'hours'}"


def _show_activities(activities: Sequence[Activity]) -> None:
    for activity in activities:
        parts = [activity["format"], _counted_hours(activity["hours"]) if activity["hours"] else None]
        parts += [activity["provider"], f"last held {_day(activity['latest_date'])}"]
        _line(f"Take part: {escape(activity['title'])} ({escape(', '.join(filter(None, parts)))})")
    if not activities:
        _line("Take part: no professional development aligned to it in the last two years.")


def _show_colleagues(colleagues: Sequence[Colleague], same_school: str) -> None:
    for one in colleagues:
        where = same_school if one["is_same_school"] else one["school"] or "no school"
        what = ", ".join(filter(None, [where, one["grade_band"], one["subject"]]))
        _line(f"Ask: [bold]{escape(one['name'])}[/] ({escape(what)}): {one['band']}")
    if not colleagues:
        _line("Ask: nobody who is strong in it can be named here.")


def _title(step: Step) -> str:
    return step["element"] or step["element_code"]


def _at(school: str | None) -> str:
    return f" · {escape(school)}" if school else ""


def _line(text: str) -> None:
    console.print(Padding(text, (0, 0, 0, 3), expand=False))


def _day(when: date | None) -> str:
    return f"{when.day} {when:%b %Y}" if when else "no date"


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
