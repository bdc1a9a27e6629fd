"""What observations of one rubric element say of each teacher's practice, and how surely.

Belongs here: recency weights, the variances between and within teachers, the shrunk estimate with its
uncertainty, and the observed result. Does not belong here: raters' severity (rater_effects), which
elements make a competency and which band follows (dbt's), or any reading.

Source: METHODS section 1. Empirical Bayes: Efron & Morris (1975), JASA 70(350) 311–319. Variances: the
analysis-of-variance estimator for unequal weights, Searle, Casella & McCulloch (1992), Variance
Components, section 3.6. Scores are points on the scale of one rubric version; versions never meet.

An old observation measures today's practice with more error: with recency weight w its error variance
is taken as σ²ε/w. Then the weighted mean is the best one, its variance is σ²ε/Σw, and the effective
number of observations is Σw. σ²ε is estimated under the same weights, so that the intervals hold.

Raters' severities are estimates too. Where one is out by d, the estimate of its teachers is out by λ·d, so
s is widened to sqrt(σ²θ(1 − λ) + λ²·u²), u the weighted mean of the standard errors of a teacher's raters
(their errors mostly go together, so this is an upper bound). Without it, 90 % intervals of districts of
160 teachers hold 83 % of the true levels; with it 88 %.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import ndtr, ndtri

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

DAYS_PER_YEAR = 365.25
SINGLE_OBSERVATION_RELIABILITY = 0.37
"""Share of the variance of single observations that lies between teachers, where the data can't tell."""
FEWEST_FOR_VARIANCES = 10
"""Fewest teachers, and fewest repeated observations, from which variances are estimated."""
INTERVAL_PROBABILITY = 0.90

EXPERT, NEED, DEVELOPING = "observed_expert", "observed_need", "observed_developing"


@dataclass(frozen=True)
class CutPoints:
    """What the scores of a rubric version mean, in points of its scale (the seed rubric_versions)."""

    scale_min: float
    scale_max: float
    need_level: float
    expert_level: float


@dataclass(frozen=True)
class Rules:
    """The district's rules; years, counts, shares and probabilities as their names say."""

    recency_half_life_years: float = 2.0
    minimum_observations: int = 2
    expert_share: float = 0.25
    expert_probability: float = 0.80
    need_probability: float = 0.50


@dataclass(frozen=True)
class ElementScores:
    """The scores of one rubric element, one entry per observation, sorted by staff, then by date.

    staff: codes from 0. rater: codes from 0, -1 where unknown. observed: datetime64[D]. school_year:
    the spring year. score: points as given. severity: points to add for the rater, and severity_sd how
    far they may be out, both 0 where nothing is taken out.
    """

    staff: Integers
    rater: Integers
    observed: npt.NDArray[np.datetime64]
    school_year: Integers
    score: Floats
    severity: Floats
    severity_sd: Floats

    def is_between(self, oldest: date, as_of: date) -> Booleans:
        """Which were observed after `oldest` and up to `as_of`."""
        within: Booleans = (self.observed > np.datetime64(oldest)) & (self.observed <= np.datetime64(as_of))
        return within

    def between(self, oldest: date, as_of: date) -> ElementScores:
        """Those observed after `oldest` and up to `as_of`."""
        kept = self.is_between(oldest, as_of)
        return ElementScores(
            self.staff[kept],
            self.rater[kept],
            self.observed[kept],
            self.school_year[kept],
            self.score[kept],
            self.severity[kept],
            self.severity_sd[kept],
        )

    @cached_property
    def raters_of_staff(self) -> Pairs:
        """The different pairs of staff and known rater."""
        return Pairs.of(self.staff, self.rater)

    @cached_property
    def years_of_staff(self) -> Pairs:
        """The different pairs of staff and school year."""
        return Pairs.of(self.staff, self.school_year)


