"""How issuer and assessment quality looks on the screen.

Belongs here: the tables and questions of `expertise issuers`. Does not belong here: what is shown to whom
(apps.issuers), what is flagged (analysis.compared_shares).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape

from pipelines.apps.issuers import Assessor, IssuerQuality
from pipelines.screen import console, new_table, show_release

_SHOWN = 20


def show_quality(quality: IssuerQuality, viewer: str, info: Mapping[str, Any]) -> None:
    """Issuers, the micro-credentials of one, assessors where the viewer sees them, then the questions."""
    if not quality["issuers"]:
        console.print("No issuer is in this release: no source tells of micro-credentials.")
    else:
        _show_subjects("Issuer", "issuer", quality["issuers"])
    if quality["micro_credentials"]:
        shown = quality["micro_credentials"][:_SHOWN]
        _show_subjects("Micro-credential", "micro_credential", shown)
        if rest := len(quality["micro_credentials"]) - len(shown):
            console.print(f"and {rest} more with fewer awards; `--json` holds them all.")
    if quality["assessors"]:
        _show_assessors(quality["assessors"])
    if quality["questions"]:
        console.print("\n[bold]To ask[/] [dim](questions, not verdicts)[/]")
        for question in quality["questions"]:
            console.print(f"• {escape(question)}")
    else:
        console.print("\nNothing to ask: nobody differs from the others by more than chance.")
    console.print(
        "[dim]First time: share of decided first attempts that awarded, with its 95 % interval; few: below 10. "
        "Days to decision: of half, and of nine in ten. h: hours to earn.[/]"
    )
    console.print(f"[dim]As seen by {escape(viewer)}.[/]")
    show_release(info)


def _show_subjects(title: str, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    sees_need = "holder_in_need_share" in rows[0]
    right = ("First\ntime", "Tries", "Days", "Awards", "Not sound", *(("In\nneed",) if sees_need else ()))
    table = new_table(title, right=right)
    table.columns[0].min_width = 26
    for row in rows:
        cells = [
            f"[bold]{escape(row[name] or 'without a name')}[/]\n[dim]{_grain(row)}[/]",
            _share(row),
            "-" if row["attempts_per_award"] is None else f"{row['attempts_per_award']:.1f}",
            _days(row),
            f"{row['award_count']:,}",
            _not_sound(row),
        ]
        if sees_need:
            cells.append(_percent(row["holder_in_need_share"]))
        table.add_row(*cells)
    console.print(table)
    about = "[dim]Tries: attempts that an award took. Not sound: revoked, expired, not verifiable."
    if sees_need:
        about += " In need: of the holders observed in the practice, those in need of it."
    console.print(about + "[/]")


def _show_assessors(assessors: Sequence[Assessor]) -> None:
    table = new_table("Assessor", right=("Decisions", "First time", "Others", "Days"))
    for row in assessors:
        table.add_row(
            escape(row["assessor"]),
            f"{row['decided_count']:,}",
            _share(row),
            _percent(row["first_time_award_share_of_others"]),
            _days(row),
        )
    console.print(table)
    console.print("[dim]Others: the other assessors on the same micro-credentials.[/]")


def _grain(row: Mapping[str, Any]) -> str:
    """Hours to earn, of one micro-credential or from the smallest to the largest of an issuer."""
    least, most = row["least_hours_to_earn"], row["most_hours_to_earn"]
    if least is None:
        return f"{row['submission_count']:,} submissions"
    hours = f"{least:g}" if least == most else f"{least:g}-{most:g}"
    return f"{row['submission_count']:,} submissions, {hours} h"


def _share(row: Mapping[str, Any]) -> str:
    if row["first_time_award_share"] is None:
        return "[dim]few[/]"
    low, high = 100 * row["first_time_award_low"], 100 * row["first_time_award_high"]
    return f"{_percent(row['first_time_award_share'])}\n[dim]{low:.0f}-{high:.0f}[/]"


def _days(row: Mapping[str, Any]) -> str:
    if row["median_days_to_decision"] is None:
        return "-"
    return f"{row['median_days_to_decision']:.0f}/{row['p90_days_to_decision']:.0f}"


def _not_sound(row: Mapping[str, Any]) -> str:
    return f"{row['revoked_count']}/{row['expired_count']}/{row['unverifiable_count']}"


def _percent(share: float | None) -> str:
    return "[dim]few[/]" if share is None else f"{100 * share:.0f} %"
