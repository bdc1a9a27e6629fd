"""Cost beside effect: Fieller's interval against its other forms, the bootstrap, and when there is no ratio."""

from __future__ import annotations

import math
import re

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from scipy import optimize, stats

from pipelines.analysis.cost_effectiveness import (
    PLANE_DRAWS,
    CostEffectiveness,
    fieller_interval,
    incremental_cost_effectiveness,
)

RATE_95 = 1.959963984540054


def rows(
    seed: int, clusters: int = 50, effect: float = 0.2, cost: float = 1_000.0, noise: float = 0.6
) -> dict[str, np.ndarray]:
    """Units in clusters of 4 to 20, a third of them treated; a cluster shifts cost and effect together."""
    draw = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(clusters), draw.integers(4, 21, clusters))
    treated = (draw.uniform(size=cluster.size) < 1 / 3).astype(float)
    shift = draw.normal(size=clusters)[cluster]
    outcome = effect * treated + 0.2 * shift * treated + noise * draw.normal(size=cluster.size)
    spent = 400 + cost * treated + 150 * shift * treated + 200 * draw.normal(size=cluster.size)
    return {"cluster": cluster, "treated": treated, "outcome": outcome, "cost": spent}


def summed(data: dict[str, np.ndarray]) -> pl.DataFrame:
    """Sums of residuals by cluster: a constant is taken out of treatment, outcome and cost."""
    treatment, outcome, cost = (data[name] - data[name].mean() for name in ("treated", "outcome", "cost"))
    return (
        pl.DataFrame(
            {
                "cluster": [f"school-{value:02d}" for value in data["cluster"]],
                "effect_numerator": treatment * outcome,
                "cost_numerator": treatment * cost,
                "denominator": treatment**2,
            }
        )
        .group_by("cluster", maintain_order=True)
        .sum()
    )


def of(seed: int = 1, **planted: float) -> CostEffectiveness:
    return incremental_cost_effectiveness(summed(rows(seed, **planted)), draws=500)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cost", "effect", "cost_error", "effect_error", "correlation"),
    [(0.15, 0.25, math.sqrt(0.002), math.sqrt(0.005), 0.0001 / math.sqrt(0.00001)), (950, 0.3, 120, 0.05, -0.4)],
)
def test_fieller__agrees_with_the_form_of_1954(
    cost: float, effect: float, cost_error: float, effect_error: float, correlation: float
) -> None:
    """Fieller (1954) by g = t²·Var(b)/b², as textbooks print it (Finney 1971, Probit Analysis, section 4.6)."""
    covariance = correlation * cost_error * effect_error
    interval = fieller_interval(cost, effect, cost_error**2, effect_error**2, covariance, RATE_95)
    g = RATE_95**2 * effect_error**2 / effect**2
    ratio = cost / effect
    middle = ratio - g * covariance / effect_error**2
    spread = cost_error**2 - 2 * ratio * covariance + ratio**2 * effect_error**2
    half = RATE_95 / effect * math.sqrt(spread - g * (cost_error**2 - covariance**2 / effect_error**2))
    assert interval.low == pytest.approx((middle - half) / (1 - g), rel=1e-12)
    assert interval.high == pytest.approx((middle + half) / (1 - g), rel=1e-12)
    assert interval.kind == "bounded" and interval.is_bounded


def test_fieller__worked_value_of_the_docstring() -> None:
    interval = fieller_interval(0.15, 0.25, 0.002, 0.005, 0.0001, 1.96)
    assert (round(interval.low or 0, 4), round(interval.high or 0, 4)) == (0.2306, 1.4841)


def test_fieller__tells_when_it_has_no_end() -> None:
    outside = fieller_interval(1_000, 0.05, 100**2, 0.05**2, 0, RATE_95)
    assert (outside.low, outside.high, outside.kind) == (None, None, "unbounded")
    assert outside.excluded_low is not None and outside.excluded_high is not None
    assert outside.excluded_low < 0 < outside.excluded_high
    for end in (outside.excluded_low, outside.excluded_high):
        z = (1_000 - end * 0.05) / math.hypot(100, end * 0.05)
        assert abs(z) == pytest.approx(RATE_95)
    everything = fieller_interval(10, 0.05, 100**2, 0.05**2, 0, RATE_95)
    assert everything.kind == "unbounded" and everything.excluded_low is None


