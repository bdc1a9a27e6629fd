"""An XLSX sheet read in batches, every cell as text: `4217` without `.0`, dates as ISO.

Belongs here: turning a sheet's cells into text. Does not belong here: what an archive
may come to (archive), what columns mean (mapping, shaping).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from connectors.core.errors import ContractBroken
from connectors.files.archive import INFLATED_BYTES_CAP, inspect
from connectors.files.headers import Header

BATCH_ROWS = 50_000


@dataclass
class Workbook:
    """One sheet of one workbook. `open` first, then `batches`.

    Raises ContractBroken where the workbook is not one, inflates beyond the cap, or
    lacks the sheet.
    """

    path: Path
    name: str
    sheet: str | None = None
    skip_rows: int = 0
    inflated_bytes_cap: int = INFLATED_BYTES_CAP
    header: Header = field(init=False)
    header_row: int = field(default=0, init=False)
    """Rows of the sheet before the header, those skipped included."""
    error_cells: int = field(default=0, init=False)
    _cells: pl.DataFrame = field(init=False)

    def open(self) -> Header:
        """Inspect the archive, read the sheet, find the header."""
        self.error_cells = inspect(self.path, self.name, self.inflated_bytes_cap).error_cells
        import fastexcel

        try:
            book = fastexcel.read_excel(self.path)
            if self.sheet is not None and self.sheet not in book.sheet_names:
                raise ContractBroken(
                    f"{self.name}: no sheet {self.sheet!r}. Sheets found: {', '.join(book.sheet_names)}"
                )
            # a number to skip keeps blank leading rows, so that skip_rows counts the sheet's own rows
            cells = book.load_sheet(
                self.sheet if self.sheet is not None else 0, header_row=None, skip_rows=self.skip_rows, dtypes="string"
            ).to_polars()
        except fastexcel.FastExcelError as fault:
            raise ContractBroken(f"{self.name}: the workbook can't be read ({type(fault).__name__})") from None
        is_filled = cells.select(pl.any_horizontal(pl.all().str.strip_chars().fill_null("") != "")).to_series()
        at = is_filled.arg_max() if is_filled.len() and is_filled.any() else None
        if at is None:
            after = f" after the {self.skip_rows} skipped rows" if self.skip_rows else ""
            raise ContractBroken(f"{self.name}: the sheet is empty{after}. Ask for the export again")
        self.header = Header.of([cell or "" for cell in cells.row(at)])
        self.header_row = self.skip_rows + at
        self._cells = cells.slice(at + 1)
        self._cells.columns = list(self.header.names)
        return self.header

    def batches(self) -> Iterator[pl.DataFrame]:
        """Text frames under the header's names."""
        for frame in self._cells.iter_slices(BATCH_ROWS):
            yield frame.with_columns(pl.all().str.replace(r"^([0-9]{4}-[0-9]{2}-[0-9]{2}) 00:00:00$", "${1}"))
