"""How probable treatment is, given what was known before: the propensity score.

Belongs here: the score, and what kept it from being estimated plainly. Does not belong here: who is
matched or weighted by it.

Source: Rosenbaum & Rubin (1983), "The central role of the propensity score in observational studies
for causal effects", Biometrika 70(1) 41–55. A logistic regression by maximum likelihood (statsmodels).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.optimize import linprog, minimize
from scipy.special import expit, log_expit
from statsmodels.discrete.discrete_model import Logit
from statsmodels.tools.sm_exceptions import PerfectSeparationError, PerfectSeparationWarning

from pipelines.analysis.design_matrix import (
    Booleans,
    Floats,
    centred_lengths,
    covariate_columns,
    independent_columns,
    require_columns,
    treated_column,
)

PRIOR_SD = 2.5
"""Standard deviation of the normal prior on a coefficient per standard deviation of its covariate, where the plain
fit does not exist. The scale is the one of Gelman, Jakulin, Pittau & Su (2008), "A weakly informative default prior
distribution for logistic and other regression models", Annals of Applied Statistics 2(4) 1360–1383; theirs is a
Cauchy prior on a scale twice as wide, a normal one holds more."""

_MOST_STEPS = 60
_SEPARATED = 1e-6


@dataclass(frozen=True)
class Propensity:
    """The fitted score. `coefficients` by covariate, in the covariates' own units, and `intercept`.

    `is_converged`: whether plain maximum likelihood gave them. `dropped`: covariates that are constant or follow
    from others. `note` tells both in sentences, None where there is nothing to tell.
    """

    coefficients: Mapping[str, float]
    is_converged: bool
    note: str | None
    dropped: tuple[str, ...] = ()


def propensity(
    frame: pl.DataFrame, covariates: Sequence[str], treated: str = "is_treated"
) -> tuple[pl.DataFrame, Propensity]:
    """The frame with `propensity` (0..1) and `logit` (its log odds), and the fit.

    frame: one row per unit. Covariates are numbers or booleans without gaps; constant and collinear ones (the later
    of two) are left out and told. Where some combination of covariates separates treated from others, the likelihood
    has no maximum (Albert & Anderson 1984, Biometrika 71(1) 1–10): that is told with the covariates' names, and the
    coefficients are then those of largest posterior density under independent normal priors of PRIOR_SD.

    The order of rows changes nothing. Raises ValueError where all or none are treated, or a covariate is missing or
    no number.
    """
    require_columns(frame, [treated, *covariates])
    keys = [name for name in ("unit", *covariates, treated) if name in frame.columns]
    order = frame.select(pl.arg_sort_by(keys)).to_series().to_numpy()
    is_treated = treated_column(frame, treated)[order]
    values = covariate_columns(frame, covariates)[order]

    means, lengths = centred_lengths(values)
    kept = independent_columns(values - means, lengths)
    names = [covariates[position] for position in kept]
    dropped = tuple(name for name in covariates if name not in names)
    means = means[kept]
    scales = lengths[kept] / np.sqrt(len(is_treated))
    design = np.column_stack([np.ones(len(is_treated)), (values[:, kept] - means) / scales])

    notes = []
    if dropped:
        notes.append(f"Left out because constant or determined by the covariates before: {', '.join(dropped)}.")
    fitted = _maximum_likelihood(is_treated, design)
    is_converged = fitted is not None
    if fitted is None:
        separating = _separating(is_treated, design, names)
        reason = (
            f"treated units and others are separated by {', '.join(separating)}"
            if separating
            else "the steps towards it do not settle, as they do where a covariate separates treated units from others"
        )
        notes.append(
            f"The propensity score has no maximum-likelihood estimate: {reason}. It was estimated with a normal prior "
            f"instead (standard deviation {PRIOR_SD} per standard deviation of a covariate). Leave such a covariate "
            "out or match exactly on it, and look at who is comparable at all."
        )
        fitted = _with_prior(is_treated, design)

    logit = np.empty(len(is_treated))
    logit[order] = design @ fitted
    slopes = fitted[1:] / scales
    coefficients = {"intercept": float(fitted[0] - slopes @ means)} | {
        name: float(slope) for name, slope in zip(names, slopes, strict=True)
    }
    scored = frame.with_columns(pl.Series("propensity", expit(logit)), pl.Series("logit", logit))
    return scored, Propensity(coefficients, is_converged, " ".join(notes) or None, dropped)


def _maximum_likelihood(is_treated: Booleans, design: Floats) -> Floats | None:
    """The coefficients, or None where Newton's method finds no maximum."""
    # where treated and others are separated, the steps grow without end: found out and told by the caller
    with warnings.catch_warnings(), np.errstate(over="ignore"):
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        try:
            result = Logit(is_treated.astype(np.float64), design).fit(
                method="newton", maxiter=_MOST_STEPS, disp=False, warn_convergence=False, skip_hessian=True
            )
        except (np.linalg.LinAlgError, PerfectSeparationError):
            return None
    fitted: Floats = np.asarray(result.params, dtype=np.float64)
    if not result.mle_retvals["converged"] or not np.isfinite(fitted).all():
        return None
    return fitted


def _separating(is_treated: Booleans, design: Floats, names: Sequence[str]) -> list[str]:
    """The covariates that separate, alone or else together; none where nothing does.

    Separation is a direction β with (2d − 1)·xβ >= 0 in every row and above 0 in some, found by linear programming
    (Konis 2007, "Linear programming algorithms for detecting separated data in binary logistic regression models",
    DPhil thesis, University of Oxford).
    """
    treated, others = design[is_treated, 1:], design[~is_treated, 1:]
    alone = (treated.min(axis=0) >= others.max(axis=0)) | (others.min(axis=0) >= treated.max(axis=0))
    if alone.any():
        return [name for name, separates in zip(names, alone, strict=True) if separates]
    # on a scale that a few far values don't set, lest those near each other look the same
    spread = np.median(np.abs(design - np.median(design, axis=0)), axis=0)
    signed = np.where(is_treated, 1.0, -1.0)[:, None] * design / np.where(spread > 0, spread, 1.0)
    found = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(signed)), bounds=(-1, 1), method="highs")
    if found.status != 0 or -found.fun <= _SEPARATED * len(signed):
        return []
    return [name for name, slope in zip(names, found.x[1:], strict=True) if abs(slope) > _SEPARATED]


def _with_prior(is_treated: Booleans, design: Floats) -> Floats:
    """The coefficients of largest posterior density; the intercept has no prior."""
    precision = np.full(design.shape[1], 1 / PRIOR_SD**2)
    precision[0] = 0.0
    signed = np.where(is_treated, 1.0, -1.0)[:, None] * design

    def loss(coefficients: Floats) -> float:
        return float(-log_expit(signed @ coefficients).sum() + precision @ coefficients**2 / 2)

    def gradient(coefficients: Floats) -> Floats:
        slope: Floats = -(expit(-(signed @ coefficients)) @ signed) + precision * coefficients
        return slope

    def curvature(coefficients: Floats) -> Floats:
        probability = expit(signed @ coefficients)
        bend: Floats = (design * (probability * (1 - probability))[:, None]).T @ design + np.diag(precision)
        return bend

    start = np.zeros(design.shape[1])
    found = minimize(loss, start, jac=gradient, hess=curvature, method="trust-exact", options={"gtol": 1e-8})
    fitted: Floats = np.asarray(found.x, dtype=np.float64)
    return fitted
