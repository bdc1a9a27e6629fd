"""Differences in standard deviations, as the What Works Clearinghouse computes them.

Belongs here: a standardised difference, its standard error, and what clustering does to both. Does not belong
here: what a difference at baseline means for a rating (balance, evidence_tier), the estimate itself
(adjustment, did).

WWC 5.0 stands for What Works Clearinghouse (2022), Procedures and Standards Handbook, Version 5.0, Appendix E.
Its forms for clustered data are those of Hedges (2007), "Effect sizes in cluster-randomized designs", JEBS 32(4)
341-370, and Hedges (2007), "Correcting a significance test for clustering", JEBS 32(2) 151-179. n̄ is the mean
cluster size and ρ the intraclass correlation throughout; with ρ = 0 each form is the one for unclustered data.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

COX_DIVISOR = 1.65  # turns a difference of log odds into standard deviations: Cox (1970), WWC 5.0
SMALLEST_N = 4  # at 3 units ω is 0, and below it is no correction at all


def small_sample_correction(n: float) -> float:
    """ω = 1 − 3/(4n − 9), by which a standardised difference of n units in two arms is shrunk.

    n: units of both arms together. Returns a number in 0..1. Raises ValueError below SMALLEST_N units.

    Source: Hedges (1981), JES 6(2) 107-128; WWC 5.0. Worked: n = 6 → 0.8; n = 297 → 0.99746.
    """
    if not n >= SMALLEST_N:
        raise ValueError(f"{n:g} units in both arms together; a standardised difference needs at least {SMALLEST_N}")
    return 1 - 3 / (4 * n - 9)


def pooled_sd(sd_treated: float, sd_comparison: float, n_treated: int, n_comparison: int) -> float:
    """The standard deviation inside the arms: each arm's variance weighted by its n − 1.

    An arm of one unit has no standard deviation: give 0 there, its weight is 0. Raises ValueError on an arm
    without units, on fewer than two units more than arms, and on a negative standard deviation.

    Source: WWC 5.0, the denominator of Hedges g.
    """
    _check_arms(n_treated, n_comparison)
    if not (sd_treated >= 0 and sd_comparison >= 0):
        raise ValueError(f"standard deviations are not negative: treated {sd_treated:g}, comparison {sd_comparison:g}")
    within = (n_treated - 1) * sd_treated**2 + (n_comparison - 1) * sd_comparison**2
    return math.sqrt(within / (n_treated + n_comparison - 2))


def hedges_g(treated: npt.ArrayLike, comparison: npt.ArrayLike) -> float:
    """The difference of two means in pooled standard deviations, corrected for small samples.

    treated, comparison: one value a unit, in the same unit of measure. Returns standard deviations, above 0 where
    the treated mean is higher. Two arms that hold one and the same value differ by 0. Raises ValueError on values
    that are missing or infinite, on an empty arm, on fewer than SMALLEST_N units, and where the arms differ but
    nobody differs inside an arm.

    Source: Hedges (1981); WWC 5.0. Worked: ([5, 6, 7], [4, 5, 6]) → 0.8.
    """
    arms = [np.asarray(arm, dtype=np.float64).ravel() for arm in (treated, comparison)]
    unknown = sum(int((~np.isfinite(arm)).sum()) for arm in arms)
    if unknown:
        raise ValueError(f"{unknown} of {arms[0].size + arms[1].size} values are missing or infinite: leave them out")
    _check_arms(arms[0].size, arms[1].size)
    # a constant arm has no spread at all, which rounding in the mean would hide
    sds = [0.0 if arm.max() == arm.min() else float(arm.std(ddof=1)) for arm in arms]
    if sds == [0.0, 0.0]:
        if arms[0][0] == arms[1][0]:
            return 0.0
        raise ValueError("nobody differs inside an arm, so the arms' difference can't be put in standard deviations")
    return hedges_g_of(float(arms[0].mean() - arms[1].mean()), sds[0], sds[1], arms[0].size, arms[1].size)


def hedges_g_of(
    mean_difference: float, sd_treated: float, sd_comparison: float, n_treated: int, n_comparison: int
) -> float:
    """Hedges g = ω·Δ/S from what a table shows: the difference, each arm's standard deviation and its units.

    mean_difference: treated minus comparison, unadjusted or adjusted for covariates; the standard deviations are
    the unadjusted ones in either case. Returns standard deviations. Raises ValueError as pooled_sd does, and where
    the pooled standard deviation is 0.

    Source: WWC 5.0.
    """
    return small_sample_correction(n_treated + n_comparison) * _standardised(
        mean_difference, pooled_sd(sd_treated, sd_comparison, n_treated, n_comparison)
    )


def cox_index(share_treated: float, share_comparison: float, n: float | None = None) -> float:
    """The difference of two shares in standard deviations: ω·(logit p₁ − logit p₀)/1.65.

    share_treated, share_comparison: above 0 and below 1. n: units of both arms together; None leaves ω out. Raises
    ValueError at a share of 0 or 1, whose odds are no number.

    Source: Cox (1970), Analysis of Binary Data; Sánchez-Meca, Marín-Martínez & Chacón-Moscoso (2003),
    Psychological Methods 8(4) 448-467; WWC 5.0. Worked: (0.8, 0.5) → 0.84018 before ω.
    """
    for share in (share_treated, share_comparison):
        if not 0 < share < 1:
            raise ValueError(f"a share of {share:g} has no log odds: shares must lie between 0 and 1")
    difference = math.log(share_treated / (1 - share_treated)) - math.log(share_comparison / (1 - share_comparison))
    return (1.0 if n is None else small_sample_correction(n)) * difference / COX_DIVISOR


def difference_in_differences_effect_size(
    gain_treated: float,
    gain_comparison: float,
    sd_post_treated: float,
    sd_post_comparison: float,
    n_treated: int,
    n_comparison: int,
) -> float:
    """The difference in gains over the unadjusted pooled standard deviation of the outcome after treatment.

    gain_treated, gain_comparison: mean after minus mean before, on one scale, adjusted for covariates or not. The
    standard deviation is that of the outcome, never that of gains: gains spread less, and would inflate the effect.
    Where before and after are on different scales, subtract one Hedges g from the other instead. Returns standard
    deviations. Raises ValueError as hedges_g_of.

    Source: WWC 5.0, effect sizes from gain scores and difference-in-differences. Worked: gains 3 and 1, both
    standard deviations 4, 50 units an arm → (1 − 3/391)·2/4 = 0.49616.
    """
    return hedges_g_of(gain_treated - gain_comparison, sd_post_treated, sd_post_comparison, n_treated, n_comparison)


def cluster_correction(n: float, mean_cluster_size: float, intraclass_correlation: float) -> float:
    """γ = sqrt(1 − 2(n̄ − 1)ρ/(N − 2)): whole clusters share an arm, so the arms' spread misses some of the total's.

    n: units of both arms together. Returns a number in 0..1 by which the standardised difference shrinks. Raises
    ValueError on clusters below one unit, on a correlation outside 0..1, and where there are fewer than two clusters.

    Source: Hedges (2007), equation 15; WWC 5.0.
    """
    _check_clusters(n, mean_cluster_size, intraclass_correlation)
    return math.sqrt(1 - 2 * (mean_cluster_size - 1) * intraclass_correlation / (n - 2))


def cluster_degrees_of_freedom(n: float, mean_cluster_size: float, intraclass_correlation: float) -> float:
    """h, the degrees of freedom left when n units come in clusters: from n − 2 at ρ = 0 to clusters − 2 at ρ = 1.

    h = [(N − 2) − 2(n̄ − 1)ρ]² / [(N − 2)(1 − ρ)² + n̄(N − 2n̄)ρ² + 2(N − 2n̄)ρ(1 − ρ)]. Raises ValueError as
    cluster_correction does, and where nothing is left (two clusters and ρ = 1).

    Source: WWC 5.0, equation E.21; Hedges (2007). Worked: (100, 5, 0.1) → 94.403.
    """
    _check_clusters(n, mean_cluster_size, intraclass_correlation)
    size, rho = mean_cluster_size, intraclass_correlation
    inside = n - 2 * size
    spread = (n - 2) * (1 - rho) ** 2 + size * inside * rho**2 + 2 * inside * rho * (1 - rho)
    left = (n - 2) - 2 * (size - 1) * rho
    if spread <= 0 or left <= 0:
        raise ValueError(f"{n:g} units in clusters of {size:g} at an intraclass correlation of {rho:g} leave nothing")
    return left**2 / spread


def clustered_hedges_g(
    mean_difference: float,
    sd_treated: float,
    sd_comparison: float,
    n_treated: int,
    n_comparison: int,
    mean_cluster_size: float,
    intraclass_correlation: float,
) -> float:
    """Hedges g where whole clusters (schools) are treated or not: ω·γ·Δ/S with ω = 1 − 3/(4h − 1).

    Where treated and comparison units work in the same clusters, hedges_g_of is the right one. Returns total
    standard deviations (between and inside clusters). Raises ValueError as the parts do.

    Source: WWC 5.0; Hedges (2007).
    """
    n = n_treated + n_comparison
    free = cluster_degrees_of_freedom(n, mean_cluster_size, intraclass_correlation)
    shrink = (1 - 3 / (4 * free - 1)) * cluster_correction(n, mean_cluster_size, intraclass_correlation)
    return shrink * _standardised(mean_difference, pooled_sd(sd_treated, sd_comparison, n_treated, n_comparison))


def standard_error_of_g(
    g: float,
    n_treated: int,
    n_comparison: int,
    r_squared: float = 0.0,
    mean_cluster_size: float = 1.0,
    intraclass_correlation: float = 0.0,
) -> float:
    """Standard error of a standardised difference that was computed as if units were independent.

    sqrt((1 − R²)·(1/n₁ + 1/n₀)·η + g²/(2h)), η = 1 + (n̄ − 1)ρ. r_squared: the share of the outcome's variance that
    the covariates of an adjusted difference explain; for a difference in gains give 2r − 1, with r the
    correlation of before and after, which may lie below 0. Returns standard deviations. Raises ValueError on
    r_squared of 1 or more and as the parts do.

    Source: WWC 5.0; WWC (2020), Supplement to the Procedures Handbook 4.1. It differs from statsmodels'
    `effectsize_smd` in one place: that divides g² by 2(N − 3.94), after Hedges & Olkin (1985), and this by 2(N − 2).
    """
    _check_arms(n_treated, n_comparison)
    if not r_squared < 1:
        raise ValueError(f"an R² of {r_squared:g} leaves nothing to be uncertain about: it must be below 1")
    free = cluster_degrees_of_freedom(n_treated + n_comparison, mean_cluster_size, intraclass_correlation)
    inflation = 1 + (mean_cluster_size - 1) * intraclass_correlation
    sampling = (1 - r_squared) * (1 / n_treated + 1 / n_comparison) * inflation
    return math.sqrt(sampling + g**2 / (2 * free))


def standard_error_of_modelled_g(
    g: float,
    std_error: float,
    sd: float,
    n: float,
    mean_cluster_size: float = 1.0,
    intraclass_correlation: float = 0.0,
) -> float:
    """Standard error of g whose estimate's own standard error already allows for clusters and covariates.

    sqrt((SE/S)²·γ² + g²/(2h)). std_error and sd: in units of the outcome, sd the unadjusted pooled one. n: units of
    both arms together. Returns standard deviations. Raises ValueError on a standard deviation that is not above 0
    and as the parts do.

    Source: WWC 5.0; WWC (2020), Supplement to the Procedures Handbook 4.1.
    """
    free = cluster_degrees_of_freedom(n, mean_cluster_size, intraclass_correlation)
    gamma = cluster_correction(n, mean_cluster_size, intraclass_correlation)
    return math.sqrt((_standardised(std_error, sd) * gamma) ** 2 + g**2 / (2 * free))


def cluster_corrected_t(t: float, n: float, mean_cluster_size: float, intraclass_correlation: float) -> float:
    """A t statistic that ignored clusters, corrected; judge it by cluster_degrees_of_freedom.

    t·sqrt([(N − 2) − 2(n̄ − 1)ρ] / [(N − 2)(1 + (n̄ − 1)ρ)]). At ρ = 0 it is t itself, at ρ = 1 the t statistic of
    cluster means. Raises ValueError as cluster_correction.

    Source: Hedges (2007), JEBS 32(2) 151-179; WWC 5.0.
    """
    gamma = cluster_correction(n, mean_cluster_size, intraclass_correlation)
    return t * gamma / math.sqrt(1 + (mean_cluster_size - 1) * intraclass_correlation)


def effective_sample_size(n: float, mean_cluster_size: float, intraclass_correlation: float) -> float:
    """How many independent units tell as much as n units in clusters: N / (1 + (n̄ − 1)ρ).

    Raises ValueError on clusters below one unit and on a correlation outside 0..1.

    Source: Kish (1965), Survey Sampling. Worked: (3000, 20, 0.1) → 3000/2.9 = 1034.48.
    """
    _check_correlation(mean_cluster_size, intraclass_correlation)
    return n / (1 + (mean_cluster_size - 1) * intraclass_correlation)


def improvement_index(g: float) -> float:
    """How many percentile ranks higher the average treated unit stands than the average comparison: 100·Φ(g) − 50.

    Source: WWC 5.0. Worked: 0.25 → 9.87 percentile points.
    """
    return float(100 * ndtr(g) - 50)


def _standardised(difference: float, sd: float) -> float:
    if not sd > 0:
        raise ValueError("nobody differs inside an arm, so the arms' difference can't be put in standard deviations")
    return difference / sd


def _check_arms(n_treated: int, n_comparison: int) -> None:
    if n_treated < 1 or n_comparison < 1 or n_treated + n_comparison < 3:
        raise ValueError(f"{n_treated} treated and {n_comparison} comparison units: two arms of units are needed")


def _check_correlation(mean_cluster_size: float, intraclass_correlation: float) -> None:
    if not mean_cluster_size >= 1:
        raise ValueError(f"a mean cluster size of {mean_cluster_size:g}: a cluster holds at least one unit")
    if not 0 <= intraclass_correlation <= 1:
        raise ValueError(f"an intraclass correlation of {intraclass_correlation:g} lies outside 0..1")


def _check_clusters(n: float, mean_cluster_size: float, intraclass_correlation: float) -> None:
    _check_correlation(mean_cluster_size, intraclass_correlation)
    if not n > 2 or n < 2 * mean_cluster_size:
        raise ValueError(f"{n:g} units in clusters of {mean_cluster_size:g}: each arm needs at least one cluster")
