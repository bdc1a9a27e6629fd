"""How the answer of `expertise lead` looks: who, who could come where there is nobody, who may assess."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape

from pipelines.apps.leaders_of_learning import Helper, Lacking, Leaders, Strength
from pipelines.screen import coloured_band, console, new_table, show_release

_SHOWN_ASSESSORS = 5
_BEST_FIRST = ("expert", "strong practice", "demonstrated")


def show_leaders(answer: Leaders, viewer: str, info: Mapping[str, Any]) -> None:
    """The choice in one screen; `--json` holds all of it."""
    _show_summary(answer)
    wanted = len(answer["competencies"])
    if answer["leaders"]:
        table = new_table("", "Who leads", "Why")
        for leader in answer["leaders"]:
            table.add_row(
                str(leader["rank"]),
                f"[bold]{escape(leader['name'])}[/]\n{escape(leader['school'])}",
                f"{_brings(leader['brings'], wanted)}\n{escape(leader['why'])}",
            )
        console.print(table)
    if answer["lacking"]:
        console.print()
        _show_lacking(answer["lacking"], wanted)
    console.print()
    _show_assessors(answer)
    console.print(f"\n[dim]As seen by {escape(viewer)}. Only people who agreed to be named are proposed.[/]")
    show_release(info)


def _show_summary(answer: Leaders) -> None:
    people, schools = len(answer["leaders"]), answer["school_count"]
    what = escape(_listed(answer["competencies"]))
    if not people:
        console.print(f"[bold]{what}[/]: nobody who could lead it is in sight.")
        return
    lacking = len(answer["lacking"])
    if lacking:
        has = f"{schools - lacking} of {_counted(schools, 'school has', 'schools have')}"
    else:
        has = "the school has" if schools == 1 else f"each of the {schools} schools has"
    each = "somebody" if answer["per_school"] == 1 else f"{answer['per_school']} people"
    console.print(
        f"[bold]{what}[/]: with {_counted(people, 'person', 'people')} {has} {each}"
        f"{'' if len(answer['competencies']) == 1 else ' for each competency'}."
    )
    if not answer["is_proven_best"]:
        console.print(f"Time ran out: at most {answer['gap']:.0%} better may be possible.")


def _show_lacking(lacking: Sequence[Lacking], wanted: int) -> None:
    is_short = any(school["has_too_few"] for school in lacking)
    table = new_table("Nobody yet, or too few, at" if is_short else "Nobody yet at", "Who could come")
    for school in lacking:
        what = school["has_nobody"] + [f"{name} (too few)" for name in school["has_too_few"]]
        needed = "" if wanted == 1 and not school["has_too_few"] else f"\n[dim]{escape(', '.join(what))}[/]"
        helpers = "\n".join(_helper(helper, wanted) for helper in school["helpers"]) or "nobody in sight"
        table.add_row(f"{escape(school['school'])}{needed}", helpers)
    console.print(table)


def _helper(helper: Helper, wanted: int) -> str:
    school = escape(helper["school"] or "no school")
    return f"[bold]{escape(helper['name'])}[/] · {school}\n  {_bands(helper['brings'], wanted)}"


def _show_assessors(answer: Leaders) -> None:
    if not answer["assessors"]:
        console.print("Nobody in sight may assess yet: it takes the micro-credential and strong observed practice.")
        return
    table = new_table("May assess", "Who holds the micro-credential, with strong practice")
    for competency in answer["competencies"]:
        people = [one for one in answer["assessors"] if one["competency"] == competency]
        shown = "\n".join(
            f"{escape(one['name'])} · {escape(one['school'] or 'no school')}" for one in people[:_SHOWN_ASSESSORS]
        )
        more = f"\n[dim]and {len(people) - _SHOWN_ASSESSORS} more[/]" if len(people) > _SHOWN_ASSESSORS else ""
        table.add_row(escape(competency), (shown or "[dim]nobody yet[/]") + more)
    console.print(table)


def _brings(brings: Sequence[Strength], wanted: int) -> str:
    """The bands; of a single competency also the sentence behind it."""
    if wanted > 1:
        return _bands(brings, wanted)
    band = brings[0]["band"]
    # the sentence begins with the band, which stands before it
    evidence = brings[0]["explanation"].removeprefix(f"{band.capitalize()}: ")
    return f"{coloured_band(band)}: [dim]{escape(evidence)}[/]"


def _bands(brings: Sequence[Strength], wanted: int) -> str:
    """Competencies by band: `expert in A; strong practice in B and C`."""
    by_band: dict[str, list[str]] = {}
    for one in sorted(brings, key=lambda strength: _BEST_FIRST.index(strength["band"])):
        by_band.setdefault(one["band"], []).append(escape(one["competency"]))
    if wanted == 1:
        return coloured_band(brings[0]["band"])
    if len(brings) == wanted and len(by_band) == 1:
        return f"{coloured_band(brings[0]['band'])} in {'both' if wanted == 2 else f'all {wanted}'}"
    return "; ".join(f"{coloured_band(band)} in {_listed(names)}" for band, names in by_band.items())


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
