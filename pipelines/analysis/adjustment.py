"""The difference between treated and comparison units at equal covariates: weighted analysis of covariance.

Belongs here: one regression with one effect, fixed effects and clustered errors, and what it leaves for a
bootstrap by clusters. Does not belong here: who is compared (matching.py, entropy_weights.py), effects over
time (did.py).

With d the treatment, y the outcome, w the weights and X all else, fixed effects among it: d̃ and ỹ are what
weighted least squares on X leaves of d and y, and the coefficient of d is Σ w d̃ ỹ / Σ w d̃² (Frisch & Waugh
1933, Econometrica 1(4) 387–401; Lovell 1963, JASA 58(304) 993–1010). Fixed effects of one column leave what
their groups' weighted means leave, exactly. With e = ỹ − βd̃, the variance clustered by g is
c · Σ_g (Σ_{i in g} w d̃ e)² / (Σ w d̃²)², c = G/(G − 1) · (n − 1)/(n − K), K counting X, the fixed effects and d:
CR1 of Cameron & Miller (2015), "A practitioner's guide to cluster-robust inference", Journal of Human Resources
50(2) 317–372, compared with t(G − 1). Below 40 clusters interval and p-value come from the wild cluster bootstrap.

With a WWC-style design this is "adjustment for baseline differences": What Works Clearinghouse 5.0, chapter IV.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import stats

from pipelines.analysis.design_matrix import (
    DEPENDENT,
    Booleans,
    Floats,
    Integers,
    centred_lengths,
    covariate_columns,
    group_codes,
    independent_columns,
    require_columns,
    treated_column,
)
from pipelines.analysis.estimate import Estimate
from pipelines.analysis.wild_bootstrap import FEW_CLUSTERS, WildInterval, wild_interval

FEW_IN_ARM = 5
"""An arm in fewer clusters than this makes clustered errors and the bootstrap unreliable, however many there are."""


def adjusted_difference(
    frame: pl.DataFrame,
    outcome: str,
    covariates: Sequence[str] = (),
    treated: str = "is_treated",
    weight: str | None = None,
    fixed_effects: str | None = None,
    cluster: str = "cluster",
    seed: int = 0,
) -> Estimate:
    """The coefficient of `treated`, in units of the outcome, with its interval clustered by `cluster`.

    frame: one row per unit, or per unit and time (`unit`, where there is such a column, is what is counted).
    `weight`: rows with weight 0 or null are not in the comparison; 1 each where None. `fixed_effects`: a column of
    groups each with a mean of its own. Rows without an outcome are left out and counted in the note, which also names
    covariates left out as constant or collinear, and a bootstrapped interval. Where one arm is in a single cluster the
    estimate has no standard error. `seed`: of the wild cluster bootstrap, which 40 clusters or more don't need.

    Worked: treated (5, 6, 7), others (4, 5, 6), each a cluster: estimate 1; d̃ = ±1/2, scores ±1/2 or 0, Σ d̃² = 1.5,
    c = 6/5 · 5/4, so the standard error is sqrt(1.5)/1.5 = 0.8165.

    Raises ValueError, with counts and what to do, on: no row with an outcome, all or none treated, treated and
    comparison units never in the same fixed effect, a treatment that follows from the covariates, a constant outcome,
    one cluster, an arm that is one whole cluster, missing covariates, more coefficients than rows.
    """
    rows = _rows(frame, [outcome], covariates, treated, weight, fixed_effects, cluster)
    fit = _residuals(rows, outcome)
    y = fit.outcomes[:, 0]
    denominator = float(fit.treatment @ fit.treatment)
    effect = float(fit.treatment @ y) / denominator
    notes = list(rows.notes)
    if fit.dropped:
        notes.append(f"Left out because constant or determined by the covariates before: {', '.join(fit.dropped)}.")

    scores = np.bincount(rows.clusters, weights=fit.treatment * (y - effect * fit.treatment))
    clusters, n, few = len(scores), len(y), _clusters_of_smaller_arm(rows)
    if n <= fit.coefficients:
        raise ValueError(
            f"{n} rows can't carry {fit.coefficients} coefficients (fixed effects included): use fewer covariates or "
            "coarser fixed effects"
        )
    if few == 1:
        notes.append("One arm is in a single cluster: how much the estimate varies can't be told.")
        return Estimate(effect, None, None, None, *rows.counts, clusters, note=" ".join(notes))
    if few < FEW_IN_ARM:
        notes.append(
            f"One arm is in only {few} clusters: no method gives a trustworthy interval then "
            "(MacKinnon & Webb 2018, Econometrics Journal 21(2) 114–135)."
        )
    factor = clusters / (clusters - 1) * (n - 1) / (n - fit.coefficients)
    std_error = float(np.sqrt(factor * (scores @ scores))) / denominator
    half_width = float(stats.t.ppf(0.975, clusters - 1)) * std_error
    ci_low: float | None = effect - half_width
    ci_high: float | None = effect + half_width
    p_value: float | None = float(2 * stats.t.sf(abs(effect) / std_error, clusters - 1)) if std_error > 0 else None
    if clusters < FEW_CLUSTERS:
        wild = _bootstrapped(rows, fit, seed)
        ci_low, ci_high, p_value = wild.ci_low, wild.ci_high, wild.p_value
        notes.append(wild.note)
    return Estimate(
        effect, std_error, ci_low, ci_high, *rows.counts, clusters, p_value=p_value, note=" ".join(notes) or None
    )


def cluster_sums(
    frame: pl.DataFrame,
    outcome: str,
    cost: str | None = None,
    covariates: Sequence[str] = (),
    treated: str = "is_treated",
    weight: str | None = None,
    fixed_effects: str | None = None,
    cluster: str = "cluster",
) -> pl.DataFrame:
    """What a bootstrap by clusters resamples: one row per cluster instead of its rows.

    Returns `cluster`, `effect_numerator` Σ w d̃ ỹ, `cost_numerator` (the same of `cost`, null where none is named) and
    `denominator` Σ w d̃², in the order of clusters. The sum of a numerator over the sum of the denominators is exactly
    the adjusted difference of the rows with both an outcome and a cost. A draw of clusters with replacement gives the
    difference of that draw with X's coefficients held at those of the data, and the variance over draws is the
    clustered one but for c: both columns are residuals, so a cluster's numerator less β times its denominator is its
    score. Arguments and errors as in `adjusted_difference`.
    """
    rows = _rows(
        frame, [outcome] if cost is None else [outcome, cost], covariates, treated, weight, fixed_effects, cluster
    )
    fit = _residuals(rows, outcome)
    sums = {"cluster": rows.frame[cluster].unique().sort()}
    for number, name in enumerate(("effect_numerator", "cost_numerator")[: fit.outcomes.shape[1]]):
        sums[name] = pl.Series(np.bincount(rows.clusters, weights=fit.treatment * fit.outcomes[:, number]))
    result = pl.DataFrame(sums | {"denominator": np.bincount(rows.clusters, weights=fit.treatment**2)})
    if cost is None:
        result = result.with_columns(pl.lit(None, dtype=pl.Float64).alias("cost_numerator"))
    return result.select("cluster", "effect_numerator", "cost_numerator", "denominator")


@dataclass(frozen=True)
class _Rows:
    """The rows of a regression, read and checked."""

    frame: pl.DataFrame
    outcomes: Floats
    is_treated: Booleans
    covariates: Floats
    names: Sequence[str]
    weights: Floats | None
    blocks: Integers | None
    clusters: Integers
    counts: tuple[int, int]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Residuals:
    """What X leaves, times the square root of the weight."""

    treatment: Floats
    outcomes: Floats
    basis: Floats
    """Orthonormal columns that span the covariates beside the fixed effects."""
    blocks: Integers
    roots: Floats
    """Square root of the weight."""
    coefficients: int
    dropped: tuple[str, ...]


def _rows(
    frame: pl.DataFrame,
    outcomes: Sequence[str],
    covariates: Sequence[str],
    treated: str,
    weight: str | None,
    fixed_effects: str | None,
    cluster: str,
) -> _Rows:
    groups = [name for name in (weight, fixed_effects) if name is not None]
    require_columns(frame, [*outcomes, *covariates, treated, cluster, *groups])
    notes = []
    if weight is not None:
        weights = frame[weight].cast(pl.Float64)
        refused = (~weights.is_finite() | (weights < 0)).sum()
        if refused:
            raise ValueError(f"{weight} is negative or not a number in {refused} of {frame.height} rows")
        frame = frame.filter(weights.fill_null(0.0) > 0)
    has_outcome = pl.all_horizontal(pl.col(outcomes).cast(pl.Float64).is_finite().fill_null(False))
    kept = frame.filter(has_outcome)
    if kept.is_empty():
        raise ValueError(f"none of {frame.height} rows has a number for {' and '.join(outcomes)}")
    if kept.height < frame.height:
        notes.append(
            f"{frame.height - kept.height} of {frame.height} rows have no {' or no '.join(outcomes)} and are left out."
        )
    is_treated = treated_column(kept, treated)
    clusters = group_codes(kept, cluster)
    _refuse_few_clusters(is_treated, clusters, cluster)
    units = kept["unit"].rank("dense").to_numpy() if "unit" in kept.columns else np.arange(kept.height)
    return _Rows(
        frame=kept,
        outcomes=np.column_stack([kept[name].cast(pl.Float64).to_numpy() for name in outcomes]),
        is_treated=is_treated,
        covariates=covariate_columns(kept, covariates),
        names=covariates,
        weights=None if weight is None else kept[weight].cast(pl.Float64).to_numpy(),
        blocks=None if fixed_effects is None else group_codes(kept, fixed_effects),
        clusters=clusters,
        counts=(len(np.unique(units[is_treated])), len(np.unique(units[~is_treated]))),
        notes=tuple(notes),
    )


def _refuse_few_clusters(is_treated: Booleans, clusters: Integers, name: str) -> None:
    """One cluster gives no standard error; an arm that is one whole cluster can't be told from that cluster."""
    count = int(clusters.max()) + 1
    if count == 1:
        raise ValueError(
            f"all rows are in one {name}: a standard error needs several, name a smaller unit as the cluster"
        )
    treated_in = np.bincount(clusters[is_treated], minlength=count) > 0
    others_in = np.bincount(clusters[~is_treated], minlength=count) > 0
    for arm, here, there in (("treated", treated_in, others_in), ("comparison", others_in, treated_in)):
        if here.sum() == 1 and not there[here].any():
            raise ValueError(
                f"the {arm} rows are one {name} as a whole: its effect can't be told from that of being treated "
                "(one cluster in an arm: a confounding factor in What Works Clearinghouse 5.0)"
            )


