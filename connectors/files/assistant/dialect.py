"""How an unknown export is written: workbook or text, encoding, delimiter, where the header stands.

Belongs here: finding that out, with a reason for each. Does not belong here: what columns
hold (profile).
"""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from connectors.core.errors import ContractBroken
from connectors.files.headers import looks_like_data
from connectors.files.workbook import Workbook

_SAMPLE_BYTES = 256 << 10
_READ_BYTES = 1 << 20
_DELIMITERS = (",", ";", "\t", "|")
_ROWS_LOOKED_AT = 200
_ROWS_BEFORE_HEADER = 30
_LIKELY_CODECS = ["cp1252", "mac_roman"]
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True)
class Dialect:
    """What a mapping declares of a file's form, and why."""

    format: Literal["csv", "xlsx"]
    encoding: str = "utf-8"
    delimiter: str = ","
    skip_rows: int = 0
    reasons: tuple[str, ...] = ()
    is_encoding_certain: bool = True


def find_dialect(path: Path) -> Dialect:
    """How the file is written. Raises ContractBroken where it can't be told, saying why."""
    with path.open("rb") as file:
        start = file.read(8)
    if not start:
        raise ContractBroken(f"{path.name}: the file is empty. Ask for the export again")
    if start.startswith(_OLD_WORKBOOK):
        raise ContractBroken(f"{path.name}: an .xls file, or a workbook with a password. Save it as .xlsx without one")
    if start.startswith(b"PK"):
        return _workbook(path)
    encoding, is_certain, why = _encoding(path, start)
    with path.open("rb") as file:
        sample = file.read(_SAMPLE_BYTES)
    text = codecs.getincrementaldecoder(encoding)("ignore").decode(sample).removeprefix("\ufeff")
    if len(sample) == _SAMPLE_BYTES:
        text = text[: text.rfind("\n") + 1] or text
    delimiter, rows = _delimiter(path.name, text)
    at = _header(path.name, [cells for _, cells in rows])
    skip = rows[at - 1][0] if at else 0
    reasons = [why, f"{len(rows[at][1])} cells a row when split at {delimiter!r}"]
    if skip:
        reasons.append(f"the header stands after {skip} line{'s' * (skip != 1)} of other text")
    return Dialect("csv", encoding, delimiter, skip, tuple(reasons), is_certain)


def _workbook(path: Path) -> Dialect:
    book = Workbook(path, path.name)
    first = book.open()
    body = next(book.batches(), None)
    rows: list[Sequence[str]] = [first.names]
    if body is not None:
        rows += [[cell or "" for cell in row] for row in body.head(_ROWS_LOOKED_AT).rows()]
    # names that a blank header cell was given say nothing here
    rows[0] = ["" if name == f"column_{place}" else name for place, name in enumerate(first.names, start=1)]
    at = _header(path.name, rows)
    skip = book.header_row + at if at else 0
    reasons = ["an XLSX workbook; its first sheet"]
    if skip:
        reasons.append(f"the header stands after {skip} row{'s' * (skip != 1)} of other text")
    return Dialect("xlsx", skip_rows=skip, reasons=tuple(reasons))


def _encoding(path: Path, start: bytes) -> tuple[str, bool, str]:
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8", True, "UTF-8 with a byte order mark"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", True, "UTF-16 with a byte order mark"
    if start[1:2] == b"\x00":
        return "utf-16-le", True, "every other byte is zero: UTF-16"
    if start[:1] == b"\x00":
        return "utf-16-be", True, "every other byte is zero: UTF-16"
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    is_plain = True
    with path.open("rb") as file:
        try:
            while block := file.read(_READ_BYTES):
                is_plain = is_plain and block.isascii()
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return _single_byte(path)
    return "utf-8", True, "plain letters only" if is_plain else "the whole file reads as UTF-8"


def _single_byte(path: Path) -> tuple[str, bool, str]:
    from charset_normalizer import from_bytes

    sample = b""
    with path.open("rb") as file:
        # plain lines say nothing of the encoding and drown what does
        for line in file:
            if not line.isascii():
                sample += line[:2000]
            if len(sample) > _SAMPLE_BYTES:
                break
    match = from_bytes(sample, cp_isolation=_LIKELY_CODECS).best()
    likely = match.encoding.replace("_", "-") if match else "cp1252"
    return likely, False, f"not UTF-8; {likely} is likely: look at an accented name after loading"


def _delimiter(name: str, text: str) -> tuple[str, list[tuple[int, list[str]]]]:
    """The delimiter under which most rows have the same number of cells, and the rows with their last line."""
    best: tuple[float, int, str, list[tuple[int, list[str]]]] = (0.0, 0, "", [])
    for delimiter in _DELIMITERS:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        rows: list[tuple[int, list[str]]] = []
        try:
            for cells in reader:
                rows.append((reader.line_num, cells))
                if len(rows) > _ROWS_LOOKED_AT:
                    break
        except csv.Error:
            continue
        widths = Counter(len(cells) for _, cells in rows if any(cell.strip() for cell in cells))
        wide = {width: count for width, count in widths.items() if width > 1}
        if not wide:
            continue
        width = max(wide, key=lambda each: (wide[each], each))
        candidate = (round(wide[width] / sum(widths.values()), 1), width, delimiter, rows)
        if candidate[:2] > best[:2]:
            best = candidate
    if best[0] < 0.5:
        raise ContractBroken(
            f"{name}: its rows have no common number of cells, whether split at commas, semicolons, tabs or bars. "
            "Is it a table? Ask for the export as CSV or XLSX"
        )
    return best[2], best[3]


def _header(name: str, rows: Sequence[Sequence[str]]) -> int:
    """The index of the header among rows. Raises ContractBroken where the rows begin with data."""
    widths = Counter(len(cells) for cells in rows if any(cell.strip() for cell in cells))
    width = max(widths, key=lambda each: (widths[each] if each > 1 else 0, each))
    for index, cells in enumerate(rows[:_ROWS_BEFORE_HEADER]):
        filled = [cell.strip() for cell in cells if cell.strip()]
        if len(cells) != width or len(filled) <= width / 2:
            continue
        if sum(looks_like_data(cell) for cell in filled) > len(filled) * 0.3:
            break
        return index
    raise ContractBroken(
        f"{name}: no header was found: the first full row looks like data, so it is not shown. Ask for the export with "
        "a row of column names"
    )