@dataclass(frozen=True)
class Pairs:
    """Different pairs of staff and a value: found once, and counted for every school year anew.

    number: the pair of each entry, -1 where the value is unknown. staff: the staff code of each pair.
    """

    number: Integers
    staff: Integers

    @classmethod
    def of(cls, staff: Integers, value: Integers) -> Pairs:
        known = value >= 0
        span = int(value.max(initial=0)) + 1
        different, position = np.unique(staff[known] * span + value[known], return_inverse=True)
        number = np.full(len(staff), -1, dtype=np.int64)
        number[known] = position
        return cls(number, different // span)

    def count(self, kept: Booleans, staff: Integers) -> Integers:
        """How many different values each of `staff` has among the kept entries."""
        is_there = np.zeros(len(self.staff) + 1, dtype=bool)
        is_there[self.number[kept]] = True  # an unknown value marks the last one, which is no pair
        size = int(staff.max(initial=-1)) + 1
        return np.bincount(self.staff[is_there[:-1]], minlength=size)[staff].astype(np.int64)


@dataclass(frozen=True)
class Variances:
    """between: σ²θ, of true levels between teachers. within: σ²ε, of one fresh observation. Squared points."""

    between: float
    within: float
    is_estimated: bool


def recency_weights(observed: npt.NDArray[np.datetime64], as_of: date, half_life_years: float) -> Floats:
    """0.5^(age / half-life), age in years on `as_of` (METHODS section 1.2)."""
    days = (np.datetime64(as_of) - observed.astype("datetime64[D]")).astype(np.int64)
    weights: Floats = np.power(0.5, days / DAYS_PER_YEAR / half_life_years)
    return weights


def rounding_variance(score: Floats) -> float:
    """The least error variance that scores in whole, half or quarter points can have: step²/12 (Sheppard 1898)."""
    for step in (1.0, 0.5, 0.25):
        if np.allclose(score, np.rint(score / step) * step, rtol=0, atol=1e-9):
            return step**2 / 12
    return 0.0


def variances(
    weight: Floats, mean: Floats, squares_within: Floats, count: Integers, group: Integers, cut: CutPoints, floor: float
) -> Variances:
    """σ²θ and σ²ε of one element; one entry per teacher.

    weight: Σw. mean: weighted mean score. squares_within: Σ w (score − mean)². count: observations.
    group: grade band, as a code. floor: the least σ²ε possible.

        σ²ε = Σ squares_within / Σ (count − 1)
        σ²θ = (Σ_b Σ_i W_i (ȳ_i − ȳ_b)² − (T − B)·σ²ε) / Σ_b (W_b − Σ_i W_i²/W_b)

    Where they can't be estimated (few people, few repetitions, nothing left between teachers), the
    variance of single scores is split by SINGLE_OBSERVATION_RELIABILITY; with few people that variance
    is at least that of a scale whose range spans six standard deviations.
    """
    size = group.max(initial=0) + 1
    group_weight = np.bincount(group, weights=weight, minlength=size)
    used = group_weight > 0
    group_mean = np.zeros(size)
    group_mean[used] = np.bincount(group, weights=weight * mean, minlength=size)[used] / group_weight[used]
    squares_between = float(weight @ (mean - group_mean[group]) ** 2)
    squared_weights = np.bincount(group, weights=weight**2, minlength=size)
    spread = float((group_weight[used] - squared_weights[used] / group_weight[used]).sum())
    teachers, groups, repeats = len(mean), int(used.sum()), int((count - 1).sum())
    total = (float(squares_within.sum()) + squares_between) / max(teachers - groups + repeats, 1)
    is_enough = min(teachers - groups, repeats) >= FEWEST_FOR_VARIANCES and spread > 0
    if is_enough:
        within = max(float(squares_within.sum()) / repeats, floor)
        between = (squares_between - (teachers - groups) * within) / spread
        if between > 0 and within > 0:
            return Variances(between, within, is_estimated=True)
    else:
        total = max(total, ((cut.scale_max - cut.scale_min) / 6) ** 2)
    total = max(total, floor / (1 - SINGLE_OBSERVATION_RELIABILITY), np.finfo(float).tiny ** 0.5)
    reliability = SINGLE_OBSERVATION_RELIABILITY
    return Variances(reliability * total, (1 - reliability) * total, is_estimated=False)


def group_means(weight: Floats, mean: Floats, group: Integers, found: Variances) -> Floats:
    """μ of each teacher's grade band, itself shrunk to the district's mean; group -1 takes the district's.

    Bands are a random effect with the variance of DerSimonian & Laird (1986), Controlled Clinical Trials
    7(3) 177–188. Returns one entry per teacher.
    """
    precision = 1.0 / (found.between + found.within / weight)
    known = group >= 0
    size = int(group.max(initial=-1)) + 1
    information = np.bincount(group[known], weights=precision[known], minlength=size)
    used = information > 0
    if used.sum() < 2:
        return np.full(len(mean), float(precision @ mean / precision.sum()))
    band_mean = np.bincount(group[known], weights=(precision * mean)[known], minlength=size)[used] / information[used]
    precise = information[used]
    pooled = float(precise @ band_mean / precise.sum())
    excess = float(precise @ (band_mean - pooled) ** 2) - (len(precise) - 1)
    band_variance = max(0.0, excess / float(precise.sum() - (precise**2).sum() / precise.sum()))
    shared = 1.0 / (band_variance + 1.0 / precise)
    overall = float(shared @ band_mean / shared.sum())
    shrunk = np.full(size, overall)
    shrunk[used] = overall + band_variance / (band_variance + 1.0 / precise) * (band_mean - overall)
    means: Floats = np.where(known, shrunk[np.maximum(group, 0)], overall)
    return means


def shrink(weight: Floats, mean: Floats, prior: Floats, found: Variances) -> tuple[Floats, Floats, Floats]:
    """λ = W·σ²θ/(W·σ²θ + σ²ε), m = μ + λ(ȳ − μ), s = sqrt(σ²θ(1 − λ)) (METHODS section 1.3)."""
    reliability = weight * found.between / (weight * found.between + found.within)
    return reliability, prior + reliability * (mean - prior), np.sqrt(found.between * (1 - reliability))


def at_the_top(posterior_mean: Floats, is_eligible: Booleans, share: float) -> Booleans:
    """Whether a posterior mean is among the top `share` of the eligible ones; whoever ties is among them."""
    eligible = np.sort(np.round(posterior_mean[is_eligible], 9))
    if not len(eligible):
        return np.zeros(len(posterior_mean), dtype=bool)
    last = max(1, math.ceil(share * len(eligible) - 1e-9))
    top: Booleans = is_eligible & (np.round(posterior_mean, 9) >= eligible[-last])
    return top


def estimate(
    scores: ElementScores, oldest: date, as_of: date, grade_band: Integers, cut: CutPoints, rules: Rules
) -> pl.DataFrame:
    """One row per staff member observed in the element after `oldest` and up to `as_of`.

    grade_band: a code per staff code, -1 where unknown. Columns: `staff` (the code) and those that
    fct_element_expertise carries; `is_need_by_latest_two` tells the need that the latest two scores make.
    A result asks for `minimum_observations` and for two raters or two school years.
    """
    seen = scores.between(oldest, as_of)
    if not len(seen.staff):
        return _EMPTY
    starts = np.flatnonzero(np.r_[True, np.diff(seen.staff) != 0])
    last = np.r_[starts[1:], len(seen.staff)] - 1
    count = (last - starts + 1).astype(np.int64)
    row_of = np.repeat(np.arange(len(starts)), count)
    staff = seen.staff[starts]

    weight = recency_weights(seen.observed, as_of, rules.recency_half_life_years)
    total = np.add.reduceat(weight, starts)
    raw_mean = np.add.reduceat(weight * seen.score, starts) / total
    adjusted = seen.score + seen.severity
    mean = np.add.reduceat(weight * adjusted, starts) / total
    squares = np.add.reduceat(weight * (adjusted - mean[row_of]) ** 2, starts)
    band = grade_band[staff]
    found = variances(total, mean, squares, count, band + 1, cut, rounding_variance(seen.score))
    reliability, posterior_mean, posterior_sd = shrink(total, mean, group_means(total, mean, band, found), found)
    rater_sd = np.add.reduceat(weight * seen.severity_sd, starts) / total
    posterior_sd = np.hypot(posterior_sd, reliability * rater_sd)
    probability_expert = ndtr((posterior_mean - cut.expert_level) / posterior_sd)
    probability_need = ndtr((cut.need_level - posterior_mean) / posterior_sd)

    is_seen = scores.is_between(oldest, as_of)
    rater_count = scores.raters_of_staff.count(is_seen, staff)
    year_count = scores.years_of_staff.count(is_seen, staff)
    is_latest_year = seen.school_year == seen.school_year[last][row_of]
    latest_year_mean = np.add.reduceat(np.where(is_latest_year, seen.score, 0.0), starts) / np.add.reduceat(
        is_latest_year.astype(np.float64), starts
    )
    before_last = np.maximum(last - 1, starts)
    is_low_twice = (count >= 2) & (np.maximum(seen.score[last], seen.score[before_last]) < cut.need_level)

    is_enough = (count >= rules.minimum_observations) & ((rater_count >= 2) | (year_count >= 2))
    is_need_by_probability = probability_need >= rules.need_probability
    is_need = is_enough & (is_need_by_probability | is_low_twice)
    is_expert = (
        (probability_expert >= rules.expert_probability)
        & at_the_top(posterior_mean, is_enough, rules.expert_share)
        & ~is_need
    )
    half = float(ndtri((1 + INTERVAL_PROBABILITY) / 2)) * posterior_sd
    return pl.DataFrame(
        {
            "staff": staff,
            "observation_count": count,
            "rater_count": rater_count,
            "year_count": year_count,
            "effective_observation_count": total,
            "mean_score": raw_mean,
            "adjusted_mean_score": mean,
            "reliability": reliability,
            "posterior_mean": posterior_mean,
            "posterior_sd": posterior_sd,
            "interval_low": posterior_mean - half,
            "interval_high": posterior_mean + half,
            "probability_expert": probability_expert,
            "probability_need": probability_need,
            "latest_year_mean_score": latest_year_mean,
            "is_enough": is_enough,
            "is_need": is_need,
            "is_expert": is_expert,
            "is_need_by_latest_two": is_need & ~is_need_by_probability,
            "latest_observed_date": seen.observed[last].astype("datetime64[D]"),
        }
    ).select(
        pl.exclude("is_enough", "is_need", "is_expert", "is_need_by_latest_two", "latest_observed_date"),
        pl.when("is_need")
        .then(pl.lit(NEED))
        .when("is_expert")
        .then(pl.lit(EXPERT))
        .when("is_enough")
        .then(pl.lit(DEVELOPING))
        .alias("observed_result"),
        "is_need_by_latest_two",
        "latest_observed_date",
    )


_EMPTY = pl.DataFrame(
    schema={
        "staff": pl.Int64,
        "observation_count": pl.Int64,
        "rater_count": pl.Int64,
        "year_count": pl.Int64,
        **dict.fromkeys(
            (
                "effective_observation_count",
                "mean_score",
                "adjusted_mean_score",
                "reliability",
                "posterior_mean",
                "posterior_sd",
                "interval_low",
                "interval_high",
                "probability_expert",
                "probability_need",
                "latest_year_mean_score",
            ),
            pl.Float64,
        ),
        "observed_result": pl.String,
        "is_need_by_latest_two": pl.Boolean,
        "latest_observed_date": pl.Date,
    }
)
