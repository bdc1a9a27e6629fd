"""Who is compared with whom: each treated unit with up to k others that were as likely to be treated.

Belongs here: matched sets from a score. Does not belong here: the score (propensity.py), weights that
need no sets (entropy_weights.py), or any outcome: a design is made before outcomes are read.

1:k matching without replacement on the logit of the propensity score, exactly within strata, within a
caliper (Rosenbaum & Rubin 1985, "Constructing a control group using multivariate matched sampling methods
that incorporate the propensity score", American Statistician 39(1) 33–38; the width 0.2 after Austin 2011,
"Optimal caliper widths for propensity-score matching", Pharmaceutical Statistics 10(2) 150–161).

In rounds: the first gives each treated unit its first comparison unit, the second a second one to those who
got a first, and so on; nobody gets a second while somebody in reach of it has none. Each round is an optimal
assignment (Rosenbaum 1989, "Optimal matching for observational studies", JASA 84(408) 1024–1032): as many
pairs as possible, and among those the smallest total distance, by `scipy.optimize.linear_sum_assignment`.
Not a greedy choice: that depends on the order of the treated, gives away the only comparison unit that
another one had, and needs a step for each unit.

An assignment of n by m needs n × m costs, so the treated are taken in blocks of BLOCK: where possible cut
between two who can't want the same comparison unit, so that a stratum with no more treated units than that is
solved exactly. In a larger one the block with the largest logits comes first, who have the fewest to choose
from, and what it leaves is there for the next one. Nobody is left out while somebody free is in reach; each
block is optimal, the whole nearly so (measured in the tests).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.optimize import linear_sum_assignment

from pipelines.analysis.design_matrix import Booleans, Floats, Integers, require_columns, treated_column
from pipelines.analysis.entropy_weights import Weights, entropy_weights
from pipelines.analysis.propensity import Propensity, propensity

__all__ = ["Matches", "Propensity", "Weights", "entropy_weights", "match", "propensity"]

BLOCK = 250
"""Treated units of one assignment."""

NO_COMPARISON = "no comparison unit in its stratum"
OUT_OF_REACH = "no comparison unit within the caliper"
ALL_TAKEN = "every comparison unit within the caliper was matched to another treated unit"


@dataclass(frozen=True)
class Matches:
    """Matched sets.

    `pairs`: one row per matched unit: `set_id` (1 … in the order of the treated units' names), `unit`, `is_treated`,
    `weight` (1 for the treated unit, 1/m for each of its m comparison units, so that weighted comparisons stand for
    the treated: the effect on the treated), `distance` (in the logit, 0 for the treated unit).
    `unmatched`: treated units without a set: `unit`, `stratum`, `reason`. `caliper`: the largest distance allowed, in
    the logit; infinite where there was none.
    """

    pairs: pl.DataFrame
    unmatched: pl.DataFrame
    caliper: float


def match(frame: pl.DataFrame, k: int = 3, caliper_sd: float | None = 0.2) -> Matches:
    """Up to `k` comparison units for each treated one, none used twice.

    frame: one row per unit: `unit`, `is_treated`, `logit`, `stratum` (nobody is matched across strata). The caliper is
    `caliper_sd` times the standard deviation of the logit, sqrt((s₁² + s₀²)/2) of treated and others; None is no
    caliper. Deterministic: the order of rows changes nothing, equal distances are settled by the order of units.

    Worked: logits 1.0 and 1.2 treated, 0.9, 1.1 and 5.0 not, k = 1, no caliper: 1.0 with 0.9 and 1.2 with 1.1.

    Raises ValueError on all or none treated, a missing logit or stratum, a unit named twice, k below 1 or a negative
    caliper.
    """
    require_columns(frame, ["unit", "is_treated", "logit", "stratum"])
    treated_column(frame, "is_treated")
    if k < 1 or (caliper_sd is not None and not caliper_sd >= 0):
        raise ValueError(
            "matching needs at least one comparison unit per treated one, and a caliper that isn't below 0"
        )
    units = frame.select("unit", pl.col("is_treated").cast(pl.Boolean), pl.col("logit").cast(pl.Float64), "stratum")
    unusable = units.filter(
        pl.col("unit").is_null() | pl.col("stratum").is_null() | ~pl.col("logit").is_finite().fill_null(False)
    )
    if unusable.height:
        raise ValueError(
            f"unit, logit or stratum is missing in {unusable.height} of {units.height} rows: leave those rows out"
        )
    if units["unit"].n_unique() < units.height:
        raise ValueError(
            f"{units.height - units['unit'].n_unique()} rows repeat a unit: matching needs one row per unit"
        )
    units = units.sort("stratum", "logit", "unit")
    line = _Line(
        stratum=units["stratum"].rank("dense").cast(pl.Int64).to_numpy(),
        logit=units["logit"].to_numpy(),
        is_treated=units["is_treated"].to_numpy(),
    )
    caliper = np.inf if caliper_sd is None else caliper_sd * _logit_sd(line)
    rounds = []
    seeking, free = line.is_treated.copy(), ~line.is_treated
    for _ in range(k):
        treated, comparison = _round(line, seeking, free, caliper)
        rounds.append((treated, comparison))
        free[comparison] = False
        seeking[:] = False
        seeking[treated] = True
    treated = np.concatenate([found for found, _ in rounds])
    comparison = np.concatenate([found for _, found in rounds])
    return Matches(_sets(units, treated, comparison), _unmatched(units, line, treated, caliper), float(caliper))


@dataclass(frozen=True)
class _Line:
    """All units in the order of stratum, logit, unit."""

    stratum: Integers
    logit: Floats
    is_treated: Booleans


def _logit_sd(line: _Line) -> float:
    """sqrt((s₁² + s₀²)/2); the variance of a single unit is left out."""
    groups = [line.logit[line.is_treated], line.logit[~line.is_treated]]
    variances = [np.var(group, ddof=1) for group in groups if len(group) > 1]
    return float(np.sqrt(np.mean(variances))) if variances else 0.0


def _round(line: _Line, seeking: Booleans, free: Booleans, caliper: float) -> tuple[Integers, Integers]:
    """One comparison unit for as many of those who seek as can have one: positions of both."""
    free = free.copy()
    treated, comparison = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    for block in _blocks(line, np.flatnonzero(seeking)[::-1], caliper):
        found, of = _assign(line, block, _candidates(np.flatnonzero(free), block), caliper)
        treated.append(found)
        comparison.append(of)
        free[of] = False
    return np.concatenate(treated), np.concatenate(comparison)


def _blocks(line: _Line, seeking: Integers, caliper: float) -> Iterator[Integers]:
    """Those who seek, cut into blocks, where possible between two who can't want the same comparison unit."""
    apart = (np.diff(line.stratum[seeking]) != 0) | (np.abs(np.diff(line.logit[seeking])) > 2 * caliper)
    cuts = np.flatnonzero(apart) + 1
    start = 0
    while start < len(seeking):
        end = min(start + BLOCK, len(seeking))
        if end < len(seeking):
            last = int(np.searchsorted(cuts, end, side="right")) - 1
            if last >= 0 and cuts[last] > start:
                end = int(cuts[last])
        yield seeking[start:end]
        start = end


def _candidates(free: Integers, block: Integers) -> Integers:
    """The free units that an optimal assignment of the block can need.

    For each of b units the b nearest on either side: if it got one farther away, one of those would be left over.
    """
    place = np.searchsorted(free, block)
    opened = np.bincount(np.maximum(place - len(block), 0), minlength=len(free) + 1)
    closed = np.bincount(np.minimum(place + len(block), len(free)), minlength=len(free) + 1)
    wanted: Integers = free[np.cumsum(opened - closed)[: len(free)] > 0]
    return wanted


def _assign(line: _Line, rows: Integers, columns: Integers, caliper: float) -> tuple[Integers, Integers]:
    """The optimal pairs: as many as possible, then the smallest total distance."""
    distance = np.abs(line.logit[rows][:, None] - line.logit[columns][None, :])
    allowed = (distance <= caliper) & (line.stratum[rows][:, None] == line.stratum[columns][None, :])
    if not allowed.any():
        return rows[:0], columns[:0]
    scale = float(distance[allowed].max()) or 1.0
    # a pair that isn't allowed costs more than all others can together
    cost = np.where(allowed, distance / scale, min(len(rows), len(columns)) + 1.0)
    row, column = linear_sum_assignment(cost)
    is_pair = allowed[row, column]
    return rows[row[is_pair]], columns[column[is_pair]]


def _sets(units: pl.DataFrame, treated: Integers, comparison: Integers) -> pl.DataFrame:
    """The matched sets as rows."""
    head = units[np.sort(np.unique(treated))].select(
        pl.col("unit").alias("treated_unit"), pl.col("logit").alias("treated_logit")
    )
    pairs = pl.DataFrame({"treated_unit": units["unit"][treated]}).hstack(
        units[comparison].select("unit", "is_treated", "logit")
    )
    of_comparisons = pairs.join(head, on="treated_unit", how="left").select(
        "treated_unit",
        "unit",
        "is_treated",
        (1.0 / pl.len().over("treated_unit")).alias("weight"),
        (pl.col("logit") - pl.col("treated_logit")).abs().alias("distance"),
    )
    of_treated = head.select(
        "treated_unit",
        pl.col("treated_unit").alias("unit"),
        pl.lit(True).alias("is_treated"),
        pl.lit(1.0).alias("weight"),
        pl.lit(0.0).alias("distance"),
    )
    return (
        pl.concat([of_treated, of_comparisons])
        .with_columns(pl.col("treated_unit").rank("dense").cast(pl.Int64).alias("set_id"))
        .sort("set_id", "is_treated", "distance", "unit", descending=[False, True, False, False])
        .select("set_id", "unit", "is_treated", "weight", "distance")
    )


def _unmatched(units: pl.DataFrame, line: _Line, treated: Integers, caliper: float) -> pl.DataFrame:
    """Treated units without a set, and why."""
    nearest = _nearest(line)
    is_left = line.is_treated.copy()
    is_left[treated] = False
    reason = np.where(nearest <= caliper, ALL_TAKEN, np.where(np.isfinite(nearest), OUT_OF_REACH, NO_COMPARISON))
    return (
        units.select("unit", "stratum")
        .with_columns(pl.Series("reason", reason.tolist(), dtype=pl.String))
        .filter(pl.Series(is_left))
        .sort("unit")
    )


def _nearest(line: _Line) -> Floats:
    """For each unit, how far the nearest comparison unit of its stratum is; infinite where there is none."""
    count = len(line.logit)
    here = np.arange(count)
    before = np.maximum.accumulate(np.where(line.is_treated, -1, here))
    after = np.minimum.accumulate(np.where(line.is_treated, count, here)[::-1])[::-1]
    nearest = np.full(count, np.inf)
    for other in (before, after):
        there = np.clip(other, 0, count - 1)
        is_one = (there == other) & (line.stratum[there] == line.stratum)
        distance = np.abs(line.logit[there] - line.logit)
        nearest = np.where(is_one, np.minimum(nearest, distance), nearest)
    return nearest
