"""What an effect costs: incremental cost, effect, their ratio and how sure they are together.

Belongs here: cost and effect estimated on the same clusters. Does not belong here: how the effect is
adjusted (adjustment gives the cluster sums), what was spent (ingredients).

Cost and effect are ratios of sums over clusters with one denominator, so a bootstrap draws clusters and adds up
their sums; no row of a unit is drawn again. The sums must be of residuals: with d the treatment and y the outcome
after the covariates and fixed effects are taken out of both (Frisch, Waugh & Lovell), effect_numerator = Σ d·y,
cost_numerator = Σ d·cost and denominator = Σ d·d (weighted, where rows have weights). Sums of an outcome that still
holds its covariates give the same estimates but too wide intervals.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import stats

from pipelines.analysis.estimate import Estimate

CONFIDENCE = 0.95
FEW_CLUSTERS = 40  # below it, intervals of cluster-robust errors tend to be too narrow
PLANE_DRAWS = 400
_WILLINGNESS_STEPS = 40
_SMALL_EFFECT = 0.05  # SD; the curve reaches at most what would make an effect this small worth its cost
_BATCH_CELLS = 4_000_000  # numbers held at a time while clusters are drawn
_SUMS = ("effect_numerator", "cost_numerator", "denominator")

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Fieller:
    """The values of a ratio that its numerator and denominator don't contradict.

    `kind` is "bounded": all values from `low` to `high`; or "unbounded": the denominator may be 0, and then `low`
    and `high` are None, and either every value outside `excluded_low`..`excluded_high` is possible or, where those
    are None, every value at all.
    """

    low: float | None
    high: float | None
    kind: str
    excluded_low: float | None = None
    excluded_high: float | None = None

    @property
    def is_bounded(self) -> bool:
        return self.kind == "bounded"


@dataclass(frozen=True)
class CostEffectiveness:
    """Cost and effect of the treatment beside the comparison, on the same clusters.

    incremental_cost: dollars a unit; effect: SD (or the outcome's unit); both with CR1 errors and t(G−1).
    icer_usd_per_sd and cost_per_tenth_sd_usd: None where the effect may be 0, where it is a harm, or where it comes
    at a saving; `note` says which. fieller: the interval of dollars per SD. plane: at most PLANE_DRAWS bootstrap
    draws, columns effect, cost_usd. quadrants: the share of all draws in each quadrant, columns quadrant, share.
    acceptability: willingness_to_pay_usd (per SD), probability (share of draws with a positive net benefit).
    net_benefit: willingness_to_pay_usd, net_benefit_usd, ci_low, ci_high. n_draws: draws used.
    """

    incremental_cost: Estimate
    effect: Estimate
    icer_usd_per_sd: float | None
    cost_per_tenth_sd_usd: float | None
    fieller: Fieller
    plane: pl.DataFrame
    quadrants: pl.DataFrame
    acceptability: pl.DataFrame
    net_benefit: pl.DataFrame
    n_draws: int
    note: str


def fieller_interval(
    numerator: float,
    denominator: float,
    numerator_variance: float,
    denominator_variance: float,
    covariance: float,
    critical: float,
) -> Fieller:
    """The interval of numerator/denominator at the critical value (1.96, or a quantile of t).

    The values R with (numerator − R·denominator)² <= critical²·Var(numerator − R·denominator): a quadratic in R. It
    is bounded where denominator² > critical²·Var(denominator), that is where the denominator's own interval excludes
    0. Raises ValueError on a negative variance, a covariance larger than the variances allow, or a non-finite number.

    Sources: Fieller (1954), "Some problems in interval estimation", JRSS B 16(2) 175-185; for cost-effectiveness
    Willan & O'Brien (1996), Health Economics 5(4) 297-305; its three shapes: Franz (2007), arXiv:0710.2024.
    Worked: 0.15 and 0.25 with variances 0.002 and 0.005, covariance 0.0001 and 1.96 give 0.2306 to 1.4841.
    """
    given = (numerator, denominator, numerator_variance, denominator_variance, covariance, critical)
    if not all(math.isfinite(value) for value in given):
        raise ValueError("the interval of a ratio needs six finite numbers; one of these is not")
    if numerator_variance < 0 or denominator_variance < 0:
        raise ValueError("a variance is negative; the interval of a ratio can't be had")
    if covariance**2 > numerator_variance * denominator_variance * (1 + 1e-9):
        raise ValueError("the covariance is larger than the two variances allow; check the matrix")
    square = critical**2
    # a·R² − 2·b·R + c <= 0
    a = denominator**2 - square * denominator_variance
    b = numerator * denominator - square * covariance
    c = numerator**2 - square * numerator_variance
    discriminant = b**2 - a * c
    if a > 0:
        root = math.sqrt(max(discriminant, 0.0))
        return Fieller((b - root) / a, (b + root) / a, "bounded")
    if a < 0 and discriminant > 0:
        root = math.sqrt(discriminant)
        return Fieller(None, None, "unbounded", (b + root) / a, (b - root) / a)
    return Fieller(None, None, "unbounded")


def incremental_cost_effectiveness(
    cluster_sums: pl.DataFrame,
    draws: int = 2000,
    seed: int = 0,
    willingness_to_pay: Sequence[float] | None = None,
    n_treated: int = 0,
    n_comparison: int = 0,
) -> CostEffectiveness:
    """Incremental cost and effect with their ratio, plane, acceptability curve and net benefit.

    cluster_sums: one row per cluster, columns cluster, effect_numerator, cost_numerator, denominator (of residuals:
    see the module; `adjustment.cluster_sums` gives them). draws: bootstrap samples of clusters, the same for cost and
    effect. seed: where the random numbers start. willingness_to_pay: dollars per SD at which net benefit and curve are
    told; without it 41 steps from 0 to twice the upper end of the ratio, at most to what would make an effect of
    0.05 SD worth its cost. n_treated, n_comparison: how many units the sums are of; they are told with the
    estimates and enter nothing.

    estimate = Σ numerator / Σ denominator. Variance: G/(G−1)·Σ (numerator_g − estimate·denominator_g)²/(Σ denominator)²
    and the like for the covariance (CR1 of the residualised regression without its factor (N−1)/(N−K)), intervals
    by t(G−1). The net benefit at λ is λ·effect − cost; its interval excludes 0 exactly where λ lies outside
    Fieller's. A ratio is given only where the effect's interval excludes 0 on the side of a benefit and the cost is
    above 0: a negative ratio can't tell a saving from a harm.

    Raises ValueError on missing columns, fewer than 2 clusters, a cluster named twice, numbers that are not finite,
    a denominator that adds up to 0 or less, fewer than 1 draw, and a willingness to pay below 0.

    Sources: Levin et al. (2018); Briggs, Wonderling & Mooney (1997), Health Economics 6(4) 327-340
    (bootstrap of pairs); van Hout et al. (1994), Health Economics 3(5) 309-319 (acceptability curve); Stinnett &
    Mullahy (1998), Medical Decision Making 18(2) S68-80 (net benefit); Cameron & Miller (2015), JHR 50(2) (clusters).
    """
    sums = _checked_sums(cluster_sums)
    if draws < 1:
        raise ValueError(f"{draws} bootstrap draws were asked for; ask for at least 1 (2000 is usual)")
    n_clusters = sums.shape[0]
    totals = sums.sum(axis=0)
    effect, cost = float(totals[0] / totals[2]), float(totals[1] / totals[2])
    errors = sums[:, :2] - sums[:, 2:] * np.array([effect, cost])
    covariance = n_clusters / (n_clusters - 1) * errors.T @ errors / totals[2] ** 2
    critical = float(stats.t.ppf(0.5 + CONFIDENCE / 2, n_clusters - 1))

    effect_estimate = _estimate(effect, covariance[0, 0], n_clusters, n_treated, n_comparison)
    cost_estimate = _estimate(cost, covariance[1, 1], n_clusters, n_treated, n_comparison)
    fieller = fieller_interval(
        cost, effect, float(covariance[1, 1]), float(covariance[0, 0]), float(covariance[0, 1]), critical
    )
    effects, costs, n_unusable = _bootstrap(sums, draws, seed)
    ladder = _ladder(fieller, cost_estimate, willingness_to_pay)
    ratio = cost / effect if fieller.is_bounded and effect > 0 and cost > 0 else None
    return CostEffectiveness(
        incremental_cost=cost_estimate,
        effect=effect_estimate,
        icer_usd_per_sd=ratio,
        cost_per_tenth_sd_usd=None if ratio is None else ratio / 10,
        fieller=fieller,
        plane=pl.DataFrame({"effect": effects[:PLANE_DRAWS], "cost_usd": costs[:PLANE_DRAWS]}),
        quadrants=_quadrants(effects, costs),
        acceptability=pl.DataFrame(
            {
                "willingness_to_pay_usd": ladder,
                # a matrix of draws by steps: 2000 by 41
                "probability": (np.outer(effects, ladder) > costs[:, None]).mean(axis=0),
            }
        ),
        net_benefit=_net_benefit(effect, cost, covariance, critical, ladder),
        n_draws=effects.size,
        note=_note(fieller, effect, cost, n_clusters, n_unusable, draws),
    )


def _checked_sums(cluster_sums: pl.DataFrame) -> Numbers:
    missing = [name for name in ("cluster", *_SUMS) if name not in cluster_sums.columns]
    if missing:
        raise ValueError(f"the cluster sums have no column {', '.join(missing)}")
    if cluster_sums.height < 2:
        raise ValueError(
            f"there are {cluster_sums.height} clusters; cost and effect need at least 2 for an interval: "
            "name a column with more clusters"
        )
    repeated = cluster_sums.height - cluster_sums["cluster"].n_unique()
    if repeated:
        raise ValueError(f"{repeated} of {cluster_sums.height} rows repeat a cluster; add up the sums of each first")
    sums = cluster_sums.select(pl.col(name).cast(pl.Float64) for name in _SUMS).fill_null(np.nan).to_numpy()
    unusable = int((~np.isfinite(sums)).any(axis=1).sum())
    if unusable:
        raise ValueError(
            f"{unusable} of {cluster_sums.height} clusters have sums that are not finite; "
            "leave out rows without an outcome or a cost before adding up"
        )
    if sums[:, 2].sum() <= 0:
        raise ValueError(
            "the clusters' denominators add up to 0 or less: the treatment does not vary once the covariates are "
            "taken out, so neither cost nor effect can be had"
        )
    return sums


def _estimate(value: float, variance: float, n_clusters: int, n_treated: int, n_comparison: int) -> Estimate:
    error = math.sqrt(float(variance))
    half = float(stats.t.ppf(0.5 + CONFIDENCE / 2, n_clusters - 1)) * error
    p_value = float(2 * stats.t.sf(abs(value) / error, n_clusters - 1)) if error > 0 else None
    return Estimate(
        estimate=value,
        std_error=error,
        ci_low=value - half,
        ci_high=value + half,
        n_treated=n_treated,
        n_comparison=n_comparison,
        n_clusters=n_clusters,
        p_value=p_value,
    )


def _bootstrap(sums: Numbers, draws: int, seed: int) -> tuple[Numbers, Numbers, int]:
    """Effects and costs of the usable draws, and how many draws held too little treatment to be used."""
    n_clusters = sums.shape[0]
    generator = np.random.default_rng(seed)
    batch = max(1, _BATCH_CELLS // n_clusters)
    drawn = np.concatenate(
        [_drawn_sums(generator, sums, min(batch, draws - start)) for start in range(0, draws, batch)]
    )
    # a draw of clusters that hold hardly any treatment says nothing of a difference
    usable = drawn[:, 2] > 1e-9 * sums[:, 2].sum()
    kept = drawn[usable]
    return kept[:, 0] / kept[:, 2], kept[:, 1] / kept[:, 2], int((~usable).sum())


def _drawn_sums(generator: np.random.Generator, sums: Numbers, draws: int) -> Numbers:
    """The sums of `draws` samples of clusters: how often each was drawn (multinomial counts) times its sums."""
    n_clusters = sums.shape[0]
    places = generator.integers(0, n_clusters, (draws, n_clusters)) + np.arange(draws)[:, None] * n_clusters
    counts = np.bincount(places.ravel(), minlength=draws * n_clusters).reshape(draws, n_clusters)
    return np.asarray(counts @ sums, dtype=np.float64)


def _quadrants(effects: Numbers, costs: Numbers) -> pl.DataFrame:
    better, dearer = effects > 0, costs > 0
    shares = {
        "more effect, more cost": better & dearer,
        "more effect, no more cost": better & ~dearer,
        "no more effect, more cost": ~better & dearer,
        "no more effect, no more cost": ~better & ~dearer,
    }
    return pl.DataFrame({"quadrant": list(shares), "share": [float(value.mean()) for value in shares.values()]})


def _ladder(fieller: Fieller, cost: Estimate, willingness_to_pay: Sequence[float] | None) -> Numbers:
    """Dollars per SD at which net benefit is told, smallest first."""
    if willingness_to_pay is not None:
        given = np.sort(np.asarray(willingness_to_pay, dtype=np.float64))
        if given.size == 0 or bool(np.any(~np.isfinite(given) | (given < 0))):
            raise ValueError("a willingness to pay must be finite and 0 or more, and there must be at least one")
        return given
    top = max(abs(cost.ci_low or 0.0), abs(cost.ci_high or 0.0), 1.0) / _SMALL_EFFECT
    if fieller.high is not None and fieller.high > 0:
        top = min(top, 2 * fieller.high)
    return np.linspace(0.0, _round_up(top), _WILLINGNESS_STEPS + 1)


def _round_up(value: float) -> float:
    """The next of 1, 2, 4, 10 times a power of ten, so that steps of a fortieth are round too."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 4, 10) if step * power >= value * (1 - 1e-12))


def _net_benefit(effect: float, cost: float, covariance: Numbers, critical: float, ladder: Numbers) -> pl.DataFrame:
    benefit = ladder * effect - cost
    variance = ladder**2 * covariance[0, 0] + covariance[1, 1] - 2 * ladder * covariance[0, 1]
    half = critical * np.sqrt(np.maximum(variance, 0.0))
    return pl.DataFrame(
        {
            "willingness_to_pay_usd": ladder,
            "net_benefit_usd": benefit,
            "ci_low": benefit - half,
            "ci_high": benefit + half,
        }
    )


def _note(fieller: Fieller, effect: float, cost: float, n_clusters: int, n_unusable: int, draws: int) -> str:
    if not fieller.is_bounded:
        sentence = (
            "No ratio is given, because the interval of the effect includes 0, and with it the interval of the ratio "
            "has no end; read the plane and the net benefit."
        )
        if fieller.excluded_low is not None:
            sentence += (
                f" Only ratios between {fieller.excluded_low:,.0f} and {fieller.excluded_high:,.0f} dollars per SD "
                "can be ruled out."
            )
    elif effect < 0:
        sentence = "No ratio is given, because the outcome is lower with the treatment than without it."
    elif cost <= 0:
        sentence = "No ratio is given, because the treatment is both more effective and no dearer."
    else:
        sentence = "The effect's interval excludes 0, so the ratio and its interval by Fieller's method are given."
    if n_unusable:
        sentence += f" {n_unusable} of {draws} bootstrap draws held no treatment to compare and were left out."
    if n_clusters < FEW_CLUSTERS:
        sentence += f" With {n_clusters} clusters (fewer than {FEW_CLUSTERS}) the intervals may be too narrow."
    return sentence
