"""The two-way fixed effects regression: outcome on treatment with a constant per unit and per period.

Belongs here: the regression and its standard error by cluster. Does not belong here: what its coefficient averages
(bacon), estimators that stay right where effects differ between cohorts (did, imputation).

It is reported beside the others because readers know it. With cohorts treated in different periods it also compares
the later treated with the earlier treated, and can be wrong where effects grow (Goodman-Bacon 2021).

Sources: within-transformation and partialling out, Frisch & Waugh (1933), Lovell (1963); standard errors by cluster
(CR1): Liang & Zeger (1986), with the factor G/(G − 1)·(N − 1)/(N − K) of Stata and fixest, where K leaves out the
constants per unit, as those commands do where units lie inside clusters. Worked: `castle` (Cheng & Hoekstra 2013),
log homicide, not weighted: 0.0818.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.stats import t as student_t

from pipelines.analysis.estimate import Estimate
from pipelines.analysis.staggered_effects import LEVEL, Floats
from pipelines.analysis.staggered_panel import StaggeredPanel, staggered_panel


def two_way_fixed_effects(panel: pl.DataFrame, covariates: Sequence[str] = (), weight: str | None = None) -> Estimate:
    """The coefficient of being treated, units of the outcome, with a 95 % interval by t(G − 1).

    panel: as for did.callaway_santanna, from the first treated period on a unit counts as treated. covariates: enter
    as they are in each period. weight: column of positive weights (Stata's analytic weights). Units treated from
    the first period on and units of a single row are left out as there, so that all estimators stand on the same rows;
    `note` says so.

    Raises ValueError as staggered_panel does, and where the covariates leave no variation of treatment.
    """
    names = [*covariates, weight] if weight else list(covariates)
    used = staggered_panel(panel, names)
    rows = used.rows
    weights = rows[weight].to_numpy() if weight else np.ones(rows.height)
    if (weights <= 0).any():
        raise ValueError(f"{int((weights <= 0).sum())} rows have a weight of 0 or below; weights are positive")
    time, cohort = rows["time"].to_numpy(), rows["first_treated"].to_numpy()
    is_treated = ((cohort > 0) & (time >= cohort)).astype(np.float64)
    others = [rows[name].to_numpy() for name in covariates]
    others += [(time == period).astype(np.float64) for period in used.times[1:]]
    unit = rows["unit_code"].to_numpy()
    outcome, treated, *controls = (
        _within_units(column, unit, weights) for column in (rows["outcome"].to_numpy(), is_treated, *others)
    )
    root = np.sqrt(weights)
    design = np.column_stack(controls) * root[:, None]
    basis, triangle = np.linalg.qr(design / np.maximum(np.linalg.norm(design, axis=0), 1e-300))
    basis = basis[:, np.abs(np.diag(triangle)) > 1e-10]
    residual_treated, residual_outcome = (_left_over(column * root, basis) for column in (treated, outcome))
    variation = float(residual_treated @ residual_treated)
    if variation < 1e-10 * float((treated * root) @ (treated * root) + 1e-300):
        raise ValueError("treatment does not vary beyond units, periods and covariates; leave covariates out")
    estimate = float(residual_treated @ residual_outcome) / variation
    scores = residual_treated * (residual_outcome - estimate * residual_treated) / variation
    summed = np.bincount(used.unit_cluster[unit], weights=scores, minlength=used.n_clusters).astype(np.float64)
    return _inference(used, estimate, summed, rows.height, basis.shape[1] + 2)


def _within_units(column: Floats, unit: npt.NDArray[np.int64], weights: Floats) -> Floats:
    mean = np.bincount(unit, weights=column * weights) / np.bincount(unit, weights=weights)
    within: Floats = column - mean[unit]
    return within


def _left_over(column: Floats, basis: Floats) -> Floats:
    left: Floats = column - basis @ (basis.T @ column)
    return left


def _inference(used: StaggeredPanel, estimate: float, summed: Floats, n_rows: int, n_columns: int) -> Estimate:
    count = used.n_clusters
    factor = count / (count - 1) * (n_rows - 1) / (n_rows - n_columns)
    error = float(np.sqrt(factor * float(summed @ summed)))
    n_treated = int((used.unit_cohort > 0).sum())
    n_comparison = int(used.unit_cohort.size - n_treated)
    treated_clusters = np.unique(used.unit_cluster[used.unit_cohort > 0]).size
    notes = [*used.notes]
    if treated_clusters < 2:
        notes.append("all treated units lie in one cluster, so no standard error can be had")
    note = "; ".join(notes) or None
    if treated_clusters < 2 or not error > 0:
        return Estimate(estimate, None, None, None, n_treated, n_comparison, count, note=note)
    reach = float(student_t.ppf((1 + LEVEL) / 2, count - 1)) * error
    p_value = float(2 * student_t.sf(abs(estimate) / error, count - 1))
    return Estimate(estimate, error, estimate - reach, estimate + reach, n_treated, n_comparison, count, p_value, note)
