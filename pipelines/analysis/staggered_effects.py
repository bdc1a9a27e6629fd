"""From the effect on each cohort in each period to averages: overall, by cohort, by year, by time since treatment.

Belongs here: the averages of Callaway & Sant'Anna (2021), section 3, their standard errors and bands, from
influence functions. Does not belong here: how the effect on one cohort in one period is had (did), what breaks it
(sensitivity).

Notation: an effect of cohort g in period t, ATT(g,t), comes with an influence function, a number per unit whose sum
of squares is its variance. Summed by cluster it carries everything that standard errors and bootstraps need, so
neither ever goes back to the rows.

Sources: Callaway & Sant'Anna (2021), "Difference-in-differences with multiple time periods", Journal of Econometrics
225(2) 200-230, equations 3.4 to 3.11 and corollary 2; the correction for estimated weights as in `aggte` of the
authors' R package `did` (there: `wif`). Bands: their section 4.2, algorithm 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.stats import t as student_t

from pipelines.analysis.estimate import Estimate

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

LEVEL = 0.95
NUMBERS = {
    "estimate": pl.Float64,
    "std_error": pl.Float64,
    "ci_low": pl.Float64,
    "ci_high": pl.Float64,
    "p_value": pl.Float64,
    "n_treated": pl.Int64,
    "n_comparison": pl.Int64,
    "n_clusters": pl.Int64,
}


@dataclass(frozen=True, eq=False)
class CohortEffects:
    """The effect on each cohort in each period, one entry per cell.

    group, time: the cohort (its first treated period) and the period. estimate: ATT(g,t), units of the outcome.
    influence: clusters × cells, sums of the influence functions. is_treated, is_comparison: units × cells, who the
    effect is on and who they were compared with. unit_cluster: cluster by unit. cohort_members: clusters × cohorts,
    units; cohorts: their first treated periods.
    """

    group: npt.NDArray[np.int64]
    time: npt.NDArray[np.int64]
    estimate: Floats
    influence: Floats
    is_treated: Booleans
    is_comparison: Booleans
    unit_cluster: npt.NDArray[np.int64]
    cohorts: npt.NDArray[np.int64]
    cohort_members: Floats

    @property
    def event_time(self) -> npt.NDArray[np.int64]:
        return self.time - self.group


@dataclass(frozen=True, eq=False)
class Average:
    """A weighted average of effects: its value, its influence by cluster, and the cells it rests on."""

    estimate: float
    influence: Floats
    cells: npt.NDArray[np.intp]


def average_by_cohort_size(effects: CohortEffects, cells: npt.NDArray[np.intp]) -> Average:
    """Σ w(g)·ATT(g,t) over the cells, w(g) the cohort's units over their sum.

    The influence has two parts: that of the effects, and that of the weights, which are shares of a sample:
    Σ members(g)·(ATT(g,t) − average)/Σ units.
    """
    column = np.searchsorted(effects.cohorts, effects.group[cells])
    members = effects.cohort_members[:, column]
    sizes = members.sum(axis=0)
    weights = sizes / sizes.sum()
    values = effects.estimate[cells]
    estimate = float(weights @ values)
    influence = effects.influence[:, cells] @ weights + members @ (values - estimate) / sizes.sum()
    return Average(estimate, influence, cells)


def average_by_group_size(effects: CohortEffects, groups: Sequence[Average]) -> Average:
    """Σ w(g)·θ(g) over cohorts' own averages θ(g), w(g) the cohort's units over their sum."""
    column = np.searchsorted(effects.cohorts, [effects.group[group.cells[0]] for group in groups])
    members = effects.cohort_members[:, column]
    sizes = members.sum(axis=0)
    weights = sizes / sizes.sum()
    values = np.array([group.estimate for group in groups])
    estimate = float(weights @ values)
    own = np.column_stack([group.influence for group in groups])
    return Average(estimate, own @ weights + members @ (values - estimate) / sizes.sum(), _cells_of(groups))


def plain_average(parts: Sequence[Average]) -> Average:
    """The mean of averages, each counted once."""
    influence = np.column_stack([part.influence for part in parts]).mean(axis=1)
    return Average(float(np.mean([part.estimate for part in parts])), influence, _cells_of(parts))


def plain_average_of_cells(effects: CohortEffects, cells: npt.NDArray[np.intp]) -> Average:
    """The mean of the cells' effects, each counted once."""
    return Average(float(effects.estimate[cells].mean()), effects.influence[:, cells].mean(axis=1), cells)


def _cells_of(parts: Sequence[Average]) -> npt.NDArray[np.intp]:
    return np.unique(np.concatenate([part.cells for part in parts]))


