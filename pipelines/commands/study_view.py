"""How a study looks on the screen: its parts as they go on, the answer, where the report stands.

Belongs here: the lines of `expertise study`. Does not belong here: the report (apps/study_report).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from pipelines.screen import SYNTHETIC, console, new_table

_REPORT = ("report.html", "report.pdf", "tables.xlsx", "results.json")


class StudyScreen:
    """One line that names the part at work; in a file, one line a part."""

    def __init__(self, parts: int, *, is_quiet: bool) -> None:
        self._is_quiet = is_quiet
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓[/]"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            console=console,
            disable=is_quiet or not console.is_terminal,
            transient=True,
        )
        self._task = self._progress.add_task("Study", total=parts)

    def __enter__(self) -> StudyScreen:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def tick(self, part: str) -> None:
        """A part begins."""
        if not self._is_quiet and not console.is_terminal:
            console.print(f"{part} …")
        self._progress.update(self._task, description=f"Study: {part}", advance=1)


def show_study(document: Mapping[str, Any], folder: Path) -> None:
    """What could be detected, the answer, its rating, and the files."""
    if document["is_synthetic"]:
        console.print(SYNTHETIC)
    console.print(f"[bold]{escape(document['title'])}[/]")
    console.print(f"[dim]{escape(document['question'])}[/]\n")
    mde = document["mde"]
    if mde["estimate"] is not None:
        console.print(
            f"Smallest detectable effect: [bold]{mde['estimate']:.3f} SD[/] "
            f"({mde['n_treated']:,} treated, {mde['n_comparison']:,} to compare with)"
        )
    console.print(f"[dim]{escape(mde['basis'])}[/]\n")
    console.print(f"[bold]{escape(document['headline']['sentence'])}[/]\n")
    shown = [row for row in document["estimates"] if row["estimate"] is not None]
    if shown:
        table = new_table("Estimate", "Compared with", right=("Effect", "95 % interval", "Treated"))
        for row in shown:
            mark = "[bold]" if row["is_primary"] else ""
            interval = "" if row["ci_low"] is None else f"{_figure(row['ci_low'])} to {_figure(row['ci_high'])}"
            table.add_row(
                f"{mark}{escape(row['label'])}",
                escape(row["comparison"]),
                f"{mark}{_figure(row['estimate'])}",
                interval,
                f"{row['n_treated']:,}",
            )
        console.print(table)
        console.print(f"[dim]in {escape(document['outcome']['unit'])}; bold: chosen before outcomes were read[/]\n")
    tier = document["evidence_tier"]
    verdict = document["balance"]["verdict"] or "nobody compared"
    ratings = [tier["wwc_rating"] or "Not rated", tier["essa_tier"]]
    console.print(f"Balance: {verdict}. {'. '.join(rating for rating in ratings if rating)}.")
    if tier["failing_condition"]:
        console.print(f"[dim]What keeps it from the next tier: {escape(tier['failing_condition'])}[/]")
    console.print(f"[dim]Design {document['design']['hash'][:12]}, fixed before outcomes were read[/]\n")
    for name in _REPORT:
        console.print(f"wrote {folder / name}", soft_wrap=True)


def _figure(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 100 else f"{value:,.0f}"
