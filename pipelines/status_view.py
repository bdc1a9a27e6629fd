"""The morning view: how `expertise status` looks in a terminal.

Belongs here: what is folded where all is well and what is spelled out where it is not. Does not
belong here: what is well (status).

Top down: the release and its age, one line per source, what needs somebody, years that are missing,
what is dark.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from rich import box
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from pipelines.reconciliation import DeliveryYears
from pipelines.screen import NO_SOURCES, SYNTHETIC, console
from pipelines.status import EntityStatus, Status, StreamStatus

_WIDE = 100
"""Columns of a terminal from which on a troubled stream has its numbers in the table."""
_COLOURS = {
    "loaded": "green",
    "failing": "red",
    "rejected": "red",
    "pending": "yellow",
    "never loaded": "dim",
}
_YEAR_MARKS = {"present": "[green]✓[/]", "missing": "[red]✗[/]", "not expected": "[dim]·[/]"}
_COUNTS = {
    "Reported": "records_reported",
    "Landed": "records_landed",
    "Rejected": "records_rejected",
    "Superseded": "records_superseded",
    "Deleted": "records_deleted",
    "Loaded": "records_loaded",
}


def show_status(status: Status) -> None:
    """Everything of a status, short where all is well."""
    console.print(f"[bold]{escape(status.district)}[/]")
    if status.is_synthetic:
        console.print(SYNTHETIC)
    _show_release(status)
    if not status.streams:
        console.print(NO_SOURCES)
        return
    console.print()
    console.print(_sources(status.streams))
    _show_troubles(status)
    if status.missing_deliveries:
        console.print()
        console.print(_missing_years(status.missing_deliveries))
        console.print(
            "[bold]To do:[/] ask for what is missing (✗), or set `first_school_year` and `last_school_year` "
            "of the source in district.yml"
        )
    # of many platforms a district uses a few: what another one brings already is not missing
    dark = [entity for entity in status.entities if entity.state == "dark"]
    if dark:
        console.print()
        console.print(_dark(dark))


def _show_release(status: Status) -> None:
    if status.release_id is None or status.released_at is None:
        console.print("Release   [red]none published yet[/]")
        return
    age = f"{_ago(status.released_at)} old"
    if status.stale_since is None:
        console.print(f"Release   [green]{status.release_id}[/], {age}")
    else:
        console.print(f"Release   [yellow]{status.release_id}[/], [red]{age}[/]")
        console.print(f"          [red]Nothing new was published[/] since the run of {_moment(status.stale_since)}")
    known = [line for line in status.streams if line.records_loaded is not None]
    if known and not any(line.what_differs for line in known):
        landed, deletes, loaded, deleted, superseded = (
            sum(getattr(line, name) or 0 for line in known)
            for name in (
                "records_landed",
                "delete_markers_landed",
                "records_loaded",
                "records_deleted",
                "records_superseded",
            )
        )
        told = f"{landed:,} landed" + (f" + {deletes:,} deletes" if deletes else "")
        console.print(
            f"Adds up   [green]✓[/] {told} = {loaded:,} loaded + {deleted:,} deleted + {superseded:,} superseded"
        )


def _sources(streams: Sequence[StreamStatus]) -> Table:
    """A line per source with its totals, and one below it for each stream that is not well."""
    table = _plain_table("Source")
    table.add_column("Streams", no_wrap=True)
    for head in _COUNTS:
        table.add_column(head, justify="right", no_wrap=True)
    by_source: dict[str, list[StreamStatus]] = {}
    for line in streams:
        by_source.setdefault(line.connection, []).append(line)
    for source, lines in by_source.items():
        troubled = [line for line in lines if not line.is_well]
        well = len(lines) - len(troubled)
        table.add_row(
            f"[green]✓[/] {source}" if not troubled else f"[{_worst(troubled)}]✗[/] {source}",
            f"{len(lines)}" if not troubled else f"{well} of {len(lines)}",
            *_numbers(lines),
        )
        if console.width >= _WIDE and len(troubled) < len(lines):
            for line in troubled:
                word = "differs" if line.state == "loaded" else line.state
                colour = "red" if line.what_differs else _COLOURS[line.state]
                table.add_row(f"    {line.stream}", f"[{colour}]{word}[/]", *_numbers([line]), style="dim")
    if len(by_source) > 1:
        table.add_section()
        troubled = [line for line in streams if not line.is_well]
        told = f"{len(streams)}" if not troubled else f"{len(streams) - len(troubled)} of {len(streams)}"
        table.add_row("  all", told, *_numbers(streams), style="bold")
    return table


def _worst(troubled: Sequence[StreamStatus]) -> str:
    colours = {"red" if line.what_differs else _COLOURS[line.state] for line in troubled}
    return "red" if "red" in colours else "yellow"


def _numbers(lines: Sequence[StreamStatus]) -> list[str]:
    shown = []
    for name in _COUNTS.values():
        known = [number for line in lines if (number := getattr(line, name)) is not None]
        shown.append(f"{sum(known):,}" if known else "[dim]–[/]")
    return shown


def _show_troubles(status: Status) -> None:
    """What needs somebody: what, since when, why, what to do. Streams with one fault are told once."""
    groups: dict[tuple[str | None, ...], list[StreamStatus]] = {}
    for line in status.streams:
        if not line.is_well:
            # a reason begins with the stream that it is of
            reason = (line.reason or "").removeprefix(f"{line.connection}.{line.stream}: ") or None
            groups.setdefault((line.connection, line.state, reason, line.what_to_do, line.what_differs), []).append(
                line
            )
    if not groups and not status.faults:
        waiting = sum(line.records_waiting for line in status.streams)
        if waiting:
            console.print(f"\n{waiting:,} records that landed since wait for the next run.")
        return
    for (connection, state, reason, todo, differs), lines in groups.items():
        first = min((line.since for line in lines if line.since), default=None)
        since = f" since {_moment(first)}, {_ago(first)} ago" if first and state != "loaded" else ""
        word = "does not add up" if state == "loaded" else str(state)
        mark = "[red]✗[/]" if lines[0].has_failed else "[yellow]•[/]"
        console.print(f"\n{mark} [bold]{_name(str(connection), lines)}[/]: {word}{since}")
        if reason or differs:
            _say(escape(reason or differs or ""))
        if lines[0].has_failed:
            _say(f"In the release: {_in_release(lines)}.")
        if todo:
            _say(f"[bold]To do:[/] {escape(todo)}")
    for fault in status.faults:
        console.print(f"\n[red]✗[/] [bold]{escape(fault.where)}[/]")
        _say(escape(fault.what))
    held = sum(line.records_waiting for line in status.streams)
    if held:
        console.print(f"\n{held:,} records that landed since wait for the next release.")


def _say(sentence: str) -> None:
    """A sentence below its heading, indented on every line."""
    console.print(Padding(sentence, (0, 0, 0, 2), expand=False))


def _name(connection: str, lines: Sequence[StreamStatus]) -> str:
    if len(lines) == 1:
        return f"{connection}.{lines[0].stream}"
    return f"{connection}, {len(lines)} streams"


def _in_release(lines: Sequence[StreamStatus]) -> str:
    """What readers still have of it."""
    accepted = [line.last_accepted_at for line in lines if line.last_accepted_at]
    if not accepted:
        return "nothing of it, it was never accepted"
    loaded = sum(line.records_loaded or 0 for line in lines)
    return f"{loaded:,} records, last pulled {_moment(max(accepted))}"


def _missing_years(deliveries: Sequence[DeliveryYears]) -> Table:
    years = sorted({year for line in deliveries for year in line.years})
    newest = years[-1 - (console.width - 40) // 7 :] if len(years) > (console.width - 40) // 7 else years
    table = _plain_table("Missing school years")
    for year in newest:
        table.add_column(f"{year}", justify="center", no_wrap=True)
    for line in deliveries:
        marks = [_YEAR_MARKS[line.years.get(year, "not expected")] for year in newest]
        table.add_row(f"{line.connection}.{line.stream}", *marks)
    return table


def _plain_table(first: str) -> Table:
    """A table without lines between its columns, close together where there is little room."""
    gap = 1 if console.width >= _WIDE else 0
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", show_edge=False, pad_edge=False, padding=(0, gap, 0, 0))
    table.add_column(first, overflow="fold")
    return table


def _dark(entities: Sequence[EntityStatus]) -> Table:
    table = Table(header_style="bold", show_edge=False, pad_edge=False)
    for head in ("Entity", "Not configured", "What that leaves dark"):
        table.add_column(head, overflow="fold")
    for entity in entities:
        table.add_row(entity.entity, ", ".join(entity.dark_feeds), escape(entity.what_goes_dark or ""))
    return table


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _ago(moment: datetime) -> str:
    """How long ago: `25 minutes`, `5 hours`, `3 days`."""
    minutes = max(int((datetime.now(UTC) - moment).total_seconds() // 60), 0)
    for size, unit in ((60 * 24 * 2, "day"), (60 * 2, "hour"), (0, "minute")):
        if minutes >= size:
            number = minutes // {"day": 60 * 24, "hour": 60, "minute": 1}[unit]
            return f"{number} {unit}{'s' * (number != 1)}"
    raise AssertionError("unreachable: no number of minutes is below 0")
