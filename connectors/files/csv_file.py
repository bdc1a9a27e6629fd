"""Delimited text read in batches, every cell as text, with nothing cut, padded or guessed.

Belongs here: decoding, the header, rows of the wrong width, quotes that never close.
Does not belong here: what columns mean (mapping, shaping).

The file is decoded here, chunk by chunk and strictly, and handed as UTF-8 to Arrow's
incremental reader: it tells rows of the wrong width apart, which Polars' own reader
pads with nulls in silence, and it keeps memory flat.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from connectors.core.errors import ContractBroken
from connectors.files.headers import Header

READ_BYTES = 1 << 20
BLOCK_BYTES = 8 << 20
MOST_RAGGED_ROWS = 10_000
_SAMPLE_BYTES = 64 << 10
_LIKELY_CODECS = ["utf_8", "cp1252", "mac_roman", "utf_16_le", "utf_16_be"]


@dataclass(frozen=True)
class RaggedRow:
    """A row whose cells are not as many as the header's. line: 1-based line of the file."""

    line: int
    cells: int


@dataclass
class CsvFile:
    """One delimited file. `open` first, then `batches`, then `ragged_rows`.

    name: the file as messages call it. Raises ContractBroken where the file can't be
    read as declared.
    """

    path: Path
    name: str
    encoding: str = "utf-8"
    delimiter: str = ","
    skip_rows: int = 0
    block_bytes: int = BLOCK_BYTES
    header: Header = field(init=False)
    blank_rows: int = field(default=0, init=False)
    _header_end: int = field(default=0, init=False)
    _ragged: int = field(default=0, init=False)

    def open(self) -> Header:
        """Read the header. A file with no text at all is a fault."""
        chunks = self._decoded()
        first = next(chunks, "")
        chunks.close()
        lines = io.StringIO(first, newline="")
        for _ in range(self.skip_rows):
            lines.readline()
        rows = csv.reader(lines, delimiter=self.delimiter)
        try:
            cells = next((row for row in rows if any(cell.strip() for cell in row)), None)
        except csv.Error as fault:
            raise ContractBroken(f"{self.name}: the header can't be read ({fault})") from None
        if cells is None:
            after = f" after the {self.skip_rows} skipped lines" if self.skip_rows and first.strip() else ""
            raise ContractBroken(f"{self.name}: the file is empty{after}. Ask for the export again")
        if any("\x00" in cell for cell in cells):
            hint = "utf-16-be" if cells[0].startswith("\x00") else "utf-16-le"
            raise ContractBroken(
                f"{self.name}: not {self.encoding} text (every other byte is zero). Try `encoding: {hint}`"
            )
        # what StringIO has handed out so far is the header and everything before it
        self._header_end = lines.tell()
        self.header = Header.of(cells)
        return self.header

    def batches(self) -> Iterator[pl.DataFrame]:
        """Text frames under the header's names; rows of the wrong width left out and counted."""
        import pyarrow as pa
        from pyarrow import csv as arrow_csv

        body = _Utf8Body(self._decoded(), self._header_end)
        names = list(self.header.names)
        try:
            reader = arrow_csv.open_csv(
                pa.PythonFile(body, mode="r"),
                read_options=arrow_csv.ReadOptions(column_names=names, block_size=self.block_bytes, use_threads=False),
                parse_options=arrow_csv.ParseOptions(
                    delimiter=self.delimiter, newlines_in_values=True, invalid_row_handler=self._count_ragged
                ),
                convert_options=arrow_csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
                ),
            )
            for batch in reader:
                if batch.num_rows:
                    yield pl.DataFrame(batch)
                self._stop_if_all_ragged()
        except pa.ArrowInvalid as fault:
            if body.is_empty:
                return
            self._check_quotes()
            raise ContractBroken(
                f"{self.name}: can't be read as text delimited by {self.delimiter!r} ({str(fault).splitlines()[0]})"
            ) from None
        self._stop_if_all_ragged()
        if body.quote_count % 2:
            self._check_quotes()

    @property
    def ragged_count(self) -> int:
        """Rows of the wrong width that `batches` left out."""
        return self._ragged

    def ragged_rows(self) -> Iterator[RaggedRow]:
        """Where the rows of the wrong width stand; reads the file once more, so ask only if there are any."""
        width = len(self.header.names)
        for line, cells in self._rows(strict=False):
            if len(cells) != width and any(cell.strip() for cell in cells):
                yield RaggedRow(line, len(cells))

    def _count_ragged(self, row: Any) -> str:
        if row.text.strip(self.delimiter + '" \t\r\n\u00a0'):
            self._ragged += 1
        else:
            self.blank_rows += 1
        return "skip"

    def _stop_if_all_ragged(self) -> None:
        if self._ragged > MOST_RAGGED_ROWS:
            raise ContractBroken(
                f"{self.name}: more than {MOST_RAGGED_ROWS} rows have not the {len(self.header.names)} cells of the "
                f"header. Is the delimiter {self.delimiter!r}, and is skip_rows {self.skip_rows} right?"
            )

    def _check_quotes(self) -> None:
        """Raise where a quoted cell runs into the end of the file: it swallowed the rows after it."""
        start = 0
        try:
            for line, _ in self._rows(strict=True):
                start = line
        except csv.Error as fault:
            if "unexpected end" in str(fault) or "field larger" in str(fault):
                raise ContractBroken(
                    f"{self.name}: a quote opened after line {start} is never closed, so the rows behind it can't be "
                    "told apart. Ask for the export again, or correct that line"
                ) from None

    def _rows(self, strict: bool) -> Iterator[tuple[int, list[str]]]:
        """Last line and cells of every row after the header."""
        lines = _lines(self._decoded(), self._header_end)
        before = next(lines).count("\n")
        rows = csv.reader(lines, delimiter=self.delimiter, strict=strict)
        for cells in rows:
            if cells:
                yield before + rows.line_num, cells

    def _decoded(self) -> Generator[str, None, None]:
        """The file's text, chunk by chunk, without a byte order mark.

        Raises ContractBroken naming the first byte that the declared encoding can't be.
        """
        codec = codecs.lookup(self.encoding).name
        decoder = codecs.getincrementaldecoder(codec)("strict")
        as_utf8 = (
            None if codec.startswith("utf") or codec == "ascii" else codecs.getincrementaldecoder("utf-8")("strict")
        )
        is_plain = True
        consumed = 0
        with self.path.open("rb") as file:
            while True:
                block = file.read(READ_BYTES)
                pending = len(decoder.getstate()[0])
                try:
                    text = decoder.decode(block, final=not block)
                except UnicodeDecodeError as fault:
                    raise self._not_text(codec, consumed - pending + fault.start) from None
                if as_utf8:
                    is_plain = is_plain and block.isascii()
                    try:
                        as_utf8.decode(block, final=not block)
                    except UnicodeDecodeError:
                        as_utf8 = None
                if consumed == 0:
                    text = text.removeprefix("\ufeff")
                consumed += len(block)
                if text:
                    yield text
                if not block:
                    break
        if as_utf8 and not is_plain:
            raise ContractBroken(
                f"{self.name}: the mapping says encoding {self.encoding}, but the whole file reads as UTF-8. "
                "Write `encoding: utf-8` in its mapping, else accented letters come out wrong"
            )

    def _not_text(self, codec: str, position: int) -> ContractBroken:
        from charset_normalizer import from_bytes

        with self.path.open("rb") as file:
            start = file.read(4)
            file.seek(max(0, position - _SAMPLE_BYTES // 2))
            window = file.read(_SAMPLE_BYTES)
        # plain lines say nothing of the encoding and drown what does
        sample = b"\n".join(line for line in window.splitlines() if not line.isascii())
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            likely: str | None = "utf-16"
        else:
            match = from_bytes(sample, cp_isolation=[name for name in _LIKELY_CODECS if name != codec]).best()
            likely = match.encoding.replace("_", "-") if match else None
        hint = (
            f"It looks like {likely}: try `encoding: {likely}` in its mapping" if likely else "Ask how it was exported"
        )
        return ContractBroken(f"{self.name}: byte {position} can't be {self.encoding} text. {hint}")


class _Utf8Body(io.RawIOBase):
    """Decoded text from a position on, as the UTF-8 bytes that Arrow reads; counts quotes."""

    def __init__(self, chunks: Iterator[str], skip: int) -> None:
        self._chunks = chunks
        self._skip = skip
        self._buffer = b""
        self.quote_count = 0
        self.is_empty = True

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while not self._buffer:
            text = next(self._chunks, None)
            if text is None:
                return b""
            text, self._skip = text[self._skip :], max(0, self._skip - len(text))
            self.quote_count += text.count('"')
            self.is_empty = self.is_empty and not text.strip()
            self._buffer = text.encode("utf-8", "replace")
        taken, self._buffer = (self._buffer, b"") if size < 0 else (self._buffer[:size], self._buffer[size:])
        return taken


def _lines(chunks: Iterator[str], skip: int) -> Iterator[str]:
    """First the text up to `skip`, then line by line what follows, endings kept."""
    first = next(chunks, "")
    yield first[:skip]
    rest = first[skip:]
    for chunk in chunks:
        lines = io.StringIO(rest + chunk, newline="").readlines()
        rest = lines.pop() if lines else ""
        yield from lines
    yield from io.StringIO(rest, newline="").readlines()
