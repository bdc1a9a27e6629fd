"""How the answer of `expertise pair` looks: the pairs of each school, who has no partner, what was decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.markup import escape

from pipelines.apps.pairing import Pair, Pairings, Unpaired
from pipelines.screen import console, new_table, show_release

SHOWN_PAIRS = 40
SHOWN_UNPAIRED = 12
SHOWN_ELEMENTS = 4
_COLOURS = {"suggested": "cyan", "accepted": "green", "edited": "green", "rejected": "red", "ended": "yellow"}


def show_pairings(answer: Pairings, viewer: str, info: Mapping[str, Any], files: Sequence[Path]) -> None:
    """Pairs school by school, at most SHOWN_PAIRS in all; `--json`, `--csv` and `--page` hold all of them."""
    _show_summary(answer)
    shown = 0
    for school, pairs in groupby(answer["pairs"], key=lambda pair: pair["school"]):
        listed = list(pairs)
        if shown >= SHOWN_PAIRS:
            break
        _show_school(school or "No school", listed[: SHOWN_PAIRS - shown])
        shown += len(listed[: SHOWN_PAIRS - shown])
    if len(answer["pairs"]) > shown:
        console.print(f"[dim]and {len(answer['pairs']) - shown} more pairs; --csv, --page or --json hold them all[/]")
    _show_weakest(answer["pairs"])
    if answer["past"]:
        _show_past(answer["past"])
    if answer["unpaired"]:
        _show_unpaired(answer["unpaired"])
    for file in files:
        console.print(f"\nwrote {escape(str(file))}")
    console.print(f"\n[dim]{escape(answer['evidence'])}[/]")
    console.print(f"[dim]As seen by {escape(viewer)}. People who declined to be named are not listed.[/]")
    show_release(info)


def _show_summary(answer: Pairings) -> None:
    statuses = Counter(pair["status"] for pair in answer["pairs"])
    parts = [f"{count} {status}" for status, count in sorted(statuses.items())]
    pairs = "1 pair" if len(answer["pairs"]) == 1 else f"{len(answer['pairs'])} pairs"
    what = f"{pairs} ({', '.join(parts)})" if parts else "No pair"
    console.print(f"[bold]{what}[/]; {len(answer['unpaired'])} teachers without a partner.")


def _show_school(school: str, pairs: Sequence[Pair]) -> None:
    console.print(f"\n[bold]{escape(school)}[/]")
    table = new_table("Pair", "Teacher with partner", "Focus, and why these two")
    for pair in pairs:
        partner = escape(pair["partner"])
        if pair["partner_school"] != pair["school"]:
            partner += f"\n  {escape(pair['partner_school'] or 'no school')}"
        table.add_row(
            f"{pair['pair']}\n{_status(pair)}",
            f"[bold]{escape(pair['target'])}[/]\nwith {partner}",
            f"{escape(_in_short(pair['focus']))}\n[dim]{escape(_notes(pair))}[/]",
            end_section=True,
        )
    console.print(table)


def _in_short(focus: Sequence[str]) -> str:
    """The first elements; the whole list stands in the files and in `--json`."""
    more = f" and {len(focus) - SHOWN_ELEMENTS} more" if len(focus) > SHOWN_ELEMENTS else ""
    return ", ".join(focus[:SHOWN_ELEMENTS]) + more or "none known today"


def _status(pair: Pair) -> str:
    return f"[{_COLOURS[pair['status']]}]{pair['status']}[/]"


def _notes(pair: Pair) -> str:
    notes = [pair["reasons"]]
    if pair["decided_by"]:
        notes.append(f"{pair['status']} by {pair['decided_by']}: {pair['status_reason']}")
    if pair["since_release"]:
        notes.append(pair["since_release"])
    if pair["remark"]:
        notes.append(pair["remark"])
    return "; ".join(notes)


def _show_weakest(pairs: Sequence[Pair]) -> None:
    weakest = [pair for pair in pairs if pair["is_weakest_match"]]
    if len(weakest) == 1:
        least = weakest[0]
        shared = "nothing today" if not least["focus"] else ", ".join(least["focus"])
        console.print(
            f"\nLeast in common: {escape(least['target'])} with {escape(least['partner'])} "
            f"({least['pair']}): {escape(shared)}."
        )


def _show_past(past: Sequence[Pair]) -> None:
    console.print("\n[bold]Rejected or ended[/]")
    table = new_table("Pair", "Teacher with partner", "Why")
    for pair in past[:SHOWN_UNPAIRED]:
        since = f"\n{escape(pair['since_release'])}" if pair["since_release"] else ""
        who = f"{escape(pair['decided_by'])}: " if pair["decided_by"] and pair["status"] == "rejected" else ""
        table.add_row(
            f"{pair['pair']}\n{_status(pair)}",
            f"{escape(pair['target'])}\nwith {escape(pair['partner'])}",
            f"{who}{escape(pair['status_reason'] or '')}{since}",
        )
    console.print(table)
    if len(past) > SHOWN_UNPAIRED:
        console.print(f"[dim]and {len(past) - SHOWN_UNPAIRED} more; --json holds them[/]")


def _show_unpaired(unpaired: Sequence[Unpaired]) -> None:
    reasons = Counter(one["reason"] for one in unpaired)
    console.print(
        "\n[bold]Without a partner[/]: " + escape(", ".join(f"{n} {why}" for why, n in reasons.most_common()))
    )
    table = new_table("Teacher", "Focus", "Why")
    for one in unpaired[:SHOWN_UNPAIRED]:
        table.add_row(escape(one["name"]), escape(_in_short(one["focus"])), escape(one["sentence"]))
    console.print(table)
    if len(unpaired) > SHOWN_UNPAIRED:
        console.print(f"[dim]and {len(unpaired) - SHOWN_UNPAIRED} more; --csv, --page or --json hold them all[/]")
