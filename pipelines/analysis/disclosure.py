"""Printed counts that give no hidden one away: small cells, further cells, and the audit of both.

Belongs here: what is hidden of a table with totals, and whether it stays hidden. Does not belong here: the quick rule
for large tables (small_cells), the linear programs (cell_ranges), how a hidden count is printed (the report).

1. Primary: every count below the threshold is hidden, zero and small totals too.
2. Complementary: as many further counts as it takes until the audit passes, those of few people first.
3. Audit: for every hidden count the smallest and the largest whole number that agree with all printed counts, by
   linear programming. A count is safe where these lie at least the threshold apart (0 to 10 at ten): the reader then
   knows no more of it than that it is hidden, and no sum of hidden cells that a subtraction gives is below the
   threshold. That holds for complementary counts too, since a reader is not told which is which.

The reader is taken to know every printed count, that cells are whole numbers and 0 or more, and that totals are sums
of cells; not how cells were chosen. Combinations absent from a table are known to be empty: give them a row with 0
where that must be hidden. In tables of three ways and more, the ends of a range are exact, and a number between may be
impossible.

Sources: Cox (1980), "Suppression methodology and statistical disclosure control", JASA 75(370) 377-385; a range of a
width of its own ("sliding protection") and its audit by linear programming: Fischetti & Salazar-González (2001),
Management Science 47(7) 1008-1027; the program that looks for further cells: Kelly, Golden & Assad (1992), Networks
22(4) 397-417; Hundepool et al. (2012), "Statistical Disclosure Control".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.analysis.cell_ranges import Flags, Numbers, hidden_counts, ranges
from pipelines.analysis.complementary_cells import hide_until_protected
from pipelines.analysis.count_table import COUNT, CountTable, Dimension, count_table
from pipelines.analysis.small_cells import DEFAULT_THRESHOLD, suppress_small_cells

_QUICK_COLUMNS = 2  # the quick rule is a good start in tables of at most two ways
_FEW_SMALL_CELLS = 20


@dataclass(frozen=True)
class Audit:
    """Whether hidden counts stay hidden.

    exposed: one row per hidden count that does not: the columns of the dimensions (null in a total where it sums
    over them), `is_total`, `low` and `high`, the smallest and largest possible count. It is for those who may know
    the counts: `refusal` names the cells without their range.
    """

    is_safe: bool
    exposed: pl.DataFrame
    n_cells: int
    n_hidden: int
    threshold: int

    @property
    def refusal(self) -> str | None:
        """Why the table must not be printed, with the cells named; None where it may be."""
        if self.is_safe:
            return None
        names = [column for column in self.exposed.columns if column not in ("is_total", "low", "high")]
        cells = "; ".join(_cell_name(row, names) for row in self.exposed.iter_rows(named=True))
        exact = self.exposed.filter(pl.col("low") == pl.col("high")).height
        return (
            f"the table can't be printed: of its {self.n_hidden} hidden counts, {exact} can be worked out exactly from "
            f"the printed ones and {self.exposed.height - exact} to a range narrower than {self.threshold} ({cells}). "
            "Hide more counts, or coarsen the table."
        )

    def require_safe(self) -> None:
        """Raise ValueError with the refusal unless the table is safe."""
        if self.refusal is not None:
            raise ValueError(self.refusal)


@dataclass(frozen=True)
class Protected:
    """A table that may be printed.

    frame: the cells, in their order, with `count` null where it is hidden and the new column `is_suppressed`.
    totals: the totals likewise; what they sum over is null. Neither tells primary from complementary: a reader who
    knew it would know more. primary, complementary: how many cells and totals are hidden for which reason.
    information_loss: share of cells hidden (0..1); people_hidden: share of all people who are counted in hidden cells;
    totals_hidden: share of totals hidden.
    """

    frame: pl.DataFrame
    totals: pl.DataFrame
    primary: int
    complementary: int
    information_loss: float
    people_hidden: float
    totals_hidden: float
    audit: Audit


def audit(
    table: pl.DataFrame,
    dimensions: Sequence[Dimension],
    count: str,
    suppressed: str = "is_suppressed",
    totals: Sequence[Sequence[str]] | None = None,
    threshold: int = DEFAULT_THRESHOLD,
) -> Audit:
    """Whether any hidden count of the table can be recovered, or narrowed to a range below `threshold`.

    table: as it is to be printed: one row per cell with the columns of the dimensions, `count` and the flag
    `suppressed`; a null count is hidden whatever its flag. Printed totals are rows in which the dimensions that they
    sum over are null; a table without such rows is audited against the totals named by `totals` (the columns each is
    broken down by, () the grand total), all of them where none is named, added up from true counts, which are read
    for nothing else where they are hidden. A dimension is a column, or the columns of a hierarchy from coarse to fine.

    Raises ValueError on a table that is none (count_table) or whose printed counts contradict each other.
    """
    if threshold < 1:
        raise ValueError(f"the threshold is {threshold}; it must be at least 1")
    counted = count_table(table, dimensions, count, totals, suppressed)
    # totals added up here have no flag: they are printed
    is_hidden = counted.rows.select(pl.col("is_suppressed").fill_null(False) | pl.col(COUNT).is_null()).to_series()
    return _audited(counted, is_hidden.to_numpy(), threshold)


def protect(
    table: pl.DataFrame,
    dimensions: Sequence[Dimension],
    count: str,
    threshold: int = DEFAULT_THRESHOLD,
    totals: Sequence[Sequence[str]] | None = None,
) -> Protected:
    """The table with as many counts hidden as it takes until its audit passes.

    table: one row per cell with the columns of the dimensions and the true, whole number `count`. Totals, dimensions:
    as in `audit`; totals that must not be printed are hidden like cells, after cells. Any table can be protected: at
    the worst everything is hidden. Raises ValueError on a threshold below 1 and on a table that is none.
    """
    if threshold < 1:
        raise ValueError(f"the threshold is {threshold}; it must be at least 1")
    counted = count_table(table, dimensions, count, totals)
    if counted.rows[COUNT].null_count():
        raise ValueError(
            f"{counted.rows[COUNT].null_count()} of {counted.rows.height} counts are missing; "
            "protecting a table needs its true counts"
        )
    is_primary = counted.counts < threshold
    tried = [_hidden_until_safe(counted, start, threshold) for start in _starts(counted, is_primary, threshold)]
    is_hidden, audited = min(tried, key=lambda one: _loss(counted, one[0]))
    rows = counted.rows.with_columns(
        pl.when(~pl.Series(is_hidden)).then(COUNT).alias(count), pl.Series("is_suppressed", is_hidden)
    )
    hidden_cells, hidden_totals = is_hidden[: counted.n_cells], is_hidden[counted.n_cells :]
    people = counted.counts[: counted.n_cells]
    return Protected(
        frame=_as_given(table, rows.head(counted.n_cells), counted.columns, count),
        totals=rows.slice(counted.n_cells).select(*counted.columns, count, "is_suppressed"),
        primary=int(is_primary.sum()),
        complementary=int((is_hidden & ~is_primary).sum()),
        information_loss=_share(float(hidden_cells.sum()), hidden_cells.size),
        people_hidden=_share(float(people[hidden_cells].sum()), float(people.sum())),
        totals_hidden=_share(float(hidden_totals.sum()), hidden_totals.size),
        audit=audited,
    )


def _starts(counted: CountTable, is_primary: Flags, threshold: int) -> list[Flags]:
    """What to begin with: the primary cells, and in tables of up to two ways those of the quick rule.

    In a table of two ways the quick rule leaves little to be found, and with many small cells takes a fraction of the
    time; with few of them either may hide less. In tables of three ways it hides nearly everything.
    """
    if len(counted.columns) > _QUICK_COLUMNS:
        return [is_primary]
    cells = counted.rows.head(counted.n_cells).with_columns(pl.lit(0).alias("_all"))
    margins = [list(level) or ["_all"] for level in reversed(counted.levels())]
    quick = is_primary.copy()
    quick[: counted.n_cells] = suppress_small_cells(cells, margins, COUNT, threshold)["is_suppressed"].to_numpy()
    return [is_primary, quick] if is_primary[: counted.n_cells].sum() <= _FEW_SMALL_CELLS else [quick]


def _hidden_until_safe(counted: CountTable, start: Flags, threshold: int) -> tuple[Flags, Audit]:
    is_hidden = start
    while True:
        is_hidden = hide_until_protected(counted, is_hidden, threshold)
        audited = _audited(counted, is_hidden, threshold)
        if audited.is_safe:
            return is_hidden, audited
        is_hidden = _one_more(counted, is_hidden, audited)


def _loss(counted: CountTable, is_hidden: Flags) -> tuple[float, float]:
    """What a reader loses: people in hidden cells and totals, then how many these are."""
    return float(counted.counts[is_hidden].sum()), float(is_hidden.sum())


def _audited(counted: CountTable, is_hidden: Flags, threshold: int) -> Audit:
    printed = np.where(is_hidden, 0.0, counted.counts)
    program = hidden_counts(counted.parts, printed, is_hidden, counted.n_cells)
    low, high = ranges(program, wide_enough=threshold)
    narrow = high - low < threshold
    places = np.flatnonzero(is_hidden)[narrow]
    exposed = counted.rows[places].select(
        *counted.columns,
        "is_total",
        _whole_numbers("low", low[narrow]),
        _whole_numbers("high", high[narrow]),
    )
    return Audit(
        is_safe=not bool(narrow.any()),
        exposed=exposed,
        n_cells=counted.rows.height,
        n_hidden=int(is_hidden.sum()),
        threshold=threshold,
    )


def _one_more(counted: CountTable, is_hidden: Flags, audited: Audit) -> Flags:
    """With each exposed count, the smallest printed cell that stands in a printed total with it, or that total.

    Needed in tables of three ways and more only, where parts of people can be moved about and whole ones can't. Where
    nothing around is left to hide, everything is hidden.
    """
    wanted = audited.exposed.select(counted.columns).with_columns(pl.lit(True).alias("_is_exposed"))
    is_exposed = (
        counted.rows.join(wanted, on=counted.columns, how="left", nulls_equal=True, maintain_order="left")[
            "_is_exposed"
        ]
        .fill_null(False)
        .to_numpy()
    )
    more = is_hidden.copy()
    parts = counted.parts
    for row in np.flatnonzero(is_exposed):
        mine = parts[[row]].toarray()[0] > 0
        around = (parts @ mine > 0) & ~more
        around[: counted.n_cells] = False
        beside = (parts[around].sum(axis=0) > 0) & ~more[: counted.n_cells]
        places = np.flatnonzero(beside) if beside.any() else np.flatnonzero(around)
        if places.size:
            more[places[np.argmin(counted.counts[places])]] = True
    return more if (more & ~is_hidden).any() else np.ones_like(is_hidden)


def _whole_numbers(name: str, values: Numbers) -> pl.Series:
    """Null where the program found no table in time: nothing is known of the count then, and it is not safe."""
    known = np.where(np.isfinite(values), values, np.nan)
    return pl.Series(name, known, dtype=pl.Float64).fill_nan(None).cast(pl.Int64)


def _as_given(table: pl.DataFrame, cells: pl.DataFrame, columns: Sequence[str], count: str) -> pl.DataFrame:
    hidden = cells.select(*columns, pl.col("is_suppressed"))
    given = table.filter(pl.all_horizontal(pl.col(name).is_not_null() for name in columns))
    joined = given.drop("is_suppressed", strict=False).join(hidden, on=columns, how="left", maintain_order="left")
    return joined.with_columns(pl.when(~pl.col("is_suppressed")).then(count).alias(count))


def _cell_name(row: dict[str, object], columns: Sequence[str]) -> str:
    named = ", ".join(f"{column} {row[column]}" for column in columns if row[column] is not None)
    if not row["is_total"]:
        return named
    return f"the total of {named}" if named else "the grand total"


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