def _clusters_of_smaller_arm(rows: _Rows) -> int:
    arms = (rows.clusters[rows.is_treated], rows.clusters[~rows.is_treated])
    return min(len(np.unique(arm)) for arm in arms)


def _residuals(rows: _Rows, outcome: str) -> _Residuals:
    treatment = rows.is_treated.astype(np.float64)
    values = np.column_stack([treatment, rows.outcomes, rows.covariates])
    means, lengths = centred_lengths(values, rows.weights)
    if lengths[1] == 0:
        raise ValueError(f"{outcome} is the same in all {len(values)} rows: a constant outcome shows no effect")
    values -= means
    weights = np.ones(len(values)) if rows.weights is None else rows.weights
    blocks = np.zeros(len(values), dtype=np.int64) if rows.blocks is None else rows.blocks
    totals = np.bincount(blocks, weights=weights)
    if rows.blocks is not None:
        for column in values.T:
            column -= (np.bincount(blocks, weights=weights * column) / totals)[blocks]
    roots = np.sqrt(weights)
    values *= roots[:, None]

    first = 1 + rows.outcomes.shape[1]
    kept = independent_columns(values[:, first:], lengths[first:])
    basis = np.linalg.qr(values[:, [first + position for position in kept]])[0]
    left = values[:, :first]
    # twice: what one projection leaves over by rounding, the second takes
    for _ in range(2):
        left = left - basis @ (basis.T @ left)
    if np.linalg.norm(left[:, 0]) < DEPENDENT * lengths[0]:
        if np.linalg.norm(values[:, 0]) < DEPENDENT * lengths[0]:
            raise ValueError(
                "no fixed effect holds both treated and comparison units: there is nobody to compare with; "
                "use coarser fixed effects"
            )
        raise ValueError("the covariates determine who is treated: there is no effect beside theirs; use fewer")

    return _Residuals(
        treatment=left[:, 0],
        outcomes=left[:, 1:],
        basis=basis,
        blocks=blocks,
        roots=roots,
        coefficients=1 + len(kept) + len(totals),
        dropped=tuple(name for position, name in enumerate(rows.names) if position not in kept),
    )


def _bootstrapped(rows: _Rows, fit: _Residuals, seed: int) -> WildInterval:
    """The wild cluster bootstrap of the first outcome.

    A fixed effect within one cluster flips with it and stays absorbed. One that reaches over several doesn't, so it
    is a column again, a unit long.
    """
    count = int(fit.blocks.max()) + 1
    lowest, highest = np.full(count, len(fit.roots)), np.full(count, -1)
    np.minimum.at(lowest, fit.blocks, rows.clusters)
    np.maximum.at(highest, fit.blocks, rows.clusters)
    wide = np.flatnonzero(lowest < highest)
    columns = (fit.blocks[:, None] == wide[None, :]) * fit.roots[:, None]
    columns /= np.linalg.norm(columns, axis=0)
    return wild_interval(
        fit.treatment,
        fit.outcomes[:, 0],
        np.hstack([fit.basis, columns]),
        rows.clusters,
        absorbed=count - len(wide),
        seed=seed,
    )
