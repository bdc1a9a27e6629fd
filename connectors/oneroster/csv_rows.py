"""Rows of one OneRoster CSV file, with what the format promises checked.

Belongs here: decoding, the header, rows of the wrong width, what a delta row must hold,
lists inside a cell. Does not belong here: which file (delivery), who is staff (people).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from io import BufferedReader

from connectors.core.errors import ContractBroken
from connectors.core.schema import Stream

Row = dict[str, str]
Reject = Callable[[int | None, str, str], None]
"""Takes the line, the field and the reason: `Sink.add_reject`."""

MOST_LINE = 1 << 20
"""Characters of one line: what never ends is not gathered."""

METADATA = "metadata"
_METADATA_PREFIX = "metadata."
_LISTS = frozenset({"orgSourcedIds", "grades", "subjects", "subjectCodes", "termSourcedIds"})
_DELTA_COLUMNS = ("status", "dateLastModified")


def rows_of(
    content: BufferedReader, shown: str, stream: Stream, also_required: tuple[str, ...], is_delta: bool, reject: Reject
) -> Iterator[Row]:
    """The rows by column name. A row that can't be one is rejected.

    also_required: columns that must be there besides the stream's required fields. Raises
    ContractBroken where the file is not CSV in UTF-8, or lacks a column.
    """
    text = io.TextIOWrapper(content, encoding="utf-8-sig", errors="strict", newline="")
    reader = csv.reader(_lines(text, shown), strict=True)
    line = 0
    try:
        header = [cell.strip() for cell in next(reader, [])]
        _check_header(header, shown, stream, also_required, is_delta)
        for cells in reader:
            line, width = reader.line_num, len(cells)
            if not any(cells):
                continue
            if width != len(header):
                reject(line, "(row)", f"{shown} line {line}: {width} cells where the header has {len(header)}")
                continue
            row = dict(zip(header, cells, strict=True))
            blank = [name for name in _DELTA_COLUMNS if is_delta and not row[name].strip()]
            if blank:
                reject(line, blank[0], f"{shown} line {line}: blank, and a delta file must hold it")
                continue
            yield row
    except UnicodeDecodeError:
        raise ContractBroken(
            f"{shown}: not in UTF-8 behind line {line}, as OneRoster files must be. Ask for it in UTF-8"
        ) from None
    except csv.Error as fault:
        raise ContractBroken(f"{shown}: can't be read as CSV behind line {line} ({fault}). Ask for it again") from None
    finally:
        text.detach()


def _lines(text: io.TextIOWrapper, shown: str) -> Iterator[str]:
    while line := text.readline(MOST_LINE):
        if len(line) == MOST_LINE:
            raise ContractBroken(f"{shown}: a line of more than {MOST_LINE} characters. Ask for it again")
        yield line


def landed_columns(row: Row, stream: Stream) -> Row:
    """The row as it is landed: lists and the metadata columns as JSON, what is omitted left out."""
    landed: Row = {}
    metadata: Row = {}
    omitted = set(stream.omitted)
    for name, cell in row.items():
        if name.startswith(_METADATA_PREFIX):
            if cell.strip():
                metadata[name.removeprefix(_METADATA_PREFIX)] = cell
        elif name not in omitted:
            landed[name] = _list(cell) if name in _LISTS else cell
    if metadata:
        landed[METADATA] = json.dumps(metadata)
    return landed


def _list(cell: str) -> str:
    items = [item.strip() for item in cell.split(",")]
    return json.dumps([item for item in items if item]) if any(items) else ""


def _check_header(
    header: list[str], shown: str, stream: Stream, also_required: tuple[str, ...], is_delta: bool
) -> None:
    if not any(header):
        raise ContractBroken(f"{shown}: the file is empty, not even a header. Ask for it again")
    needed = [field.name for field in stream.fields if field.required] + list(also_required)
    needed += [name for name in _DELTA_COLUMNS if is_delta]
    missing = [name for name in needed if name not in header]
    if missing:
        raise ContractBroken(
            f"{shown}: the header has no {', '.join(missing)}, as OneRoster asks for. "
            "Is the file in another layout, or were columns renamed?"
        )
    if len(set(header)) < len(header):
        raise ContractBroken(f"{shown}: a column stands twice in the header. Ask for it again")
