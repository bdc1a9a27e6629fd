"""A table of counts with its totals: which count is the sum of which cells.

Belongs here: totals over dimensions, plain or a hierarchy, and the parts of each. Does not belong here: which counts
are hidden (disclosure), what follows from the printed ones (cell_ranges).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import scipy.sparse as sp

Dimension = str | Sequence[str]
COUNT = "_count"


@dataclass(frozen=True)
class CountTable:
    """Cells, then totals, one row each, and `parts`: rows × cells, 1 where a cell is part of the row.

    `rows` has the columns of the dimensions (null in a total where it sums over them), COUNT, `is_total` and,
    where the table came with it, `is_suppressed`. `counts` are its counts as numbers, nan where there is none.
    """

    rows: pl.DataFrame
    parts: sp.csr_array
    n_cells: int
    columns: tuple[str, ...]
    counts: npt.NDArray[np.float64]

    def levels(self) -> list[tuple[str, ...]]:
        """By which columns the totals are broken down, () for the grand total."""
        return _levels(self.rows.slice(self.n_cells), self.columns)


def every_total(dimensions: Sequence[Dimension]) -> list[tuple[str, ...]]:
    """The columns of every total of a table: all combinations of levels, the grand total () among them.

    A dimension is a column, or columns from coarse to fine that are a hierarchy: ("district", "school") has
    totals by school, by district and over all.
    """
    levels = [
        [tuple(names[:depth]) for depth in range(len(names) + 1)]
        for names in ([dimension] if isinstance(dimension, str) else list(dimension) for dimension in dimensions)
    ]
    every = [tuple(itertools.chain.from_iterable(choice)) for choice in itertools.product(*levels)]
    return [names for names in every if len(names) < sum(len(level) - 1 for level in levels)]


def columns_of(dimensions: Sequence[Dimension]) -> tuple[str, ...]:
    return tuple(itertools.chain.from_iterable([d] if isinstance(d, str) else list(d) for d in dimensions))


def count_table(
    table: pl.DataFrame,
    dimensions: Sequence[Dimension],
    count: str,
    totals: Sequence[Sequence[str]] | None = None,
    suppressed: str | None = None,
) -> CountTable:
    """The table with its totals.

    table: one row per cell, with the columns of the dimensions and a whole number `count`, null where it is hidden
    already. A row in which dimensions are null is a total over these. Where the table holds such rows they are its
    totals; otherwise those named by `totals` (each the columns that it is broken down by, () the grand total) are
    added up, without a name every total.

    Raises ValueError on a missing column, counts that are negative or no whole numbers, a cell or total given twice, a
    total without cells or not the sum of them, and totals to be added up from hidden counts.
    """
    columns = columns_of(dimensions)
    wanted = [*columns, count, *([suppressed] if suppressed else [])]
    missing = [name for name in wanted if name not in table.columns]
    if missing or not columns:
        raise ValueError(
            f"the table has no column {', '.join(missing) or '(no dimension was named)'}; "
            f"it has {', '.join(table.columns)}"
        )
    rows = table.select(*columns, pl.col(count).alias(COUNT), *([pl.col(suppressed)] if suppressed else []))
    if suppressed:
        rows = rows.rename({suppressed: "is_suppressed"})
    _refuse_no_counts(rows, count)
    repeated = int(rows.select(pl.struct(columns).is_duplicated().sum()).item())
    if repeated:
        raise ValueError(f"{repeated} of {rows.height} rows share their {', '.join(columns)}; keep one row per cell")

    is_total = pl.any_horizontal(pl.col(name).is_null() for name in columns)
    rows = rows.with_columns(is_total.alias("is_total"))
    cells = rows.filter(~pl.col("is_total"))
    given = rows.filter("is_total")
    if given.height and totals is not None:
        raise ValueError(f"the table holds {given.height} totals already; name none beside them")
    if not given.height:
        given = _added_up(cells, columns, every_total(dimensions) if totals is None else totals)
    every = pl.concat([cells, given], how="diagonal_relaxed").select(rows.columns)
    counts = every[COUNT].cast(pl.Float64).fill_null(np.nan).to_numpy()
    parts = _parts(every, columns, cells.height)
    _refuse_wrong_totals(counts, parts, cells.height)
    return CountTable(every, parts, cells.height, columns, counts)


def _refuse_no_counts(rows: pl.DataFrame, count: str) -> None:
    if not rows.schema[COUNT].is_numeric() and rows.height and rows[COUNT].null_count() < rows.height:
        raise ValueError(f"{count} holds no numbers; it must hold whole numbers of people")
    number = pl.col(COUNT).cast(pl.Float64)
    wrong = rows.select(((number < 0) | ~number.is_finite() | (number != number.round())).fill_null(False).sum()).item()
    if wrong:
        raise ValueError(
            f"{wrong} of {rows.height} values of {count} are negative or no whole numbers; a count of people is neither"
        )


def _added_up(cells: pl.DataFrame, columns: Sequence[str], totals: Sequence[Sequence[str]]) -> pl.DataFrame:
    unknown = sorted({name for total in totals for name in total} - set(columns))
    if unknown:
        raise ValueError(
            f"totals are broken down by {', '.join(unknown)}, which is no dimension; use {', '.join(columns)}"
        )
    if totals and cells[COUNT].null_count():
        raise ValueError(
            f"{cells[COUNT].null_count()} of {cells.height} cells have no count, so no total can be added up; "
            "give the true counts, or the totals as rows in which what they sum over is null"
        )
    sums = [
        cells.group_by(list(total), maintain_order=True).agg(pl.col(COUNT).sum())
        if total
        else cells.select(pl.col(COUNT).sum())
        for total in dict.fromkeys(tuple(total) for total in totals)
        if len(total) < len(columns) and cells.height
    ]
    empty = cells.clear()
    marked = [frame.with_columns(pl.lit(True).alias("is_total")) for frame in sums]
    return pl.concat([empty, *marked], how="diagonal_relaxed")


def _refuse_wrong_totals(counts: npt.NDArray[np.float64], parts: sp.csr_array, n_cells: int) -> None:
    """Totals of cells that are all known must be their sum; a hidden cell's count is nan and so is its sum."""
    with np.errstate(invalid="ignore"):
        wrong = int((np.abs(parts @ counts[:n_cells] - counts) > 0.5).sum())
    if wrong:
        raise ValueError(
            f"{wrong} of {counts.size - n_cells} totals are not the sum of their cells; check that every unit stands "
            "in one cell and that no cell is left out. A null in a dimension means a total: name what is missing, too"
        )


