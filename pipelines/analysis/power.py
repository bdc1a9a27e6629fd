"""What a study could find before it looks: the smallest effect it can detect, and when it should give none.

Belongs here: the minimum detectable effect, what it needs from data before treatment, the rule of refusal. Does
not belong here: the estimate, and anything that reads an outcome after treatment.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

MULTIPLIER = 2.8  # 1.96 + 0.84: two-sided 5 %, power 80 %
SMALLEST_SHOWN = 10  # people in a printed count


def minimum_detectable_effect(
    n: float, treated_share: float, design_effect: float = 1.0, r_squared: float = 0.0
) -> float:
    """The smallest true effect that a study of n units finds in 80 of 100 cases at the 5 % level.

    2.8·sqrt(DE·(1 − R²)/(P(1 − P)N)). n: units of both arms. treated_share: P, above 0 and below 1. design_effect:
    as design_effect gives it. r_squared: the share of the outcome's variance that covariates explain, 0 to below 1.
    Returns standard deviations of the outcome. Raises ValueError outside these ranges.

    Source: Bloom (1995), "Minimum detectable effects", Evaluation Review 19(5) 547-556. Worked: (3000, 0.2, 2.9,
    0.5) → 0.154; 27 earners and 270 peers, (297, 27/297) → 0.565.
    """
    if not n > 0 or not 0 < treated_share < 1:
        raise ValueError(f"{n:g} units, a share of {treated_share:g} treated: both arms need units")
    _check_variances(design_effect, r_squared)
    return MULTIPLIER * math.sqrt(design_effect * (1 - r_squared) / (treated_share * (1 - treated_share) * n))


def treated_needed(
    effect: float, comparison_per_treated: float, design_effect: float = 1.0, r_squared: float = 0.0
) -> int:
    """How many treated units bring the minimum detectable effect down to `effect`, at so many comparison units each.

    2.8²·DE·(1 − R²)·(1 + 1/k)/effect², rounded up. Raises ValueError on an effect or ratio that is not above 0.

    Source: Bloom (1995), solved for n. Worked: (0.40, 10) → 54.
    """
    if not effect > 0 or not comparison_per_treated > 0:
        raise ValueError(f"an effect of {effect:g} at {comparison_per_treated:g} comparison units each: above 0 both")
    _check_variances(design_effect, r_squared)
    exact = MULTIPLIER**2 * design_effect * (1 - r_squared) * (1 + 1 / comparison_per_treated) / effect**2
    return math.ceil(exact * (1 - 1e-12))  # an exact whole number must not be rounded up past itself


def design_effect(mean_cluster_size: float, intraclass_correlation: float, cluster_size_cv: float = 0.0) -> float:
    """How many times clustering inflates the variance of a mean: 1 + ((1 + cv²)n̄ − 1)ρ.

    mean_cluster_size: n̄, units a cluster. cluster_size_cv: the standard deviation of cluster sizes over their mean;
    0 where all are alike gives 1 + (n̄ − 1)ρ. It is exact where whole clusters are treated, and on the safe side
    where treated and comparison units share clusters. Raises ValueError on clusters below one unit, a correlation
    outside 0..1 and a negative coefficient of variation.

    Source: Kish (1965), Survey Sampling; unequal sizes: Eldridge, Ashby & Kerry (2006), Int. J. Epidemiology 35(5)
    1292-1300. Worked: (20, 0.1) → 2.9.
    """
    if not mean_cluster_size >= 1:
        raise ValueError(f"a mean cluster size of {mean_cluster_size:g}: a cluster holds at least one unit")
    if not 0 <= intraclass_correlation <= 1:
        raise ValueError(f"an intraclass correlation of {intraclass_correlation:g} lies outside 0..1")
    if not cluster_size_cv >= 0:
        raise ValueError(f"a coefficient of variation of {cluster_size_cv:g} is negative")
    return 1 + ((1 + cluster_size_cv**2) * mean_cluster_size - 1) * intraclass_correlation


def cluster_sizes(clusters: npt.ArrayLike) -> tuple[float, float]:
    """The mean size of clusters and its coefficient of variation, as design_effect takes them.

    clusters: one label a unit. With the standard deviation over all clusters (not n − 1), the design effect is
    1 + (Σn²/Σn − 1)ρ exactly. Raises ValueError where there is no unit.
    """
    labels = np.asarray(clusters)
    if labels.size == 0:
        raise ValueError("no units, and so no clusters to take the size of")
    sizes = np.unique(labels, return_counts=True)[1]
    return float(sizes.mean()), float(sizes.std() / sizes.mean())


def intraclass_correlation(values: npt.ArrayLike, clusters: npt.ArrayLike) -> float | None:
    """The share of the variance that lies between clusters, by one-way analysis of variance.

    (MSB − MSW)/(MSB + (n₀ − 1)MSW), n₀ = (N − Σn²/N)/(k − 1), which allows for clusters of unequal size; never below
    0. values: one number a unit; units whose value is missing (nan) are left out. clusters: one label a unit.
    Returns 0..1, or None where it can't be had: fewer than two clusters, no cluster with two units, all values
    equal. Raises ValueError where the two differ in length.

    Source: Donner (1986), Int. Statistical Review 54(1) 67-82. Worked: the ratings of Shrout & Fleiss (1979),
    Psychological Bulletin 86(2) 420-428, table 2 → ICC(1,1) = 0.17.
    """
    given, labels = np.asarray(values, dtype=np.float64), np.asarray(clusters)
    if given.ndim != 1 or given.shape != labels.shape:
        raise ValueError(f"{given.size} values and {labels.size} cluster labels: one label a value is needed")
    known = ~np.isnan(given)
    x = given[known]
    _, cluster = np.unique(labels[known], return_inverse=True)
    sizes = np.bincount(cluster).astype(np.float64)
    n, k = x.size, sizes.size
    if k < 2 or n <= k or x.max() == x.min():
        return None
    x = x - x.mean()  # sums of squares of large numbers would cancel
    means = np.bincount(cluster, weights=x) / sizes
    between = float((sizes * means**2).sum()) / (k - 1)
    within = float(((x - means[cluster]) ** 2).sum()) / (n - k)
    common_size = (n - float((sizes**2).sum()) / n) / (k - 1)
    return min(1.0, max(0.0, float((between - within) / (between + (common_size - 1) * within))))


def explained_share(outcome: npt.ArrayLike, predictors: npt.ArrayLike) -> float:
    """How much of an outcome's variance predictors explain: adjusted R², never below 0.

    outcome: one number a unit, from before treatment (an earlier year stands for the outcome's). predictors: units ×
    predictors, or one predictor as a plain array; an intercept is added, and a predictor that others already tell
    costs nothing. Units with any missing number (nan) are left out. Returns 0..1; 0 without predictors
    and where the outcome is constant. Raises ValueError where the lengths differ, and where no more units than
    predictors are left.

    Source: adjusted R² = 1 − (1 − R²)(n − 1)/(n − k), k the rank with the intercept: Theil (1961).
    """
    y = np.asarray(outcome, dtype=np.float64)
    x = np.asarray(predictors, dtype=np.float64)
    x = x[:, None] if x.ndim == 1 else x
    if x.ndim == 2 and x.shape[1] == 0:
        return 0.0
    if y.ndim != 1 or x.ndim != 2 or x.shape[0] != y.size:
        raise ValueError(f"{y.size} outcomes and {x.shape[0]} rows of predictors: one row an outcome is needed")
    known = np.isfinite(y) & np.isfinite(x).all(axis=1)
    y, x = y[known], x[known]
    if y.size == 0:
        raise ValueError(f"none of {known.size} units has its outcome and all {x.shape[1]} predictors")
    if y.max() == y.min():
        return 0.0
    x = x[:, x.max(axis=0) > x.min(axis=0)]
    scaled = (x - x.mean(axis=0)) / x.std(axis=0)  # the rank must not depend on units of measure
    y = y - y.mean()
    fitted, _, rank, _ = np.linalg.lstsq(scaled, y, rcond=None)
    free = y.size - 1 - int(rank)
    if free < 1:
        raise ValueError(f"{y.size} complete units are too few for {x.shape[1]} predictors: one unit more is needed")
    unexplained = float(((y - scaled @ fitted) ** 2).sum()) / float((y**2).sum())
    return min(1.0, max(0.0, float(1 - unexplained * (y.size - 1) / free)))


def refusal(
    n_treated: int,
    mde: float,
    minimum_treated: int = 20,
    ceiling: float = 0.40,
    n_comparison: int | None = None,
    treated_label: str = "earners",
    comparison_label: str = "peers",
) -> str | None:
    """Why no effect is given, in words for the top of the report; None where one may be given.

    Two rules: fewer than `minimum_treated` treated units, or a minimum detectable effect above `ceiling` standard
    deviations. mde: as minimum_detectable_effect gives it, inf where an arm is empty. Where an arm has fewer than
    SMALLEST_SHOWN units, neither its count nor the detectable effect is told, since the second gives away the first.
    Raises ValueError on a negative count and on an mde that is not above 0.

    Source: the project's rule (METHODS §3): an effect that could not have been found is not looked for. Worked:
    27 earners and 270 peers → 0.565 SD, above 0.40.
    """
    if n_treated < 0 or (n_comparison is not None and n_comparison < 0):
        raise ValueError(f"{n_treated} treated and {n_comparison} comparison units: counts are not negative")
    if not mde > 0:
        raise ValueError(f"a minimum detectable effect of {mde:g}: it lies above 0")
    is_small, is_blunt = n_treated < minimum_treated, mde > ceiling
    if not is_small and not is_blunt:
        return None
    counts = [(n_treated, treated_label)] + ([] if n_comparison is None else [(n_comparison, comparison_label)])
    is_shown = min(n for n, _ in counts) >= SMALLEST_SHOWN
    people = (" and " if is_shown else ", and ").join(
        f"{n:,} {label}" if n >= SMALLEST_SHOWN else f"fewer than {SMALLEST_SHOWN} {label}" for n, label in counts
    )
    reasons = []
    if is_small:
        reasons.append(f"at least {minimum_treated} {treated_label} are needed")
    if is_blunt:
        size = f"is {mde:.3f} SD, above" if is_shown and math.isfinite(mde) else "lies above"
        reasons.append(f"the smallest effect this study could detect {size} the limit of {ceiling:.2f} SD")
    return (
        f"{people[0].upper()}{people[1:]}: {', and '.join(reasons)}. "
        "The study therefore gives counts only, and no effect."
    )


def _check_variances(design_effect: float, r_squared: float) -> None:
    if not design_effect > 0:
        raise ValueError(f"a design effect of {design_effect:g}: it lies above 0")
    if not 0 <= r_squared < 1:
        raise ValueError(f"an R² of {r_squared:g} lies outside 0..1 (1 itself leaves nothing to detect)")