def covariance(influence: Floats) -> Floats:
    """G/(G − 1)·Σ (s(c) − s̄)(s(c) − s̄)ᵀ over the G clusters' sums s(c): the cluster-robust covariance.

    influence: clusters × statistics. With every unit a cluster of its own it is R `did`'s analytic variance times
    n/(n − 1). Source of the correction: Liang & Zeger (1986) with G/(G − 1), as CR1 without regressors.
    """
    count = influence.shape[0]
    centred = influence - influence.mean(axis=0)
    product: Floats = centred.T @ centred * (count / (count - 1))
    return product


def inference(
    estimate: float,
    influence: Floats,
    treated_clusters: npt.NDArray[np.int64],
    comparison_clusters: npt.NDArray[np.int64],
) -> Estimate:
    """The estimate with its cluster-robust standard error and 95 % interval by t(G − 1).

    influence: one entry per cluster. treated_clusters, comparison_clusters: one entry per unit, its cluster. G counts
    the clusters of either. Where all treated or all comparison units lie in one cluster there is no interval and the
    note says so: the chance of that cluster can't be told from the effect (Conley & Taber 2011, Review of Economics
    and Statistics 93(1) 113-125), and the formula would return an error near 0.
    """
    n_treated, n_comparison = treated_clusters.size, comparison_clusters.size
    used = influence[np.union1d(treated_clusters, comparison_clusters)]
    count = used.size
    for side, clusters in (("treated", treated_clusters), ("comparison", comparison_clusters)):
        if np.unique(clusters).size < 2:
            note = f"all {side} units lie in one cluster, so no standard error can be had"
            return Estimate(estimate, None, None, None, n_treated, n_comparison, count, note=note)
    error = float(np.sqrt(covariance(used[:, None])[0, 0]))
    if not np.isfinite(error) or error <= 0:
        note = "its standard error is not defined"
        return Estimate(estimate, None, None, None, n_treated, n_comparison, count, note=note)
    reach = float(student_t.ppf((1 + LEVEL) / 2, count - 1)) * error
    p_value = float(2 * student_t.sf(abs(estimate) / error, count - 1))
    return Estimate(estimate, error, estimate - reach, estimate + reach, n_treated, n_comparison, count, p_value)


def estimate_of(effects: CohortEffects, average: Average) -> Estimate:
    """An average with its interval. Each unit counts once: as treated where an effect on it is averaged, else as
    comparison where any of the averaged effects was compared with it.
    """
    is_treated = effects.is_treated[:, average.cells].any(axis=1)
    is_comparison = effects.is_comparison[:, average.cells].any(axis=1) & ~is_treated
    clusters = effects.unit_cluster
    return inference(average.estimate, average.influence, clusters[is_treated], clusters[is_comparison])


def frame_of(keys: dict[str, Sequence[int]], estimates: Sequence[Estimate]) -> pl.DataFrame:
    """One row per estimate with its keys."""
    columns = {name: [getattr(estimate, name) for estimate in estimates] for name in NUMBERS}
    schema = {**dict.fromkeys(keys, pl.Int64), **NUMBERS}
    return pl.DataFrame({**{name: list(values) for name, values in keys.items()}, **columns}, schema=schema)


def simultaneous_value(influence: Floats, seed: int, draws: int) -> float | None:
    """The critical value c of a band estimate ± c·std_error that holds for all statistics at once, 95 %.

    influence: clusters × statistics. Multiplier bootstrap of the cluster sums with Rademacher signs: c is the 95 %
    quantile of the largest |draw|/std_error. Each is divided by a sqrt(χ²(G − 1)/(G − 1)) of its own, since every
    standard error is estimated from G clusters: with a single statistic c is the t(G − 1) value of the pointwise
    interval. With 40 schools and cohorts of 80 teachers, seven event times were all inside in 92 % of 300 planted
    panels, so with few clusters a band is a little too narrow; pointwise intervals held 94 %.

    Sources: Callaway & Sant'Anna (2021), algorithm 1; the t version of the sup-t band: Montiel Olea &
    Plagborg-Møller (2019), Journal of Applied Econometrics 34(1) 1-17.
    """
    errors = np.sqrt(np.diag(covariance(influence)))
    known = errors > 0
    count = influence.shape[0]
    if draws < 1 or count < 2 or not known.any():
        return None
    generator = np.random.default_rng(seed)
    centred = (influence - influence.mean(axis=0))[:, known] * np.sqrt(count / (count - 1)) / errors[known]
    freedom = count - 1
    largest = np.empty(draws)
    step = max(1, 4_000_000 // count)  # signs of some draws at a time: 32 MB
    for start in range(0, draws, step):
        size = min(step, draws - start)
        signs = generator.integers(0, 2, (size, count)).astype(np.float64) * 2 - 1
        drawn = signs @ centred / np.sqrt(generator.chisquare(freedom, (size, centred.shape[1])) / freedom)
        largest[start : start + size] = np.abs(drawn).max(axis=1)
    pointwise = float(student_t.ppf((1 + LEVEL) / 2, freedom))
    return max(float(np.quantile(largest, LEVEL)), pointwise)