def test_fieller__of_no_uncertainty_is_the_ratio() -> None:
    assert fieller_interval(500, 0.25, 0, 0, 0, 2).low == fieller_interval(500, 0.25, 0, 0, 0, 2).high == 2_000


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((1, 1, -1, 1, 0, 2), "variance is negative"),
        ((1, 1, 1, 1, 2, 2), "covariance is larger"),
        ((1, math.nan, 1, 1, 0, 2), "six finite numbers"),
    ],
)
def test_fieller__refuses(given: tuple[float, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fieller_interval(*given)


def test_fieller__covers_the_true_ratio_in_95_of_100() -> None:
    """20,000 draws of a known pair, one in three of them with an effect that may be 0; the set always holds 95 %."""
    draws = 20_000
    draw = np.random.default_rng(11)
    covariance = np.array([[200.0**2, 0.5 * 200 * 0.09], [0.5 * 200 * 0.09, 0.09**2]])
    pairs = draw.multivariate_normal([1_000, 0.22], covariance, draws)
    true_ratio = 1_000 / 0.22
    covered = unbounded = 0
    for cost, effect in pairs:
        interval = fieller_interval(cost, effect, covariance[0, 0], covariance[1, 1], covariance[0, 1], RATE_95)
        unbounded += not interval.is_bounded
        if interval.low is not None and interval.high is not None:
            covered += interval.low <= true_ratio <= interval.high
        elif interval.excluded_low is not None and interval.excluded_high is not None:
            covered += not interval.excluded_low < true_ratio < interval.excluded_high
        else:
            covered += 1
    assert unbounded / draws == pytest.approx(0.31, abs=0.03)
    assert covered / draws == pytest.approx(0.95, abs=0.005)


def test_incremental__agrees_with_statsmodels_on_the_rows() -> None:
    """Estimates to the last digit; errors but for statsmodels' factor (N−1)/(N−K)."""
    data = rows(3)
    found = incremental_cost_effectiveness(summed(data), draws=10, n_treated=7, n_comparison=9)
    n = data["treated"].size
    for name, told in (("outcome", found.effect), ("cost", found.incremental_cost)):
        fit = sm.OLS(data[name], sm.add_constant(data["treated"])).fit(
            cov_type="cluster", cov_kwds={"groups": data["cluster"], "use_correction": True}
        )
        assert told.estimate == pytest.approx(fit.params[1], rel=1e-9)
        assert told.std_error == pytest.approx(fit.bse[1] / math.sqrt((n - 1) / (n - 2)), rel=1e-9)
        half = stats.t.ppf(0.975, 49) * (told.std_error or 0)
        assert told.ci_high == pytest.approx((told.estimate or 0) + half)
        assert told.p_value == pytest.approx(2 * stats.t.sf(abs(fit.params[1]) / (told.std_error or 0), 49))
        assert (told.n_clusters, told.n_treated, told.n_comparison) == (50, 7, 9)


def test_incremental__fieller_agrees_with_net_benefit_regression() -> None:
    """Hoch, Briggs & Willan (2002), Health Economics 11(5) 415-430: regress λ·outcome − cost on treatment.

    The ends of Fieller's interval are the λ at which the coefficient's 95 % interval touches 0.
    """
    data = rows(6)
    found = incremental_cost_effectiveness(summed(data), draws=10)
    n, critical = data["treated"].size, stats.t.ppf(0.975, 49)

    def beyond(willingness: float) -> float:
        benefit = willingness * data["outcome"] - data["cost"]
        fit = sm.OLS(benefit, sm.add_constant(data["treated"])).fit(
            cov_type="cluster", cov_kwds={"groups": data["cluster"], "use_correction": True}
        )
        return float(abs(fit.params[1]) / (fit.bse[1] / math.sqrt((n - 1) / (n - 2))) - critical)

    ratio = found.icer_usd_per_sd
    assert ratio is not None and found.fieller.low is not None and found.fieller.high is not None
    assert found.fieller.low == pytest.approx(optimize.brentq(beyond, 1, ratio), rel=1e-9)
    assert found.fieller.high == pytest.approx(optimize.brentq(beyond, ratio, 100 * ratio), rel=1e-9)


def test_incremental__ratio_and_its_tenth() -> None:
    found = of(1)
    assert found.effect.excludes_zero and found.fieller.is_bounded
    assert found.icer_usd_per_sd == pytest.approx((found.incremental_cost.estimate or 0) / (found.effect.estimate or 1))
    assert found.cost_per_tenth_sd_usd == pytest.approx((found.icer_usd_per_sd or 0) / 10)
    assert found.note.startswith("The effect's interval excludes 0")


@pytest.mark.parametrize(
    ("planted", "said"),
    [
        ({"effect": 0.0}, "No ratio is given, because the interval of the effect includes 0"),
        ({"effect": -0.4}, "No ratio is given, because the outcome is lower"),
        ({"cost": -900.0}, "No ratio is given, because the treatment is both more effective and no dearer"),
        ({"clusters": 12, "noise": 0.1}, "With 12 clusters .fewer than 40. the intervals may be too narrow"),
    ],
)
def test_incremental__says_why_there_is_no_ratio(planted: dict[str, float], said: str) -> None:
    found = of(7, **planted)
    assert re.search(said, found.note)
    assert (found.icer_usd_per_sd is None) == said.startswith("No ratio")
    assert (found.cost_per_tenth_sd_usd is None) == (found.icer_usd_per_sd is None)
    assert found.acceptability.height == found.net_benefit.height == 41


def test_incremental__ratio_only_where_the_effect_excludes_zero() -> None:
    for seed in range(40):
        found = of(seed, effect=0.1, clusters=20)
        assert found.fieller.is_bounded == found.effect.excludes_zero
        assert found.effect.excludes_zero or found.icer_usd_per_sd is None


def test_bootstrap__draws_clusters_the_same_for_cost_and_effect() -> None:
    sums = summed(rows(5))
    found = incremental_cost_effectiveness(sums, draws=8, seed=42)
    numbers = sums.drop("cluster").to_numpy()
    drawn = np.random.default_rng(42).integers(0, 50, (8, 50))
    added = numbers[drawn].sum(axis=1)  # cluster by cluster, as a bootstrap of rows would take them
    np.testing.assert_allclose(found.plane["effect"].to_numpy(), added[:, 0] / added[:, 2])
    np.testing.assert_allclose(found.plane["cost_usd"].to_numpy(), added[:, 1] / added[:, 2])


def test_bootstrap__spreads_as_the_errors_say() -> None:
    sums = summed(rows(6, clusters=200))
    found = incremental_cost_effectiveness(sums, draws=4_000, seed=1, willingness_to_pay=[0, 4_000, 6_000])
    plane = incremental_cost_effectiveness(sums, draws=PLANE_DRAWS, seed=1).plane
    assert found.plane.height == PLANE_DRAWS and found.n_draws == 4_000
    assert plane["effect"].std() == pytest.approx(found.effect.std_error, rel=0.12)
    assert plane["cost_usd"].std() == pytest.approx(found.incremental_cost.std_error, rel=0.12)
    # the probability of a positive net benefit is what its normal distribution gives
    middle, low = found.net_benefit["net_benefit_usd"].to_numpy(), found.net_benefit["ci_low"].to_numpy()
    error = (middle - low) / stats.t.ppf(0.975, 199)
    np.testing.assert_allclose(found.acceptability["probability"].to_numpy(), stats.norm.cdf(middle / error), atol=0.03)
    assert found.quadrants["share"].sum() == pytest.approx(1)
    assert incremental_cost_effectiveness(sums, draws=50, seed=1).plane.equals(plane.head(50))


def test_net_benefit__excludes_zero_where_willingness_lies_outside_fieller() -> None:
    found = of(1)
    low, high = found.fieller.low or 0, found.fieller.high or 0
    inside = found.net_benefit.filter(pl.col("willingness_to_pay_usd").is_between(low, high))
    outside = found.net_benefit.filter(~pl.col("willingness_to_pay_usd").is_between(low, high))
    assert inside.height > 2 and outside.height > 2
    assert ((inside["ci_low"] <= 0) & (inside["ci_high"] >= 0)).all()
    assert ((outside["ci_low"] > 0) | (outside["ci_high"] < 0)).all()
    steps = found.acceptability["willingness_to_pay_usd"]
    assert steps[0] == 0 and steps[-1] >= high


def test_bootstrap__leaves_out_draws_without_treatment() -> None:
    sums = pl.DataFrame(
        {
            "cluster": ["a", "b", "c"],
            "effect_numerator": [0.5, 0.0, 0.0],
            "cost_numerator": [100.0, 0.0, 0.0],
            "denominator": [1.0, 0.0, 0.0],
        }
    )
    found = incremental_cost_effectiveness(sums, draws=900, seed=3)
    assert found.n_draws == pytest.approx(900 * (1 - (2 / 3) ** 3), rel=0.06)
    assert f"{900 - found.n_draws} of 900 bootstrap draws" in found.note
    assert found.plane["effect"].is_finite().all()


def test_fieller__covers_the_planted_ratio_of_clustered_units() -> None:
    """400 samples of 60 clusters: cost 1,000 and effect 0.2 planted, cluster effects shared by cost and effect."""
    covered = 0
    for seed in range(400):
        found = incremental_cost_effectiveness(summed(rows(seed, clusters=60)), draws=1)
        fieller = found.fieller
        if fieller.low is not None and fieller.high is not None:
            covered += fieller.low <= 5_000 <= fieller.high
        elif fieller.excluded_low is not None and fieller.excluded_high is not None:
            covered += not fieller.excluded_low < 5_000 < fieller.excluded_high
        else:
            covered += 1
    assert 0.92 <= covered / 400 <= 0.98


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda sums: sums.head(1), "there are 1 clusters"),
        (lambda sums: pl.concat([sums, sums.head(2)]), "2 of 52 rows repeat a cluster"),
        (lambda sums: sums.drop("cost_numerator"), "no column cost_numerator"),
        (lambda sums: sums.with_columns(cost_numerator=None), "50 of 50 clusters have sums that are not finite"),
        (lambda sums: sums.with_columns(denominator=0.0), "denominators add up to 0 or less"),
    ],
)
def test_incremental__refuses_what_gives_no_answer(change: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        incremental_cost_effectiveness(change(summed(rows(1))), draws=5)  # type: ignore[operator]


def test_incremental__refuses_draws_and_steps_that_are_none() -> None:
    sums = summed(rows(1))
    with pytest.raises(ValueError, match="0 bootstrap draws"):
        incremental_cost_effectiveness(sums, draws=0)
    with pytest.raises(ValueError, match="willingness to pay must be finite"):
        incremental_cost_effectiveness(sums, draws=5, willingness_to_pay=[-1])
