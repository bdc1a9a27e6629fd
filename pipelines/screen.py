"""How answers look in a terminal: progress while a run goes on, tables after.

Belongs here: Rich tables, bars and sentences. Does not belong here: deciding anything;
`--json` prints the same answers without it.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from pipelines.progress import Silent, StreamLine

if TYPE_CHECKING:
    from pipelines.compact import CompactedStream
    from pipelines.demo import DemoOutcome
    from pipelines.doctor import Finding
    from pipelines.run import RunReport

# bound now: a run sends what other programs print on stdout to a log
console = Console(file=sys.stdout, highlight=False)
SHOWN_EXPERTS = 15
_STAGES = {
    "prepare": "Prepare",
    "pull": "Pull from the sources",
    "check": "Judge the deliveries",
    "build": "Build the warehouse",
    "publish": "Publish the release",
    "compact": "Fold old runs",
}
_BAND_COLOURS = {
    "expert": "bold green",
    "strong practice": "green",
    "demonstrated": "cyan",
    "developing": "yellow",
    "need": "red",
}
NO_SOURCES = "No sources are configured in district.yml."
SYNTHETIC = "[bold magenta]SYNTHETIC data: nobody here is real[/]"


class Quiet(Silent):
    """A listener that draws nothing."""

    def __enter__(self) -> Quiet:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class Screen:
    """Draws one line per stage, with a bar where the number of steps is known."""

    def __init__(self) -> None:
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓[/]"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("[dim]{task.fields[note]}[/]"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._stage: TaskID | None = None
        self._name = ""
        self._pulled_records = 0

    def __enter__(self) -> Screen:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_stage()
        self._progress.stop()

    def _end_stage(self) -> None:
        if self._stage is not None:
            done = self._progress.tasks[self._stage].completed
            self._progress.update(self._stage, total=max(done, 1), completed=max(done, 1))

    def stage_started(self, stage: str, steps: int | None = None) -> None:
        if stage == self._name:
            return
        self._end_stage()
        self._name = stage
        if not console.is_terminal:
            console.print(f"{_STAGES.get(stage, stage)} …")
        self._stage = self._progress.add_task(_STAGES.get(stage, stage), total=steps, note="")

    def stream_started(self, connection: str, stream: str) -> None:
        self._note(f"{connection}.{stream}")

    def records_received(self, connection: str, stream: str, count: int) -> None:
        self._note(f"{connection}.{stream} · {count:,} records")

    def stream_ended(self, line: StreamLine) -> None:
        self._pulled_records += line.records_landed
        if self._stage is not None:
            self._progress.update(self._stage, advance=1)
        self._note(f"{self._pulled_records:,} records landed")
        if line.fault:
            self._progress.console.print(f"[red]✗ {line.connection}.{line.stream}[/]: {escape(line.fault)}")

    def step_ended(self, stage: str, name: str) -> None:
        self.stage_started(stage)
        if self._stage is not None:
            self._progress.update(self._stage, advance=1)
            self._note(name)

    def _note(self, text: str) -> None:
        if self._stage is not None:
            self._progress.update(self._stage, note=text if len(text) <= 44 else f"{text[:43]}…")


def show_streams(lines: Sequence[StreamLine]) -> None:
    """Rows in and out, a line per stream; faults were told as they came."""
    table = new_table("Source", "Stream", right=("In", "Landed", "Rejected", "Deleted"))
    for line in lines:
        if line.fault:
            table.add_row(line.connection, line.stream, "[red]failed[/]", "", "", "")
            continue
        if not line.is_new:
            table.add_row(line.connection, line.stream, "[dim]nothing new[/]", "", "", "")
            continue
        counts = (line.records_received, line.records_landed, line.records_rejected, line.records_deleted)
        table.add_row(line.connection, line.stream, *(f"{count:,}" for count in counts))
    console.print(table)


def show_compacted(lines: Sequence[CompactedStream]) -> None:
    """Runs, files and bytes before and after, a line per folded stream; then what was left and why."""
    folded = [(line, line.compaction) for line in lines if line.compaction]
    if folded:
        table = new_table("Stream", right=("Runs", "Files", "Rows", "Repeats folded", "MB"))
        for line, done in folded:
            table.add_row(
                f"{line.connection}.{line.stream}",
                f"{done.runs_before} → 1",
                f"{done.files_before} → {done.files_after}",
                f"{done.rows_before:,}",
                f"{done.rows_folded:,}",
                f"{done.bytes_before / 1e6:.1f} → {done.bytes_after / 1e6:.1f}",
            )
        console.print(table)
    for line in lines:
        if line.fault:
            console.print(f"[red]✗ {line.connection}[/]: {escape(line.fault)}", soft_wrap=True)
    left = sum(not line.compaction and not line.fault for line in lines)
    if left:
        have = "stream has" if left == 1 else "streams have"
        console.print(f"{left} {have} nothing to fold: fewer than two accepted runs, or folded already.")


def show_report(report: RunReport, district: str) -> None:
    """What a run did: rows per source, checks, problems, the release."""
    totals: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
    for line in report.streams:
        counts = (1, line.records_received, line.records_landed, line.records_rejected, line.records_deleted)
        totals[line.connection] = [old + new for old, new in zip(totals[line.connection], counts, strict=True)]
    table = new_table("Source", right=("Streams", "Records in", "Landed", "Rejected", "Deleted"))
    failed_connections = {line.connection for line in report.streams if line.fault}
    for connection, (streams, *counted) in totals.items():
        shown = [f"{count:,}" for count in counted] if any(counted) else ["[dim]nothing new[/]", "", "", ""]
        if connection in failed_connections:
            shown[0] = f"{shown[0]} [red]failed[/]" if any(counted) else "[red]failed[/]"
        table.add_row(connection, f"{streams}", *shown)
    console.print(f"\n[bold]{escape(district)}[/]")
    console.print(table)
    passed = f"[green]{report.checks_passed} checks passed[/]"
    warned = f"[yellow]{report.checks_warned} warned[/]" if report.checks_warned else "0 warned"
    failed = f"[red]{report.checks_failed} failed[/]" if report.checks_failed else "0 failed"
    console.print(f"Checks    {passed}, {warned}, {failed}")
    if report.problems:
        _show_problems(report)
    else:
        console.print("Problems  none found")
    seconds = (report.ended_at - report.started_at).total_seconds()
    if report.is_published:
        console.print(f"Release   [green]{report.release_id} published[/] after {seconds:.0f} s")
    else:
        console.print(f"Release   [red]nothing published[/] after {seconds:.0f} s; {escape(report.last_good)}")
    console.print(f"Warehouse {escape(report.warehouse)}", soft_wrap=True)
    console.print(f"Published {escape(report.published)}", soft_wrap=True)
    for path in report.reports:
        console.print(f"Report    {escape(path)}", soft_wrap=True)


def _show_problems(report: RunReport) -> None:
    table = new_table("Problems found", "Where", "What", right=("Rows",))
    colours = {"error": "red", "warning": "yellow", "to decide": "cyan"}
    for problem in sorted(report.problems, key=lambda problem: list(colours).index(problem.severity)):
        colour = colours[problem.severity]
        rows = "" if problem.count is None else f"{problem.count:,}"
        table.add_row(f"[{colour}]{problem.severity}[/]", escape(problem.where), escape(problem.what), rows)
    console.print(table)


def show_demo(outcome: DemoOutcome) -> None:
    """The run, the best of three competencies, and where everything is."""
    show_report(outcome.report, outcome.district)
    for competency, experts in outcome.experts.items():
        table = _expert_table(f"Who knows {competency}?", experts[:3])
        console.print(table)
    if not outcome.report.is_published:
        return
    console.print(f"Exports   {escape(str(outcome.exports))}", soft_wrap=True)
    expertise = _command("expertise", Path(sys.executable).with_name("expertise"), outcome.folder)
    python = _command("python", Path(sys.executable), outcome.folder)
    where = f"cli.as in {escape(str(outcome.folder))}/district.yml"
    console.print(
        Panel(
            f"{SYNTHETIC}\nAsked as [bold]{escape(outcome.role)}[/] ({where}).",
            title="The demo district",
            expand=False,
        )
    )
    serve = f"connectors.sandbox --folder . --port {outcome.sandbox_port} --teachers {outcome.teachers}"
    for line in (
        "Go on:",
        f"  cd {escape(str(outcome.folder))}",
        f'  {expertise} find "Questioning"',
        f'  {expertise} find "Questioning" --as coach:103',
        f"  {expertise} gaps --school 103",
        f"  {expertise} pair --school 103",
        f'  {expertise} lead "Questioning"',
        f"  {expertise} status",
        "Load again, with the stand-ins in another terminal of that folder:",
        f"  {python} -m {serve}",
        f"  {expertise} run",
    ):
        console.print(line, soft_wrap=True)  # commands and paths are there to be copied whole


def _command(name: str, program: Path, folder: Path) -> str:
    """How to call a program of this environment from a folder: by name where the environment is activated."""
    found = shutil.which(name)
    is_same = found is not None and Path(found).resolve() == program.resolve()
    return escape(name if is_same else os.path.relpath(program, folder))


def show_experts(
    experts: Sequence[Mapping[str, Any]],
    competency: str,
    viewer: str,
    info: Mapping[str, Any],
    school: str | None = None,
) -> None:
    """Who knows what, as a table."""
    if not experts:
        where = f" at {escape(school)}" if school else ""
        console.print(f"Nobody whom {escape(viewer)} may see{where} has evidence of {escape(competency)}.")
    else:
        title = f"{experts[0]['competency']}: {len(experts)} staff members, as seen by {viewer}"
        console.print(_expert_table(title, experts[:SHOWN_EXPERTS]))
        if rest := Counter(expert["band"] for expert in experts[SHOWN_EXPERTS:]):
            told = ", ".join(f"{count} {band}" for band, count in rest.items())
            console.print(f"and {rest.total()} more: {told}. `--json` and `expertise export` hold them all.")
    show_release(info)


def show_explanation(explanation: Mapping[str, Any], viewer: str, info: Mapping[str, Any]) -> None:
    """One person, one competency: the sentence, then the rows behind it."""
    title = f"{explanation['name']} · {explanation['competency']} · {explanation['school'] or 'no school'}"
    console.print(
        Panel(
            f"{coloured_band(explanation['band'])}\n{escape(explanation['explanation'])}",
            title=escape(title),
            expand=False,
        )
    )
    if explanation.get("disputed_since"):
        console.print(f"[yellow]Disputed by the person since {explanation['disputed_since']}; not decided yet.[/]")
    table = new_table("Date and kind", "Evidence and its source record", "Counts", "Remark")
    table.columns[0].no_wrap = True
    table.columns[1].min_width = 32  # a record id of the platforms in one piece
    table.columns[3].max_width = max(20, console.width - 60)  # what is left beside it, or remarks would be cut off
    for item in explanation["evidence"]:
        table.add_row(
            f"{item['evidence_date'] or 'no date'}\n[dim]{item['evidence_type']}[/]",
            f"{escape(item['title'] or '')}\n"
            f"[dim]{escape(item['source_system'] or '')} {escape(item['source_record_id'] or '')}[/]",
            "[green]yes[/]" if item["counts"] else "[dim]no[/]",
            escape(item["remark"] or _weight(item)),
        )
    console.print(table)
    console.print(f"[dim]As seen by {escape(viewer)}.[/]")
    show_release(info)


def _weight(item: Mapping[str, Any]) -> str:
    """How a piece of evidence that counts is weighed; an award is not."""
    if item["weight_in_words"] is None:
        return ""
    adjusted = "rater adjusted" if item["is_rater_adjusted"] else "rater not adjusted"
    return f"{item['weight_in_words']}, {adjusted}"


def show_examination(findings: Sequence[Finding]) -> None:
    """A line per thing looked at."""
    for finding in findings:
        mark = "[green]✓[/]" if finding.is_well else "[red]✗[/]"
        console.print(f"{mark} [bold]{escape(finding.what)}[/]: {escape(finding.sentence)}")


def show_sources(configured: Sequence[Mapping[str, Any]], platforms: Sequence[Mapping[str, str]]) -> None:
    """The sources of district.yml, then the platforms there are."""
    table = new_table("Source", "Platform", "Streams")
    for source in configured:
        table.add_row(source["name"], source["platform"], ", ".join(source["streams"]))
    console.print(table if configured else NO_SOURCES)
    table = new_table("Platform", "What it is")
    for platform in platforms:
        table.add_row(platform["platform"], platform["title"])
    console.print(table)


def show_exported(files: Sequence[Mapping[str, Any]]) -> None:
    """The written files with their rows."""
    for file in files:
        rows = "" if file["rows"] is None else f" ({file['rows']:,} rows)"
        console.print(f"wrote {escape(file['file'])}{rows}", soft_wrap=True)


def _expert_table(title: str, experts: Sequence[Mapping[str, Any]]) -> Table:
    table = new_table("Band", "Who, where and why")
    table.columns[0].no_wrap = True
    table.title = escape(title)
    table.title_justify = "left"
    for expert in experts:
        who = " · ".join(filter(None, (f"[bold]{escape(expert['name'])}[/]", escape(expert["school"] or ""))))
        # the sentence begins with the band, which stands beside it
        why = expert["explanation"].removeprefix(f"{expert['band'].capitalize()}: ")
        table.add_row(coloured_band(expert["band"]), f"{who}\n{escape(why)}")
    return table


def coloured_band(band: str) -> str:
    colour = _BAND_COLOURS.get(band, "dim")
    return f"[{colour}]{band}[/]"


def show_release(info: Mapping[str, Any]) -> None:
    console.print(f"[dim]{escape(str(info['district_name']))} · release {info['release_id']}[/]")
    if info["is_synthetic"]:
        console.print(SYNTHETIC)


def new_table(*columns: str, right: Sequence[str] = ()) -> Table:
    table = Table(header_style="bold", show_edge=False, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for column in right:
        table.add_column(column, justify="right")
    return table
