"""Weights under which comparison units have the means of the treated: entropy balancing.

Belongs here: the weights. Does not belong here: matched sets (matching.py), or any outcome: a design is made
before outcomes are read.

Source: Hainmueller (2012), "Entropy balancing for causal effects", Political Analysis 20(1) 25–46. Of all
weights that give the comparison units the covariate means of the treated, those nearest to equal ones
(Kullback–Leibler): w ∝ exp(z·λ), with z the covariates less their targets and λ the minimum of the convex
Σ_s π_s log Σ_{i in s} exp(z_i·λ) over strata s with the treated shares π_s (one stratum where none are named).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from diff_diff.balancing import BalanceError, entropy_balance

from pipelines.analysis.design_matrix import (
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

BALANCED = 1e-8
"""A mean is met if it is off by less than this many standard deviations."""
_ROUGH = 1e-6
_MOST_STEPS = 60


@dataclass(frozen=True)
class Weights:
    """Weights for the effect on the treated.

    `frame`: `unit`, `weight`, in the order of the rows given: 1 for a treated unit, and for comparison units weights
    that add up to the number of treated ones. Treated units without a comparison unit in their stratum have weight 0,
    as have comparison units without a treated one. Where no weights balance (`is_balanced` false), those of the
    comparison units are null. `note` says what couldn't be balanced or was left out. `effective_n_comparison`:
    (Σw)²/Σw² over comparison units (Kish), as many equally weighted ones as these are worth.
    """

    frame: pl.DataFrame
    is_balanced: bool
    note: str | None
    effective_n_comparison: float | None = None


def entropy_weights(
    frame: pl.DataFrame, covariates: Sequence[str], treated: str = "is_treated", strata: str | None = None
) -> Weights:
    """Weights with exactly the treated units' covariate means and, where named, their shares of the strata.

    frame: one row per unit, `unit` and the covariates without gaps. The first moments agree to BALANCED standard
    deviations. The order of rows changes nothing. Where the means of the treated lie outside of what comparison units
    span there are no such weights: told, not raised.

    Worked: treated at 1, comparison units at 0 and 2 and 4: weights ∝ exp(λx) with mean 1 are in the ratio
    1 : r : r² with r = e^{2λ} and r² · 3 + r − 1 = 0, r = 0.4343, so 0.6162, 0.2676, 0.1162.

    Raises ValueError where all or none are treated, a unit is named twice, or a covariate is missing or no number.
    """
    require_columns(frame, ["unit", treated, *covariates])
    if frame["unit"].n_unique() < frame.height:
        raise ValueError("rows repeat a unit: weighting needs one row per unit")
    order = frame["unit"].arg_sort().to_numpy()
    is_treated = treated_column(frame, treated)[order]
    values = covariate_columns(frame, covariates)[order]
    stratum = group_codes(frame, strata)[order] if strata is not None else np.zeros(len(order), dtype=np.int64)

    count = int(stratum.max()) + 1
    shared = np.minimum(
        np.bincount(stratum[is_treated], minlength=count), np.bincount(stratum[~is_treated], minlength=count)
    )
    inside = shared[stratum] > 0
    notes = []
    alone = int(np.count_nonzero(is_treated & ~inside))
    if alone:
        notes.append(f"{alone} treated units have no comparison unit in their stratum and are left out.")
    if not inside.any():
        notes.append("No stratum has both treated and comparison units.")
        return _weights(frame, order, is_treated, inside, None, notes)

    treated_inside, others = is_treated & inside, ~is_treated & inside
    _, lengths = centred_lengths(values[inside])
    scales = np.where(lengths > 0, lengths, 1.0) / np.sqrt(np.count_nonzero(inside))
    target = values[treated_inside].mean(axis=0)
    moments = (values[others] - target) / scales
    own_mean, own_lengths = centred_lengths(moments)
    kept = independent_columns(moments - own_mean, own_lengths)
    shares = np.bincount(stratum[treated_inside], minlength=count) / np.count_nonzero(treated_inside)
    found = _balance(moments[:, kept], stratum[others], shares)
    off = np.abs(found @ moments)
    if off.max(initial=0.0) > BALANCED:
        worst = [covariates[position] for position in np.argsort(-off, kind="stable")[:3] if off[position] > BALANCED]
        notes.append(
            f"No weights give the comparison units the treated units' means ({', '.join(worst)} stay off): "
            "the two groups overlap too little. Use fewer covariates, coarser strata, or matching with a caliper."
        )
        return _weights(frame, order, is_treated, inside, None, notes)
    return _weights(frame, order, is_treated, inside, found * np.count_nonzero(treated_inside), notes)


def _weights(
    frame: pl.DataFrame,
    order: Integers,
    is_treated: Booleans,
    inside: Booleans,
    found: Floats | None,
    notes: Sequence[str],
) -> Weights:
    ordered = np.where(is_treated & inside, 1.0, 0.0)
    ordered[~is_treated & inside] = np.nan if found is None else found
    weight = np.empty(len(ordered))
    weight[order] = ordered
    return Weights(
        frame.select("unit").with_columns(pl.Series("weight", weight).fill_nan(None)),
        is_balanced=found is not None,
        note=" ".join(notes) or None,
        effective_n_comparison=None if found is None else float(found.sum() ** 2 / (found @ found)),
    )


def _balance(moments: Floats, stratum: Integers, shares: Floats) -> Floats:
    """Weights that add up to 1, to `shares` by stratum, and bring the mean of each moment to 0, or near to it.

    diff_diff balances without strata and to about 1e-8, where its line search drowns in rounding. From there, damped
    Newton steps on the same function, now with strata: their weighted covariance within strata is its curvature.
    """
    weights: Floats = np.full(len(moments), 1 / len(moments))
    if moments.shape[1]:
        try:
            weights, _ = entropy_balance(moments, np.zeros(moments.shape[1]), tol=_ROUGH, max_iter=_MOST_STEPS)
        except BalanceError:
            # without strata there are none, so with strata there are none either
            return _in_shares(weights, stratum, shares)
    weights = _in_shares(weights, stratum, shares)
    for _ in range(_MOST_STEPS):
        slope = weights @ moments
        if np.abs(slope).max(initial=0.0) < BALANCED / 100:
            break
        means = (
            np.column_stack([np.bincount(stratum, weights * column, minlength=len(shares)) for column in moments.T])
            / np.where(shares > 0, shares, 1.0)[:, None]
        )
        spread = (moments - means[stratum]) * np.sqrt(weights)[:, None]
        step = np.asarray(-np.linalg.lstsq(spread.T @ spread, slope, rcond=None)[0], dtype=np.float64)
        weights = _damped(weights, moments, stratum, shares, step, float(slope @ step))
    return weights


def _damped(weights: Floats, moments: Floats, stratum: Integers, shares: Floats, step: Floats, slope: float) -> Floats:
    """The weights after the step, halved until the function falls as Armijo's rule asks, up to rounding."""
    along = moments @ step
    length = 1.0
    for _ in range(30):
        exponent = length * along
        largest = float(exponent.max())
        moved = weights * np.exp(exponent - largest)
        sums = np.bincount(stratum, moved, minlength=len(shares))[shares > 0] / shares[shares > 0]
        with np.errstate(divide="ignore"):
            change = float(shares[shares > 0] @ np.log(sums)) + largest
        if change <= 1e-4 * length * slope + 1e-12:
            break
        length /= 2
    return _in_shares(moved, stratum, shares)


def _in_shares(weights: Floats, stratum: Integers, shares: Floats) -> Floats:
    """The weights scaled so that each stratum has its share."""
    sums = np.bincount(stratum, weights, minlength=len(shares))
    scaled: Floats = weights * (shares / np.where(sums > 0, sums, 1.0))[stratum]
    return scaled
