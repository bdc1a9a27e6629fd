"""Power: worked values, other libraries' answers, monotony, and the sentence of refusal."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import f_oneway
from statsmodels.formula.api import ols
from statsmodels.stats.power import NormalIndPower

from pipelines.analysis.power import (
    cluster_sizes,
    design_effect,
    explained_share,
    intraclass_correlation,
    minimum_detectable_effect,
    refusal,
    treated_needed,
)

# Shrout & Fleiss (1979), table 2: four judges' ratings of six targets
RATINGS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


def test_minimum_detectable_effect__worked_values_of_methods() -> None:
    assert minimum_detectable_effect(3000, 0.2, design_effect(20, 0.1), 0.5) == pytest.approx(0.154, abs=5e-4)
    assert minimum_detectable_effect(297, 27 / 297) == pytest.approx(0.565, abs=5e-4)


@pytest.mark.parametrize(("treated", "comparison"), [(27, 270), (200, 200), (50, 1000)])
def test_minimum_detectable_effect__has_power_80_in_statsmodels(treated: int, comparison: int) -> None:
    """The multiplier is 2.8 where the normal distribution has 2.8016."""
    n = treated + comparison
    mde = minimum_detectable_effect(n, treated / n)
    power = NormalIndPower().power(mde, treated, 0.05, ratio=comparison / treated)
    assert power == pytest.approx(0.80, abs=1e-3)


def test_minimum_detectable_effect__is_found_in_80_of_100_studies() -> None:
    """27 and 270 with a true effect of 0.565 SD: 4,000 studies, a z test with the known standard deviation."""
    draw = np.random.default_rng(8)
    differences = draw.normal(0.565, np.sqrt(1 / 27 + 1 / 270), 4000)
    found = (np.abs(differences) > 1.96 * np.sqrt(1 / 27 + 1 / 270)).mean()
    assert found == pytest.approx(0.80, abs=0.02)


@given(st.integers(4, 10_000), st.floats(0.02, 0.98), st.floats(1, 5), st.floats(0, 0.9), st.floats(1.01, 4))
def test_minimum_detectable_effect__moves_the_right_way(
    n: int, share: float, inflation: float, explained: float, more: float
) -> None:
    mde = minimum_detectable_effect(n, share, inflation, explained)
    assert minimum_detectable_effect(n * more, share, inflation, explained) < mde
    assert minimum_detectable_effect(n, share, inflation * more, explained) > mde
    assert minimum_detectable_effect(n, share, inflation, explained / more) >= mde
    assert minimum_detectable_effect(n, 1 - share, inflation, explained) == pytest.approx(mde)
    assert minimum_detectable_effect(n, 0.5, inflation, explained) <= mde
    assert minimum_detectable_effect(4 * n, share, inflation, explained) == pytest.approx(mde / 2)


@given(st.floats(0.05, 1), st.floats(0.2, 20), st.floats(1, 5), st.floats(0, 0.9))
def test_treated_needed__is_the_fewest_that_do(effect: float, each: float, inflation: float, explained: float) -> None:
    treated = treated_needed(effect, each, inflation, explained)
    share = 1 / (1 + each)
    assert minimum_detectable_effect(treated / share, share, inflation, explained) <= effect * (1 + 1e-9)
    if treated > 1:
        assert minimum_detectable_effect((treated - 1) / share, share, inflation, explained) > effect


def test_treated_needed__worked_value() -> None:
    assert treated_needed(0.40, 10) == 54
    assert treated_needed(2.8, 1) == 2  # 2.8²·2/2.8² is 2, not 3


def test_design_effect__worked_values() -> None:
    assert design_effect(20, 0.1) == pytest.approx(2.9)
    assert design_effect(1, 0.4) == 1
    assert design_effect(20, 0) == 1
    # Eldridge, Ashby & Kerry (2006): 1 + ((cv² + 1)n̄ − 1)ρ
    assert design_effect(20, 0.1, cluster_size_cv=0.65) == pytest.approx(1 + ((0.65**2 + 1) * 20 - 1) * 0.1)


def test_cluster_sizes__unequal_sizes_inflate_as_the_mean_weighted_by_size() -> None:
    sizes = [2, 3, 9, 14, 1, 6]
    mean, variation = cluster_sizes(np.repeat(list("abcdef"), sizes))
    assert mean == pytest.approx(35 / 6)
    assert design_effect(mean, 0.2, variation) == pytest.approx(1 + (sum(n**2 for n in sizes) / 35 - 1) * 0.2)
    assert cluster_sizes(["a", "b", "a", "b"]) == (2, 0)


@pytest.mark.parametrize(
    "call",
    [
        lambda: cluster_sizes([]),
        lambda: minimum_detectable_effect(0, 0.5),
        lambda: minimum_detectable_effect(100, 0),
        lambda: minimum_detectable_effect(100, 1),
        lambda: minimum_detectable_effect(100, 0.5, 0),
        lambda: minimum_detectable_effect(100, 0.5, 1, 1),
        lambda: minimum_detectable_effect(100, 0.5, 1, -0.1),
        lambda: design_effect(0.5, 0.1),
        lambda: design_effect(5, 1.5),
        lambda: design_effect(5, 0.1, -1),
        lambda: treated_needed(0, 10),
        lambda: treated_needed(0.4, 0),
        lambda: refusal(-1, 0.3),
        lambda: refusal(30, 0),
        lambda: refusal(30, float("nan")),
        lambda: intraclass_correlation([1, 2], ["a"]),
        lambda: explained_share([1, 2], [1, 2, 3]),
        lambda: explained_share([1, 2], [[1, 2], [2, 1]]),
        lambda: explained_share([np.nan, 2], [1, np.nan]),
    ],
)
def test_power__refuses_what_can_not_be(call: object) -> None:
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        call()  # type: ignore[operator]


def test_intraclass_correlation__worked_value_of_shrout_and_fleiss() -> None:
    """ICC(1,1) of their table 2 is printed as .17."""
    found = intraclass_correlation(np.ravel(RATINGS), np.repeat(np.arange(6), 4))
    assert found == pytest.approx(0.17, abs=5e-3)


def test_intraclass_correlation__unequal_clusters_agree_with_an_analysis_of_variance() -> None:
    draw = np.random.default_rng(3)
    sizes = [2, 3, 9, 14, 1, 6]
    clusters = np.repeat(list("abcdef"), sizes)
    values = draw.normal(size=len(clusters)) + 0.8 * np.repeat(draw.normal(size=6), sizes)
    f = f_oneway(*(values[clusters == name] for name in "abcdef")).statistic
    common = (35 - sum(size**2 for size in sizes) / 35) / 5
    assert intraclass_correlation(values, clusters) == pytest.approx((f - 1) / (f + common - 1))
    mixed = np.random.default_rng(4).permutation(35)
    assert intraclass_correlation(values[mixed], clusters[mixed]) == pytest.approx((f - 1) / (f + common - 1))
    assert intraclass_correlation(1e6 + 50 * values, clusters) == pytest.approx((f - 1) / (f + common - 1), rel=1e-6)


def test_intraclass_correlation__recovers_what_was_planted() -> None:
    draw = np.random.default_rng(6)
    values = np.sqrt(0.2) * np.repeat(draw.normal(size=2000), 15) + np.sqrt(0.8) * draw.normal(size=30_000)
    assert intraclass_correlation(values, np.repeat(np.arange(2000), 15)) == pytest.approx(0.2, abs=0.015)


def test_intraclass_correlation__is_never_negative_and_1_where_clusters_are_of_one_mind() -> None:
    assert intraclass_correlation([1, 5, 5, 1], ["a", "a", "b", "b"]) == 0
    assert intraclass_correlation([1, 1, 5, 5], ["a", "a", "b", "b"]) == pytest.approx(1)


@pytest.mark.parametrize(
    ("values", "clusters"),
    [
        ([1, 2, 3], ["a", "a", "a"]),
        ([1, 2, 3], ["a", "b", "c"]),
        ([2, 2, 2, 2], ["a", "a", "b", "b"]),
        ([1, 2, np.nan, np.nan], ["a", "a", "b", "b"]),
        ([], []),
    ],
)
def test_intraclass_correlation__is_none_where_it_can_not_be_had(values: list[float], clusters: list[str]) -> None:
    assert intraclass_correlation(values, np.array(clusters, dtype=str)) is None


def test_intraclass_correlation__leaves_missing_values_out() -> None:
    values = [*np.ravel(RATINGS).astype(float), np.nan]
    assert intraclass_correlation(values, [*np.repeat(np.arange(6), 4), 2]) == pytest.approx(0.1657, abs=5e-5)


@given(st.integers(0, 10_000), st.integers(1, 4))
def test_explained_share__agrees_with_statsmodels(seed: int, predictors: int) -> None:
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(40, predictors)) * draw.uniform(0.01, 1000, predictors) + 50
    y = x[:, 0] / x[:, 0].std() * draw.uniform(0, 1) + draw.normal(size=40)
    fitted = sm.OLS(y, sm.add_constant(x)).fit()
    assert explained_share(y, x) == pytest.approx(max(0.0, fitted.rsquared_adj), abs=1e-9)


def test_explained_share__what_is_told_twice_costs_nothing() -> None:
    draw = np.random.default_rng(1)
    x = draw.normal(size=60)
    y = x + draw.normal(size=60)
    alone = explained_share(y, x)
    assert explained_share(y, np.column_stack([x, 2 * x + 3, np.full(60, 0.1 + 0.2)])) == pytest.approx(alone)
    assert alone == pytest.approx(ols("y ~ x", pd.DataFrame({"y": y, "x": x})).fit().rsquared_adj)


def test_explained_share__ends_and_missing_values() -> None:
    assert explained_share([3, 3, 3, 3], [1, 2, 3, 4]) == 0
    assert explained_share([1, 2, 3, 4], [0.3, 0.3, 0.3, 0.3]) == 0
    assert explained_share([1, 2, 3, 4], np.empty((0, 0))) == 0
    assert explained_share([1, 2, 3, 4], [10, 20, 30, 40]) == pytest.approx(1)
    assert explained_share([1, 2, 3, 4, np.nan, 9], [10, 20, 30, 40, 50, np.nan]) == pytest.approx(1)
    assert explained_share([1, 2, 1, 2], [1, 1, 2, 2]) == 0  # adjusted R² would be −0.5
    with pytest.raises(ValueError, match="2 complete units are too few for 1 predictors"):
        explained_share([1, 2], [1, 2])


def test_refusal__the_worked_case_of_methods() -> None:
    mde = minimum_detectable_effect(297, 27 / 297)
    assert refusal(27, mde, n_comparison=270) == (
        "27 earners and 270 peers: the smallest effect this study could detect is 0.565 SD, above the limit of "
        "0.40 SD. The study therefore gives counts only, and no effect."
    )


def test_refusal__too_few_and_too_blunt() -> None:
    assert refusal(15, 0.3, n_comparison=5000) == (
        "15 earners and 5,000 peers: at least 20 earners are needed. "
        "The study therefore gives counts only, and no effect."
    )
    both = refusal(15, 0.75, n_comparison=150, treated_label="award holders", comparison_label="others")
    assert both is not None
    assert both.startswith("15 award holders and 150 others: at least 20 award holders are needed, and the smallest")


@pytest.mark.parametrize(("treated", "comparison"), [(7, 270), (270, 7), (0, 100), (3, 4)])
def test_refusal__tells_no_count_below_ten_nor_what_gives_it_away(treated: int, comparison: int) -> None:
    """From the detectable effect and one arm's count the other's follows."""
    share = treated / (treated + comparison)
    mde = minimum_detectable_effect(treated + comparison, share) if treated else float("inf")
    said = refusal(treated, mde, n_comparison=comparison)
    assert said is not None
    assert "ewer than 10" in said
    assert f"{mde:.3f}" not in said
    for count in (treated, comparison):
        assert count >= 10 or f" {count} " not in f" {said}"


@pytest.mark.parametrize(("treated", "mde"), [(20, 0.40), (20, 0.1), (5000, 0.399)])
def test_refusal__none_on_and_inside_both_limits(treated: int, mde: float) -> None:
    assert refusal(treated, mde) is None
    assert refusal(treated, mde, minimum_treated=treated + 1) is not None
    assert refusal(treated, mde, ceiling=mde - 1e-6) is not None
