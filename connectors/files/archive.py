"""What an XLSX archive would become in memory, measured before anything parses it.

Belongs here: reading every member to nowhere, in blocks, and refusing what grows beyond
the caps. Does not belong here: cells and their values (workbook).

A workbook of a kilobyte can ask for hundreds of gigabytes: by deflating zeros, by one cell
in the last row and column (the sheet is laid out as a rectangle), or by one long text that
every cell refers to. Where memory runs out the parser ends the whole process, so none of
them may reach it. Members are never written anywhere, whatever their names are.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from connectors.core.errors import ContractBroken

INFLATED_BYTES_CAP = 512 << 20
MOST_CELLS = 16_000_000
MOST_SHARED_TEXT_BYTES = 256 << 20
MOST_DIRECTORY_BYTES = 4 << 20
_READ_BYTES = 1 << 20
_CARRIED_BYTES = 4096
_END = b"PK\x05\x06"
_END64 = b"PK\x06\x07"
_ERROR_CELL = b' t="e"'
# the cell's place, and whether its tag closes at once: such a cell holds a format only
_PLACE = re.compile(
    rb"""\sr\s*=\s*["']([A-Za-z]{1,3})([0-9]{1,7})["'](?:\s+[\w:]+\s*=\s*"[^"<>]*")*\s*(/?)""", re.ASCII
)
_SHARED_CELL = re.compile(rb"""\st\s*=\s*["']s["']""", re.ASCII)
_SHARED_INDEX = re.compile(rb"""\st\s*=\s*["']s["'][^<>]*>\s*<(?:\w+:)?v[^<>]*>\s*([0-9]{1,9})\s*<""", re.ASCII)
_TEXT_END = re.compile(rb"</(?:\w+:)?si\s*>")


@dataclass
class Contents:
    """What was counted while the members were read."""

    error_cells: int = 0
    text_lengths: list[int] = field(default_factory=list)
    """Upper bounds, in bytes, of the shared texts in order."""
    references: dict[str, pl.Series] = field(default_factory=dict)
    """Which shared texts the cells ask for, by member."""
    unplaced: dict[str, int] = field(default_factory=dict)
    """Cells that ask for a shared text in a way that was not understood, by member."""


def inspect(path: Path, name: str, inflated_bytes_cap: int = INFLATED_BYTES_CAP) -> Contents:
    """Read the whole archive to nowhere. Raises ContractBroken where it is none, or grows beyond a cap."""
    if path.stat().st_size == 0:
        raise ContractBroken(f"{name}: the file is empty. Ask for the export again")
    contents = Contents()
    try:
        if _directory_bytes(path) > MOST_DIRECTORY_BYTES:
            raise ContractBroken(
                f"{name}: refused, since its archive lists more members than any workbook has. Ask for the export again"
            )
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if sum(member.file_size for member in members) > inflated_bytes_cap:
                raise _too_large(name, f"inflates beyond {inflated_bytes_cap >> 20} MiB")
            for member in members:
                # reading to the end also proves that the declared size is the true one
                _measure(name, member.filename, archive, contents)
            names = {member.filename for member in members}
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError):
        raise ContractBroken(
            f"{name}: not a readable XLSX workbook. An .xls file, a password or a broken download look like "
            "this: save it again as .xlsx without a password"
        ) from None
    if "content.xml" in names or "xl/workbook.bin" in names:
        raise ContractBroken(f"{name}: an OpenDocument or binary workbook. Save it as .xlsx")
    _refuse_repeated_texts(name, contents)
    return contents


def _too_large(name: str, what: str) -> ContractBroken:
    return ContractBroken(f"{name}: refused, since it {what}. Split the export, or deliver it as CSV")


def _directory_bytes(path: Path) -> int:
    """The size of the archive's list of members, which is read whole before any other limit holds."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        start = max(0, size - (1 << 16) - 22)
        file.seek(start)
        tail = file.read()
        at = tail.rfind(_END)
        if at < 0:
            raise zipfile.BadZipFile
        (directory,) = struct.unpack_from("<I", tail, at + 12)
        if at >= 20 and tail[at - 20 : at - 16] == _END64:
            (record,) = struct.unpack_from("<Q", tail, at - 12)
            file.seek(record + 40)
            (directory,) = struct.unpack("<Q", file.read(8))
    return int(directory)


def _measure(name: str, member: str, archive: zipfile.ZipFile, contents: Contents) -> None:
    is_sheet = member.startswith("xl/worksheets/")
    last_row = last_column = 0
    shared_cells = shared_found = 0
    indexes = pl.Series("index", [], dtype=pl.UInt32)
    length = 0
    for block in _blocks(archive, member):
        if is_sheet:
            contents.error_cells += block.count(_ERROR_CELL)
        if places := [place for place in _PLACE.findall(block) if not place[2]]:
            last_row = max(last_row, max(int(digits) for _, digits, _ in places))
            last_column = max(last_column, max(map(_column, {letters for letters, _, _ in places})))
        shared_cells += len(_SHARED_CELL.findall(block))
        if found := _SHARED_INDEX.findall(block):
            shared_found += len(found)
            indexes = indexes.append(pl.Series("index", [int(index) for index in found], dtype=pl.UInt32))
        *ended, rest = _TEXT_END.split(block)
        for text in ended:
            contents.text_lengths.append(length + len(text))
            length = 0
        length += len(rest)
        if last_row * last_column > MOST_CELLS:
            raise ContractBroken(
                f"{name}: refused, since a cell in row {last_row:,} and column {last_column:,} makes the sheet one of "
                f"{last_row * last_column:,} cells, more than the {MOST_CELLS:,} that are read. Delete what stands "
                "alone far from the table, or deliver it as CSV"
            )
    if shared_cells:
        contents.references[member] = indexes
        contents.unplaced[member] = max(0, shared_cells - shared_found)


def _blocks(archive: zipfile.ZipFile, member: str) -> Iterator[bytes]:
    """A member's content block by block, none of which ends within a tag, nor between a cell and its value."""
    carried = b""
    with archive.open(member) as content:
        while block := content.read(_READ_BYTES):
            joined = carried + block
            cut = joined.rfind(b"<")
            cell = max(joined.rfind(b"<c ", 0, cut), joined.rfind(b":c ", 0, cut))
            cut = cell if cell >= 0 and cut - cell < _CARRIED_BYTES else cut
            if cut <= 0 or len(joined) - cut > _CARRIED_BYTES:
                cut = len(joined)
            carried = joined[cut:]
            yield joined[:cut]
    if carried:
        yield carried


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _refuse_repeated_texts(name: str, contents: Contents) -> None:
    lengths = pl.Series(contents.text_lengths, dtype=pl.Int64)
    longest = int(lengths.max() or 0)  # type: ignore[arg-type]
    for member, indexes in contents.references.items():
        known = indexes.filter(indexes < lengths.len())
        texts = int(lengths.gather(known).sum()) + contents.unplaced[member] * longest
        if texts > MOST_SHARED_TEXT_BYTES:
            raise _too_large(name, f"repeats texts until they come to more than {MOST_SHARED_TEXT_BYTES >> 20} MiB")
