"""Which further counts to hide so that a hidden one keeps a wide range.

Belongs here: the search for complementary cells. Does not belong here: which counts are hidden to begin with, and the
audit of the result (disclosure).

A hidden count is protected by another table that agrees with all printed counts and in which it differs enough. For
each count in turn a linear program looks for such a table that changes the fewest, least important printed counts,
and these are hidden. The tables found are kept: every later count that differs enough among them is protected already,
and a count that was hidden for a table which turns out not to be needed is printed again.

Source: Kelly, Golden & Assad (1992), "Cell suppression: disclosure protection for sensitive tabular data", Networks
22(4) 397-417; Cox (1995), "Network models for complementary cell suppression", JASA 90(432) 1453-1462.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from scipy.optimize import linprog

from pipelines.analysis.cell_ranges import Flags, Numbers, hidden_counts, ranges
from pipelines.analysis.count_table import CountTable

_TOLERANCE = 1e-6
_ROUNDS = 2  # of prices; a third changes next to nothing
_TOTAL_COST = 20.0  # a total is worth this many cells of its size
_NOTHING_MOVED = 0.1  # stands for 0 where prices are per person moved


def hide_until_protected(counted: CountTable, is_hidden: Flags, width: float) -> Flags:
    """The flags with as many more rows hidden as it takes for each hidden count to have a range of `width`.

    counted: true counts. is_hidden: one flag a row, cells and totals. width: largest less smallest possible count.
    """
    hidden, counts = is_hidden.copy(), counted.counts
    # what other hidden counts protect already needs no further ones
    low, high = counts.copy(), counts.copy()
    program = hidden_counts(counted.parts, np.where(hidden, 0.0, counts), hidden, counted.n_cells)
    first_low, first_high = ranges(program, width, is_each_asked=False)
    low[hidden], high[hidden] = np.minimum(counts[hidden], first_low), np.maximum(counts[hidden], first_high)
    base_low, base_high = low.copy(), high.copy()

    search = _Search(counted)
    tables = [counts]
    while True:
        pending = np.flatnonzero(hidden & (high - low < width - _TOLERANCE))
        if not pending.size:
            break
        row = pending[np.argmax(counts[pending])]
        found = search.nearest_table(int(row), float(low[row] + width), hidden)
        if found is None:
            break
        found[row] = low[row] + width  # but for the last digits it is
        hidden |= np.abs(found - counts) > _TOLERANCE
        tables.append(found)
        np.minimum(low, found, out=low)
        np.maximum(high, found, out=high)
    return _printed_again(np.array(tables), base_low, base_high, is_hidden, hidden, width)


class _Search:
    """The program whose answer is the nearest other table: what goes up and down in each cell and total."""

    def __init__(self, counted: CountTable) -> None:
        self._counted = counted
        n_cells, n_totals = counted.n_cells, counted.rows.height - counted.n_cells
        sums, one = sp.csr_array(counted.parts[n_cells:]), sp.eye_array(n_totals, format="csr")
        # of every total: cells up less cells down is total up less total down
        self._balance = sp.csr_array(sp.hstack([sums, -sums, -one, one]))
        self._worth = 1.0 + np.log1p(counted.counts)
        self._worth[n_cells:] *= _TOTAL_COST
        down = counted.counts
        up = np.full(down.size, np.inf)
        upper = np.concatenate([up[:n_cells], down[:n_cells], up[n_cells:], down[n_cells:]])
        self._bounds = np.column_stack([np.zeros(upper.size), upper])

    def nearest_table(self, row: int, value: float, is_hidden: Flags) -> Numbers | None:
        """A table in which the row's count is `value`, changing as few printed counts of people as can be.

        A linear program pays for every person moved, so it may move a few in many cells. Asked again at prices that
        make a cell dearer the fewer it moved there, it settles on few cells.
        """
        cost = np.where(is_hidden, 0.0, self._worth)
        found = None
        for _ in range(_ROUNDS):
            found = self._cheapest(row, value, cost)
            if found is None:
                return None
            moved = np.abs(found - self._counted.counts)
            cost = np.where(is_hidden, 0.0, self._worth / (moved + _NOTHING_MOVED))
        return found

    def _cheapest(self, row: int, value: float, cost: Numbers) -> Numbers | None:
        counted, counts = self._counted, self._counted.counts
        n_cells, n_totals = counted.n_cells, counted.rows.height - counted.n_cells
        part = counted.parts[[row]]
        wanted = sp.csr_array(sp.hstack([part, -part, sp.csr_array((1, 2 * n_totals))]))
        found = linprog(
            np.concatenate([cost[:n_cells], cost[:n_cells], cost[n_cells:], cost[n_cells:]]),
            A_eq=sp.vstack([self._balance, wanted], format="csr"),
            b_eq=np.append(np.zeros(n_totals), value - counts[row]),
            bounds=self._bounds,
            method="highs-ds",
        )
        if found.x is None:
            return None
        change = found.x[:n_cells] - found.x[n_cells : 2 * n_cells]
        return np.asarray(counts + counted.parts @ change, dtype=np.float64)


def _printed_again(
    tables: Numbers, base_low: Numbers, base_high: Numbers, is_primary: Flags, hidden: Flags, width: float
) -> Flags:
    """Print again what the protection of all hidden counts does not need, most people first.

    tables: the true one, then those found; base_low, base_high: what holds without any of them.
    """
    counts = tables[0]
    is_changed = np.abs(tables - counts) > _TOLERANCE
    usable = np.ones(tables.shape[0], dtype=np.bool_)
    kept = hidden.copy()
    for row in sorted(np.flatnonzero(hidden & ~is_primary), key=lambda place: -counts[place]):
        without = usable & ~is_changed[:, row]
        left = kept.copy()
        left[row] = False
        spread = np.maximum(base_high, tables[without].max(axis=0)) - np.minimum(base_low, tables[without].min(axis=0))
        if bool(np.all(spread[left] >= width - _TOLERANCE)):
            kept, usable = left, without
    return kept