def _parts(rows: pl.DataFrame, columns: Sequence[str], n_cells: int) -> sp.csr_array:
    """Which cells each row is the sum of, level by level."""
    numbered = rows.with_row_index("_row")
    cells = numbered.head(n_cells).with_columns(pl.col("_row").alias("_cell"))
    totals = numbered.slice(n_cells)
    pairs = [cells.select("_row", "_cell")]
    for by in _levels(totals, columns):
        summed = [name for name in columns if name not in by]
        level = totals.filter(
            *[pl.col(name).is_null() for name in summed], *[pl.col(name).is_not_null() for name in by]
        ).select("_row", *by)
        joined = (
            level.join(cells.select("_cell", *by), on=list(by))
            if by
            else level.join(cells.select("_cell"), how="cross")
        )
        pairs.append(joined.select("_row", "_cell"))
    edges = pl.concat(pairs)
    without = rows.height - edges["_row"].n_unique()
    if without:
        raise ValueError(
            f"{without} of {rows.height - n_cells} totals have no cells; give the cells too, hidden or not"
        )
    ones = np.ones(edges.height)
    return sp.csr_array((ones, (edges["_row"].to_numpy(), edges["_cell"].to_numpy())), shape=(rows.height, n_cells))


def _levels(totals: pl.DataFrame, columns: Sequence[str]) -> list[tuple[str, ...]]:
    patterns = totals.select(pl.col(name).is_not_null() for name in columns).unique(maintain_order=True).rows()
    return [tuple(name for name, is_by in zip(columns, pattern, strict=True) if is_by) for pattern in patterns]
