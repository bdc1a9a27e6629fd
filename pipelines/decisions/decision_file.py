"""A CSV file of decisions: one a row, under the names of their parts.

Belongs here: reading the file, with every fault of it at once and its line. Does not belong here:
what makes a decision valid (kinds), keeping them (store).

Columns: kind, subject_source, subject_id, target_source, target_id, decision, reason, decided_by;
where wanted, detail (a JSON object) and decided_at (an instant with its offset, or a date: the
beginning of that day in the district's time zone; empty is now).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.core.documents import nearest
from pipelines.decisions.faults import DecisionRefused
from pipelines.decisions.kinds import THING, NewDecision, checked

REQUIRED = ("kind", "subject_source", "subject_id", "target_source", "target_id", "decision", "reason", "decided_by")
OPTIONAL = ("detail", "decided_at")
MOST_BYTES = 16 << 20

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def read_decision_file(path: Path, zone: ZoneInfo) -> list[tuple[int, NewDecision]]:
    """Line and decision, as the file has them. zone: the district's.

    Raises DecisionRefused with every fault of the file, or OSError where it can't be read.
    """
    now = datetime.now(UTC)
    decisions: list[tuple[int, NewDecision]] = []
    faults: list[str] = []
    first_lines: dict[tuple[object, ...], int] = {}
    for line, row in _rows(_text(path), faults):
        try:
            decision = checked(_decision(row, zone), now)
        except DecisionRefused as refused:
            faults += [f"line {line}: {fault}" for fault in refused.faults]
            continue
        same = (*(getattr(decision, name) for name in THING), decision.decided_at)
        if (first := first_lines.setdefault(same, line)) != line:
            faults.append(f"line {line}: decides the same thing as line {first}; leave one of them out")
        decisions.append((line, decision))
    if not decisions and not faults:
        faults.append("the file has a header and no decision below it")
    if faults:
        raise DecisionRefused(faults)
    return decisions


def _text(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise DecisionRefused([f"the file is larger than {MOST_BYTES >> 20} MiB. Is it another one?"])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DecisionRefused(["the file can't be read as text: save it as CSV in UTF-8"]) from None


def _rows(text: str, faults: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Line and row of everything that fits the header; what does not becomes a fault."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] | None = None
    line = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error:
            faults.append(f"line {line}: no CSV row: look for a quotation mark without its partner")
            return
        if cells is None:
            break
        if any(cell.strip() for cell in cells):
            if header is None:
                header = [cell.strip().lower() for cell in cells]
                if found := _header_faults(header):
                    faults += found
                    return
            elif len(cells) != len(header):
                faults.append(f"line {line}: {len(cells)} cells under a header of {len(header)}")
            else:
                yield line, dict(zip(header, cells, strict=True))
        line = reader.line_num + 1
    if header is None:
        faults.append(f"the file is empty; its header is {','.join(REQUIRED)}")


def _header_faults(header: list[str]) -> list[str]:
    known = [*REQUIRED, *OPTIONAL]
    faults = [f"the column {name} is missing" for name in REQUIRED if name not in header]
    faults += [
        f"column {number} of the header is unknown.{nearest(name, known)}"
        for number, name in enumerate(header, start=1)
        if name not in known
    ]
    return faults + [f"the column {name} stands twice" for name in known if header.count(name) > 1]


def _decision(row: dict[str, str], zone: ZoneInfo) -> NewDecision:
    decided_at = row.get("decided_at", "").strip()
    return NewDecision(
        **{name: row[name] for name in REQUIRED},
        detail=row.get("detail") or None,
        decided_at=_instant(decided_at, zone) if decided_at else None,
    )


def _instant(text: str, zone: ZoneInfo) -> datetime:
    try:
        if _DATE.fullmatch(text):
            return datetime.combine(date.fromisoformat(text), time(), zone)
        return datetime.fromisoformat(text)
    except ValueError:
        raise DecisionRefused(["decided_at is no date such as 2026-11-15, nor 2026-11-15T09:30:00Z"]) from None
