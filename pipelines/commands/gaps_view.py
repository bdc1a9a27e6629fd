"""How gaps and equity of access look on a screen, in at most 80 columns.

Belongs here: tables, bars and the sentences under them. Does not belong here: what is asked or seen (apps.gaps).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.markup import escape

from pipelines.apps.gaps import Access, Gaps
from pipelines.screen import console, new_table, show_release

SHOWN = 23
_BAR = 8
_REMARK = 12
_CHARACTERISTICS = {
    "poverty": "By share of economically disadvantaged students",
    "staffing stability": "By share of teachers retained from the year before",
    "grade span": "By grade span",
}


def show_gaps(found: Gaps, viewer: str, info: Mapping[str, Any]) -> None:
    """One line a competency, or a school: need, who could share it, cover, what to look at."""
    rows = found["rows"]
    if found["message"]:
        console.print(escape(found["message"]))
    if rows and not all(row["cover_state"] == "no evidence" for row in rows):
        console.print(_gap_table(found))
        if len(rows) > SHOWN:
            console.print(f"and {len(rows) - SHOWN} more; `--json` holds them all.")
        console.print(_legend(found))
    console.print(f"[dim]As seen by {escape(viewer)}.[/]")
    show_release(info)


def _gap_table(found: Gaps) -> Any:
    first = "School" if found["scope"] == "schools" else "Competency"
    name = "school" if found["scope"] == "schools" else "competency"
    if found["sees_need"]:
        table = new_table(first, right=("Need", "Expert", "Strong"))
        table.add_column("Cover", no_wrap=True)
        table.add_column("Look at")
    else:
        table = new_table(first, right=("Expert", "Strong", "Demonstrated"))
        table.add_column("Look at")
    table.columns[0].no_wrap = True
    table.columns[0].overflow = "ellipsis"
    for column in table.columns[1:]:
        column.min_width = len(str(column.header))
    table.columns[-1].min_width = _REMARK
    # counts are read, a name is known by its beginning
    taken = sum(3 + (column.min_width or 0) for column in table.columns[1:]) + (_BAR - 1 if found["sees_need"] else 0)
    table.columns[0].max_width = max(16, console.width - taken)
    table.title = escape(_title(found))
    table.title_justify = "left"
    for row in found["rows"][:SHOWN]:
        counts = (f"{row['expert_count']}", f"{row['strong_practice_count']}")
        if not found["sees_need"]:
            table.add_row(escape(row[name]), *counts, f"{row['demonstrated_count']}", _remark(row, found["sees_need"]))
        elif row["need_count"] is None:
            table.add_row(escape(row[name]), "[dim]·[/]", *counts, "", _remark(row, found["sees_need"]))
        elif row["cover_state"] == "no evidence":
            table.add_row(escape(row[name]), "[dim]?[/]", "[dim]?[/]", "[dim]?[/]", "", "[dim]no evidence[/]")
        else:
            table.add_row(
                escape(row[name]), f"{row['need_count']}", *counts, _bar(row), _remark(row, found["sees_need"])
            )
    return table


def _title(found: Gaps) -> str:
    where = found["school"] or ("by school" if found["scope"] == "schools" else "the whole district")
    what = found["competency"] or found["group"]
    parts = [what, where] if what else [where]
    if found["scope"] != "schools" and found["rows"]:
        parts.append(f"{found['rows'][0]['staff_count']:,} staff")
    when = "today" if found["is_current"] else "by the end of the year"
    return f"Gaps · {' · '.join(parts)} · {found['school_year']}, {when} ({found['as_of_date']})"


def _bar(row: Mapping[str, Any]) -> str:
    """How many could share it for each in need, full from one on; full where nobody is known to need it."""
    share = row["cover_ratio"]
    if share is None:
        return f"[green]{'█' * _BAR}[/]"
    filled = min(_BAR, int(share * _BAR))
    colour = "red" if share < 0.5 else "yellow" if share < 1 else "green"
    return f"[{colour}]{'█' * filled}[/][dim]{'·' * (_BAR - filled)}[/] {share:.1f}"


def _remark(row: Mapping[str, Any], sees_need: bool) -> str:
    size = row["gap_size"]
    told = []
    if size is not None and size > 0:
        told.append(f"[red]{size} short[/]")
    if row["change"] and (size is not None or not sees_need):
        told.append(f"{row['change']:+d}")
    if row["has_single_expert_risk"]:
        told.append("[yellow]only one[/]")
    elif row["supply_count"] == 0:
        told.append("[yellow]nobody[/]")
    return " ".join(told)


def _legend(found: Gaps) -> str:
    lines = ["Counts of people. Only one: with that person it would be gone."]
    if found["sees_need"]:
        lines.insert(0, "Cover: how many could share it (expert, strong practice) for each in need.")
        lines.insert(1, "Short: how many more need it than could share it.")
    if any(row["change"] for row in found["rows"]):
        of = "those who are short" if found["sees_need"] else "those who could share it"
        lines.append(f"+n, -n: change of {of} since the school year before.")
    return "[dim]" + "\n".join(lines) + "[/]"


def show_access(access: Access, viewer: str, info: Mapping[str, Any]) -> None:
    """A table for each subject and characteristic, then the comparison of all staff as sentences."""
    if access["message"]:
        console.print(escape(access["message"]))
    for subject in access["subjects"]:
        when = f"{access['school_year']}, as of {access['as_of_date']}"
        console.print(f"[bold]Who has {escape(subject)} within reach?[/] {when}")
        groups = [row for row in access["groups"] if row["subject"] == subject]
        told = {
            line["characteristic"]: line["sentence"]
            for line in access["comparisons"]
            if line["subject"] == subject and line["staff_group"] == "all staff"
        }
        for characteristic, title in _CHARACTERISTICS.items():
            rows = [row for row in groups if row["characteristic"] == characteristic]
            if rows:
                console.print(_access_table(title, rows, access["sees_need"]))
            if characteristic in told:
                console.print(escape(told[characteristic]))
    console.print(
        "[dim]Reach: share of staff with somebody else in the school who could share it\n"
        "(expert, strong practice); of the leaders and coaches among them, Leaders.\n"
        "Could share: people per 100 staff. Need: people. Schools without evidence are\n"
        "left out of both shares; ? is not known.[/]"
    )
    console.print(f"[dim]As seen by {escape(viewer)}.[/]")
    show_release(info)


def _access_table(title: str, rows: list[dict[str, Any]], sees_need: bool) -> Any:
    """One line a group of schools; leaders and coaches apart where they are told."""
    leaders = {row["school_group"]: row for row in rows if row["staff_group"] == "leaders and coaches"}
    told = ["Leaders"] if leaders else []
    whole = [row for row in rows if row["staff_group"] == "all staff"]
    need = ["Need"] if sees_need else []
    table = new_table("Group", right=("Schools", "Staff", "Reach", *told, "Could share", *need))
    table.title = f"{title}, known of {min(row['known_school_year'] for row in rows)}"
    table.title_justify = "left"
    for row in whole:
        reach = [_share(row)] + [_share(leaders.get(row["school_group"])) for _ in told]
        share = row["supply_per_100_staff"]
        table.add_row(
            escape(row["school_group"]),
            f"{row['school_count']}",
            f"{row['staff_count']:,}",
            *reach,
            "[dim]?[/]" if share is None else f"{share:.1f}",
            *([f"{row['need_count']}"] if sees_need else []),
        )
    return table


def _share(row: Mapping[str, Any] | None) -> str:
    return "[dim]?[/]" if row is None or row["reach_share"] is None else f"{row['reach_share']:.0%}"
