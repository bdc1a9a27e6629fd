"""What a reader can work out about hidden counts from everything that is printed.

Belongs here: printed and hidden counts as a linear program, and the range each hidden count can have. Does not
belong here: which counts are hidden (small_cells, disclosure), what range is too narrow (disclosure).

A count is a whole number of people, 0 or more, and a total is the sum of its cells. Every assignment of whole
numbers to the hidden cells that agrees with all printed counts is a table that the reader can't rule out; the range
of a hidden count is from its smallest to its largest value in these.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

_TOLERANCE = 1e-6
_INFEASIBLE = 2  # scipy's status of a program that nothing fulfils
_SECONDS = 10.0  # for one whole-number program; what it has not proved by then counts as not proved
_IDLE_ROUNDS = 3  # rounds of random directions that may widen nothing before each count is asked for by itself

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class HiddenCounts:
    """The tables that agree with what is printed: A·x = b, 0 <= x <= upper, over the hidden cells.

    `targets` has one row per hidden count (cells and totals) over the hidden cells; `constants` is what printed
    cells add to each. A cell in no printed total has no upper end: `cap` stands for it.
    """

    equations: sp.csr_array
    sums: Numbers
    upper: Numbers
    cap: float
    targets: sp.csr_array
    constants: Numbers

    def extreme(self, direction: Numbers) -> Numbers | None:
        """A table of whole numbers that is smallest in this direction; None where none was found in time.

        The simplex method ends in a corner. Corners of tables of two ways, one of them a hierarchy at most, are whole
        numbers; where one is not, the whole-number program is solved instead.
        """
        corner = self._corner(direction)
        if corner is None:
            return None
        whole: Numbers = np.rint(corner)
        if bool(np.all(np.abs(corner - whole) <= _TOLERANCE)):
            return whole
        found = milp(
            direction,
            constraints=LinearConstraint(self.equations, self.sums, self.sums),
            bounds=Bounds(0, self.upper),
            integrality=np.ones(direction.size),
            options={"time_limit": _SECONDS, "mip_rel_gap": 0},
        )
        return None if found.x is None else np.rint(np.asarray(found.x, dtype=np.float64))

    def _corner(self, direction: Numbers) -> Numbers | None:
        found = linprog(
            direction,
            A_eq=self.equations if self.sums.size else None,
            b_eq=self.sums if self.sums.size else None,
            bounds=np.column_stack([np.zeros(self.upper.size), self.upper]),
            method="highs-ds",
        )
        if found.status == _INFEASIBLE:
            raise ValueError(
                "no table of whole numbers agrees with the printed counts: cells do not add up to their totals; "
                "check that every unit stands in one cell and that no cell is left out"
            )
        return None if found.x is None else np.asarray(found.x, dtype=np.float64)


def hidden_counts(parts: sp.csr_array, counts: Numbers, is_hidden: Flags, n_cells: int) -> HiddenCounts:
    """The program of a table.

    parts: rows × cells, 1 where the cell is part of the row's count; the first `n_cells` rows are the cells
    themselves, the rest totals. counts: one number a row, read only where it is printed. is_hidden: one flag a row.

    Raises ValueError where printed cells do not add up to a printed total of theirs, or to more than it.
    """
    hidden_cells = np.flatnonzero(is_hidden[:n_cells])
    printed_cells = np.flatnonzero(~is_hidden[:n_cells])
    printed_part = np.asarray(parts[:, printed_cells] @ counts[printed_cells], dtype=np.float64)
    hidden_part = sp.csr_array(parts[:, hidden_cells])
    holds_hidden = np.diff(hidden_part.indptr) > 0
    is_total = np.arange(parts.shape[0]) >= n_cells

    left = np.where(is_hidden, 0.0, counts) - printed_part
    wrong = ~is_hidden & is_total & ((left < -_TOLERANCE) | (~holds_hidden & (left > _TOLERANCE)))
    if wrong.any():
        raise ValueError(
            f"{int(wrong.sum())} of {int((is_total & ~is_hidden).sum())} printed totals are not the sum of their "
            "cells; check that every unit stands in one cell and that no cell is left out"
        )
    equal = np.flatnonzero(~is_hidden & is_total & holds_hidden)
    equations, sums = sp.csr_array(hidden_part[equal]), left[equal]

    cap = 10.0 * (float(np.max(sums, initial=0.0)) + float(np.max(np.where(is_hidden, 0, counts), initial=0.0)) + 100.0)
    upper = np.full(hidden_cells.size, cap)
    edges = equations.tocoo()
    np.minimum.at(upper, edges.coords[1], sums[edges.coords[0]])
    hidden_rows = np.flatnonzero(is_hidden)
    return HiddenCounts(
        equations=equations,
        sums=sums,
        upper=upper,
        cap=cap,
        targets=sp.csr_array(hidden_part[hidden_rows]),
        constants=printed_part[hidden_rows],
    )


def ranges(program: HiddenCounts, wide_enough: float = np.inf, is_each_asked: bool = True) -> tuple[Numbers, Numbers]:
    """The smallest and the largest value of every hidden count, in the order of the program's targets.

    Where a range is found to be at least `wide_enough` (largest less smallest), its ends are values that the count
    can have, and it may reach further; all narrower ranges are exact, unless `is_each_asked` is false: then they may
    reach further too. A count without an upper end has inf.

    One program tells of every count, so a few in random directions (always the same ones) prove most ranges wide
    enough; two more, its own, are solved for each count that is left.
    """
    seen = _Seen(program)
    generator = np.random.default_rng(0)
    idle = 0
    while np.isfinite(wide_enough) and idle < _IDLE_ROUNDS:
        pending = ~(seen.high - seen.low >= wide_enough)
        if not pending.any():
            break
        weights = generator.choice([-1.0, 1.0], pending.size) * pending
        seen.look_towards(np.asarray(program.targets.T @ weights, dtype=np.float64))
        idle = idle + 1 if (pending == ~(seen.high - seen.low >= wide_enough)).all() else 0
    for target in range(seen.low.size if is_each_asked else 0):
        if not seen.high[target] - seen.low[target] >= wide_enough:
            seen.look_towards(np.asarray(program.targets[[target]].toarray()[0], dtype=np.float64))
    return seen.low, np.where(seen.high >= program.cap, np.inf, seen.high)


class _Seen:
    """The smallest and largest values met so far."""

    def __init__(self, program: HiddenCounts) -> None:
        self._program = program
        n_targets, n_cells = program.targets.shape
        self.low, self.high = np.full(n_targets, np.inf), np.full(n_targets, -np.inf)
        if n_cells == 0:  # hidden totals of printed cells only
            self.low, self.high = program.constants.copy(), program.constants.copy()

    def look_towards(self, direction: Numbers) -> None:
        """Learn from the table that is furthest in this direction, and from the one furthest against it."""
        if not direction.any():
            return
        for table in (self._program.extreme(direction), self._program.extreme(-direction)):
            if table is not None:
                values = self._program.targets @ table + self._program.constants
                np.minimum(self.low, values, out=self.low)
                np.maximum(self.high, values, out=self.high)
