"""How strong something unmeasured would have to be to explain an effect away.

Belongs here: the E-value, and Rosenbaum's Γ for matched sets. Does not belong here: threats that the panel itself
can show (smoothness, placebo).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.optimize import brentq
from scipy.stats import norm, rankdata

Floats = npt.NDArray[np.float64]
_LARGEST_GAMMA = 1000.0


@dataclass(frozen=True)
class EValue:
    """estimate, ci: risk ratios, 1 or above. note: what they mean, in a sentence.

    estimate: the least strength with which something unmeasured would have to go with both treatment and outcome,
    beyond the covariates, to explain the effect away. ci: the same to move the interval's nearer end to no effect; 1
    where it already includes it.
    """

    estimate: float
    ci: float
    note: str


def e_value(effect_size: float, ci_low: float | None = None, ci_high: float | None = None) -> EValue:
    """The E-value of a standardised mean difference with its interval.

    effect_size, ci_low, ci_high: in standard deviations. The difference d becomes a risk ratio exp(0.91·d): Chinn's
    odds ratio exp(1.81·d), whose square root is a risk ratio for common outcomes. Raises ValueError where the
    interval does not hold the estimate. Without an interval, `ci` is 1.

    Sources: VanderWeele & Ding (2017), Annals of Internal Medicine 167(4) 268-274 (table 2: the 0.91); Chinn (2000),
    Statistics in Medicine 19(22) 3127-3131.
    """
    low, high = (None if end is None else float(np.exp(0.91 * end)) for end in (ci_low, ci_high))
    return e_value_of_ratio(float(np.exp(0.91 * effect_size)), low, high)


def e_value_of_ratio(ratio: float, ci_low: float | None = None, ci_high: float | None = None) -> EValue:
    """The E-value of a risk ratio RR: RR + sqrt(RR·(RR − 1)), with 1/RR where RR is below 1.

    Raises ValueError where a ratio is not above 0, or the interval does not hold it. Source: VanderWeele & Ding
    (2017). Worked: 3.9 (1.8 to 8.7) gives 7.26, and 3.0 for the interval.
    """
    ends = [end for end in (ci_low, ci_high) if end is not None]
    if not all(np.isfinite(value) and value > 0 for value in (ratio, *ends)):
        raise ValueError("a risk ratio is a number above 0")
    if (ci_low is not None and ci_low > ratio) or (ci_high is not None and ci_high < ratio):
        raise ValueError("the interval does not hold the estimate; check which of its ends is which")
    nearer = ci_low if ratio >= 1 else ci_high
    includes_none = nearer is None or (nearer <= 1 if ratio >= 1 else nearer >= 1)
    estimate, ci = _e_value(ratio), 1.0 if includes_none or nearer is None else _e_value(nearer)
    note = (
        f"something unmeasured would have to go with both treatment and outcome by a risk ratio of {estimate:.2f} "
        f"each, beyond the covariates, to explain the estimate away; {ci:.2f} for its interval to include no effect"
    )
    return EValue(estimate, ci, note)


def _e_value(ratio: float) -> float:
    above = max(ratio, 1 / ratio)
    return above + float(np.sqrt(above * (above - 1)))


@dataclass(frozen=True)
class RosenbaumGamma:
    """gamma: the largest Γ at which the effect stays significant; 1 where it is not even without hidden bias.

    Two matched units may differ by a factor Γ in their odds of treatment through something unmeasured. p_value:
    one-sided, at Γ = 1. n_sets: sets that count (in pairs, those that differ). note: what it means, in a sentence.
    """

    gamma: float
    p_value: float
    n_sets: int
    note: str


def rosenbaum_gamma(differences: npt.ArrayLike, alpha: float = 0.05) -> RosenbaumGamma:
    """Γ for matched pairs, by Wilcoxon's signed rank test, one-sided in the direction of the effect.

    differences: treated minus comparison, one entry per pair, any order; nan counts for nothing. Sets of one
    treated and several comparisons are not pairs: use rosenbaum_gamma_of_sets. Raises ValueError where no pair
    differs. Source: Rosenbaum (2002), Observational Studies, 2nd edition, section 4.3.3. Worked: lead in the blood
    of 33 children and their matches (his table 4.1 and 4.2): p ≤ 0.0018 at Γ = 2, 0.0136 at 3, 0.0388 at 4, 0.0468
    at 4.25, 0.0740 at 5.
    """
    given = np.asarray(differences, dtype=np.float64)
    n_differing = int((np.isfinite(given) & (given != 0)).sum())
    if n_differing == 0:
        raise ValueError(f"none of the {given.size} pairs differs in the outcome, so there is nothing to explain away")
    if signed_rank_p_value(given, 1.0) > signed_rank_p_value(-given, 1.0):
        given = -given
    return _largest_gamma(lambda gamma: signed_rank_p_value(given, gamma), alpha, n_differing, "pairs")


def signed_rank_p_value(differences: npt.ArrayLike, gamma: float) -> float:
    """The largest one-sided p-value (that differences are above 0) that hidden bias of Γ allows, normal approximation.

    With ranks q of |difference|, each pair's sign is positive with probability at most Γ/(1 + Γ). Pairs that do not
    differ take the lowest ranks and then count for nothing, as Rosenbaum does.
    """
    given = np.asarray(differences, dtype=np.float64)
    known = given[np.isfinite(given)]
    ranks, used = rankdata(np.abs(known))[known != 0], known[known != 0]
    share = gamma / (1 + gamma)
    expected, variance = share * ranks.sum(), share * (1 - share) * float(ranks @ ranks)
    return float(norm.sf((float(ranks[used > 0].sum()) - expected) / np.sqrt(variance)))


def rosenbaum_gamma_of_sets(sets: pl.DataFrame, alpha: float = 0.05) -> RosenbaumGamma:
    """Γ for sets of one treated and one or more comparisons, by aligned ranks, one-sided in the effect's direction.

    sets: one row per unit with `set_id`, `is_treated` and `outcome`. Outcomes less their set's mean are ranked over
    all units; the statistic is the sum of the treated units' ranks. Rows without outcome are left out, and sets
    without exactly one treated and at least one comparison then.

    For each set the worst hidden bias is the one with the largest expected rank, of those with the largest variance
    (Gastwirth, Krieger & Rosenbaum's separable approximation, right in large samples); by set size without loops.
    Raises ValueError where no set can be used.

    Sources: Gastwirth, Krieger & Rosenbaum (2000), "Asymptotic separability in sensitivity analysis", JRSS B 62(3)
    545-555; aligned ranks: Hodges & Lehmann (1962), Annals of Mathematical Statistics 33(2) 482-497.
    """
    used = _whole_sets(sets)
    ranks = rankdata(used["aligned"].to_numpy())
    p_values = {sign: _sets_p_value(used, ranks if sign > 0 else ranks.size + 1 - ranks) for sign in (1, -1)}
    direction = 1 if p_values[1](1.0) <= p_values[-1](1.0) else -1
    return _largest_gamma(p_values[direction], alpha, used["set_id"].n_unique(), "sets")


def _whole_sets(sets: pl.DataFrame) -> pl.DataFrame:
    missing = [name for name in ("set_id", "is_treated", "outcome") if name not in sets.columns]
    if missing:
        raise ValueError(f"matched sets lack {len(missing)} column(s): {', '.join(missing)}")
    known = sets.select(
        "set_id", pl.col("is_treated").cast(pl.Boolean), pl.col("outcome").cast(pl.Float64).fill_nan(None)
    ).drop_nulls()
    treated = pl.col("is_treated").sum().over("set_id")
    whole = known.filter((treated == 1) & (pl.len().over("set_id") > 1)).with_columns(
        aligned=pl.col("outcome") - pl.col("outcome").mean().over("set_id"), size=pl.len().over("set_id")
    )
    if whole.is_empty() or whole["aligned"].abs().max() == 0:
        raise ValueError(
            f"none of {sets['set_id'].n_unique():,} matched sets has one treated unit, a comparison and outcomes that "
            "differ"
        )
    return whole.sort("size", "set_id", "aligned")


def _sets_p_value(used: pl.DataFrame, ranks: Floats) -> Callable[[float], float]:
    """p(Γ) of the sum of the treated units' ranks."""
    is_treated = used["is_treated"].to_numpy()
    size = used["size"].to_numpy()
    statistic = float(ranks[is_treated].sum())
    blocks = [np.sort(ranks[size == n].reshape(-1, n), axis=1) for n in np.unique(size)]

    def p_value(gamma: float) -> float:
        expected = variance = 0.0
        for block in blocks:
            mean, spread = _worst_bias(block, gamma)
            expected, variance = expected + float(mean.sum()), variance + float(spread.sum())
        return float(norm.sf((statistic - expected) / np.sqrt(variance)))

    return p_value


def _worst_bias(block: Floats, gamma: float) -> tuple[Floats, Floats]:
    """Per set (row, ranks ascending): the largest expected rank over how many of its top units are favoured."""
    size = block.shape[1]
    chosen_mean, chosen_variance = np.full(len(block), -np.inf), np.zeros(len(block))
    for favoured in range(1, size):
        weights = np.where(np.arange(size) >= size - favoured, gamma, 1.0)
        weights /= weights.sum()
        mean = block @ weights
        variance = block**2 @ weights - mean**2
        is_same = np.isclose(mean, chosen_mean)
        better = (mean > chosen_mean) & ~is_same | is_same & (variance > chosen_variance)
        chosen_mean, chosen_variance = np.where(better, mean, chosen_mean), np.where(better, variance, chosen_variance)
    return chosen_mean, chosen_variance


def _largest_gamma(p_value: Callable[[float], float], alpha: float, n_sets: int, noun: str) -> RosenbaumGamma:
    if not 0 < alpha < 1:
        raise ValueError("alpha is a probability between 0 and 1")
    without_bias = p_value(1.0)
    if without_bias > alpha:
        note = f"not significant even without hidden bias (one-sided p = {without_bias:.3f}, {n_sets:,} {noun})"
        return RosenbaumGamma(1.0, without_bias, n_sets, note)
    if p_value(_LARGEST_GAMMA) <= alpha:
        gamma = _LARGEST_GAMMA
    else:
        gamma = float(brentq(lambda g: p_value(g) - alpha, 1.0, _LARGEST_GAMMA, xtol=1e-6))
    note = (
        f"two matched units could differ by a factor of {gamma:.2f} in their odds of treatment through something "
        f"unmeasured before the effect loses significance (one-sided, {alpha:g}; {n_sets:,} {noun})"
    )
    return RosenbaumGamma(gamma, without_bias, n_sets, note)
