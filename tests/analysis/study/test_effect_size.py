"""Effect sizes: worked values, other implementations, the exact matrices behind the cluster forms, the algebra."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm, ttest_ind
from statsmodels.stats.meta_analysis import effectsize_smd

from pipelines.analysis.effect_size import (
    cluster_corrected_t,
    cluster_correction,
    cluster_degrees_of_freedom,
    clustered_hedges_g,
    cox_index,
    difference_in_differences_effect_size,
    effective_sample_size,
    hedges_g,
    hedges_g_of,
    improvement_index,
    pooled_sd,
    small_sample_correction,
    standard_error_of_g,
    standard_error_of_modelled_g,
)

VALUES = st.floats(-1e3, 1e3).map(lambda value: round(value, 3))
ARM = st.lists(VALUES, min_size=2, max_size=12).filter(lambda arm: np.ptp(arm) > 0.01)
ARMS = st.tuples(ARM, ARM)
SHARES = st.floats(0.01, 0.99)
RHO = st.floats(0, 1)


def test_hedges_g__worked_value_of_methods_and_of_baselinr() -> None:
    """g([5,6,7],[4,5,6]) = 0.8, as METHODS §3 and the printed table of the R package baselinr 0.5.0 have it."""
    assert hedges_g([5, 6, 7], [4, 5, 6]) == pytest.approx(0.8, abs=1e-12)


def test_hedges_g_of__worked_value_of_borenstein() -> None:
    """Borenstein, Hedges, Higgins & Rothstein (2009), Introduction to Meta-Analysis, chapter 4: g = 0.5924.

    Their standard error of g, 0.2028, is that of d times ω; WWC 5.0 puts g itself into the formula: 0.2044.
    """
    g = hedges_g_of(103 - 100, 5.5, 4.5, 50, 50)
    assert pooled_sd(5.5, 4.5, 50, 50) == pytest.approx(5.0249, abs=5e-5)
    assert g == pytest.approx(0.5924, abs=5e-5)
    assert standard_error_of_g(g, 50, 50) == pytest.approx(0.2044, abs=5e-5)
    d = g / small_sample_correction(100)
    borenstein = small_sample_correction(100) * np.sqrt(2 / 50 + d**2 / (2 * 100))
    assert borenstein == pytest.approx(0.2028, abs=5e-5)


def test_small_sample_correction__values_and_lower_end() -> None:
    assert small_sample_correction(6) == pytest.approx(0.8)
    assert small_sample_correction(297) == pytest.approx(0.99746, abs=5e-6)
    with pytest.raises(ValueError, match="3 units in both arms"):
        small_sample_correction(3)
    with pytest.raises(ValueError, match="at least 4"):
        small_sample_correction(float("nan"))


def test_cox_index__worked_values() -> None:
    """Cox(0.8, 0.5) = 0.84018 before ω (METHODS §3); 2/3 and 1/3 give 0.8401784 in baselinr 0.5.0's printed table."""
    assert cox_index(0.8, 0.5) == pytest.approx(0.84018, abs=5e-6)
    assert cox_index(2 / 3, 1 / 3) == pytest.approx(0.8401784, abs=5e-8)
    assert cox_index(0.8, 0.5, n=297) == pytest.approx(0.84018 * 0.997455, abs=5e-6)


def test_difference_in_differences_effect_size__worked_value() -> None:
    assert difference_in_differences_effect_size(3, 1, 4, 4, 50, 50) == pytest.approx(0.49616, abs=5e-6)


def test_improvement_index__percentile_ranks() -> None:
    assert improvement_index(0.25) == pytest.approx(9.87, abs=5e-3)
    assert improvement_index(-0.3) == pytest.approx(100 * norm.cdf(-0.3) - 50)


def test_effective_sample_size__worked_value() -> None:
    assert effective_sample_size(3000, 20, 0.1) == pytest.approx(1034.48, abs=5e-3)
    assert effective_sample_size(300, 1, 0.5) == 300
    assert effective_sample_size(300, 10, 1) == pytest.approx(30)


@given(ARMS)
def test_hedges_g__agrees_with_statsmodels(arms: tuple[list[float], list[float]]) -> None:
    (x, y), (n, m) = map(np.array, arms), map(len, arms)
    other, variance = effectsize_smd(x.mean(), x.std(ddof=1), n, y.mean(), y.std(ddof=1), m)
    g = hedges_g(x, y)
    assert g == pytest.approx(other, rel=1e-9, abs=1e-12)
    # they divide g² by 2(N − 3.94), after Hedges & Olkin; this by 2(N − 2), after the WWC
    assert standard_error_of_g(g, n, m) ** 2 == pytest.approx(
        variance - g**2 / 2 / (n + m - 3.94) + g**2 / 2 / (n + m - 2), rel=1e-9
    )


@given(ARMS, st.floats(0.1, 50), VALUES)
def test_hedges_g__no_unit_of_measure_and_no_side(
    arms: tuple[list[float], list[float]], scale: float, shift: float
) -> None:
    """It turns over with the arms, and neither a scale nor a zero point changes it."""
    x, y = map(np.array, arms)
    assert hedges_g(y, x) == pytest.approx(-hedges_g(x, y), rel=1e-9)
    assert hedges_g(scale * x + shift, scale * y + shift) == pytest.approx(hedges_g(x, y), rel=1e-6, abs=1e-9)
    assert hedges_g(-x, -y) == pytest.approx(-hedges_g(x, y), rel=1e-9)


@given(ARMS)
def test_hedges_g__of_the_data_is_that_of_their_table(arms: tuple[list[float], list[float]]) -> None:
    x, y = map(np.array, arms)
    from_table = hedges_g_of(x.mean() - y.mean(), x.std(ddof=1), y.std(ddof=1), len(x), len(y))
    assert hedges_g(x, y) == pytest.approx(from_table, rel=1e-12)
    pre = 3.0  # the same before in both arms: gains differ as the outcomes do
    assert difference_in_differences_effect_size(
        x.mean() - pre, y.mean() - pre, x.std(ddof=1), y.std(ddof=1), len(x), len(y)
    ) == pytest.approx(from_table, rel=1e-6, abs=1e-9)


@given(SHARES, SHARES)
def test_cox_index__turns_over_with_the_arms_and_with_the_answer(p: float, q: float) -> None:
    assert cox_index(q, p) == pytest.approx(-cox_index(p, q))
    assert cox_index(1 - p, 1 - q) == pytest.approx(-cox_index(p, q), abs=1e-12)
    assert (cox_index(p, q) > 0) == (p > q)


@pytest.mark.parametrize(("treated", "comparison"), [([5, 5, 5], [5, 5]), ([0.1 + 0.2] * 3, [0.1 + 0.2] * 7)])
def test_hedges_g__where_everyone_is_alike_it_is_0(treated: list[float], comparison: list[float]) -> None:
    assert hedges_g(treated, comparison) == 0


@pytest.mark.parametrize(
    ("treated", "comparison", "said"),
    [
        ([], [1, 2, 3, 4], "0 treated and 4 comparison units"),
        ([1, 2, 3, 4], [], "4 treated and 0 comparison units"),
        ([1, float("nan")], [1, 2, 3], "1 of 5 values are missing or infinite"),
        ([5, 5, 5], [6, 6, 6], "nobody differs inside an arm"),
        ([1], [2, 3], "at least 4"),
    ],
)
def test_hedges_g__says_what_it_can_not_do(treated: list[float], comparison: list[float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        hedges_g(treated, comparison)


@pytest.mark.parametrize("share", [0, 1, -0.1, float("nan")])
def test_cox_index__a_share_of_all_or_none_has_no_odds(share: float) -> None:
    with pytest.raises(ValueError, match="no log odds"):
        cox_index(share, 0.5)


def test_pooled_sd__refuses_a_negative_spread() -> None:
    with pytest.raises(ValueError, match="not negative"):
        pooled_sd(-1, 1, 5, 5)


# Clusters. For m clusters of n units, half of them in each arm, the pooled variance is a quadratic form of the
# outcomes: its mean and its degrees of freedom follow from matrices, without any of the closed forms.


def moments(size: int, clusters_an_arm: int, rho: float) -> tuple[float, float]:
    """Exact E[S²]/σ² and Satterthwaite's degrees of freedom of the pooled variance."""
    units = size * clusters_an_arm
    within_arm = np.eye(units) - 1 / units
    covariance = (1 - rho) * np.eye(units) + rho * np.kron(np.eye(clusters_an_arm), np.ones((size, size)))
    form = within_arm @ covariance
    first, second = 2 * np.trace(form), 2 * np.trace(form @ form)  # two arms alike
    return first / (2 * units - 2), first**2 / second


@pytest.mark.parametrize(("size", "clusters_an_arm"), [(2, 3), (5, 2), (20, 4), (1, 9)])
@pytest.mark.parametrize("rho", [0.0, 0.1, 0.37, 0.8, 1.0])
def test_cluster_forms__are_the_exact_moments(size: int, clusters_an_arm: int, rho: float) -> None:
    n = 2 * size * clusters_an_arm
    mean_of_variance, freedom = moments(size, clusters_an_arm, rho)
    assert cluster_correction(n, size, rho) == pytest.approx(np.sqrt(mean_of_variance), rel=1e-9)
    assert cluster_degrees_of_freedom(n, size, rho) == pytest.approx(freedom, rel=1e-9)


def test_cluster_degrees_of_freedom__published_value() -> None:
    """The documentation of R's VIVECampbell, df_h(N_total = 100, ICC = 0.1, avg_grp_size = 5), prints 94.4."""
    assert cluster_degrees_of_freedom(100, 5, 0.1) == pytest.approx(94.403, abs=5e-4)


def test_cluster_corrected_t__at_full_correlation_is_the_t_of_cluster_means() -> None:
    """Hedges (2007): at ρ = 1 the correction gives the t statistic of the cluster means, with clusters − 2 freedom."""
    means = np.random.default_rng(5).normal(size=(2, 6))
    units = np.repeat(means, 7, axis=1)
    naive = ttest_ind(units[0], units[1]).statistic
    assert cluster_corrected_t(naive, 84, 7, 1.0) == pytest.approx(ttest_ind(means[0], means[1]).statistic)
    assert cluster_degrees_of_freedom(84, 7, 1.0) == pytest.approx(12 - 2)
    assert cluster_corrected_t(naive, 84, 7, 0.0) == naive


def test_clustered_hedges_g__recovers_the_effect_in_total_standard_deviations() -> None:
    """Four clusters of 10 an arm, ρ = 0.3, a true effect of 0.5: right on average, where the plain g is too high."""
    draw = np.random.default_rng(20)
    runs, size, clusters, rho = 20_000, 10, 4, 0.3
    arms = [
        np.sqrt(rho) * draw.normal(size=(runs, clusters, 1))
        + np.sqrt(1 - rho) * draw.normal(size=(runs, clusters, size))
        + shift
        for shift in (0.5, 0.0)
    ]
    flat = [arm.reshape(runs, -1) for arm in arms]
    differences = flat[0].mean(axis=1) - flat[1].mean(axis=1)
    sds = [arm.std(axis=1, ddof=1) for arm in flat]
    n = size * clusters
    estimates = [
        (clustered_hedges_g(*of, n, n, size, rho), hedges_g_of(*of, n, n)) for of in zip(differences, *sds, strict=True)
    ]
    clustered, plain = np.mean(estimates, axis=0)
    error = np.std(estimates, axis=0)[0] / np.sqrt(runs)
    assert abs(clustered - 0.5) < 3 * error + 0.002
    assert plain - 0.5 > 0.01
    # and its standard error is that of the estimates, where the one that ignores clusters is far too small
    assert standard_error_of_g(0.5, n, n, 0.0, size, rho) == pytest.approx(np.std(estimates, axis=0)[0], rel=0.1)
    assert standard_error_of_g(0.5, n, n) < 0.6 * np.std(estimates, axis=0)[0]


@given(st.integers(2, 40), st.integers(1, 30), RHO, st.floats(-2, 2))
def test_cluster_forms__shrink_and_widen(clusters: int, size: int, rho: float, g: float) -> None:
    n = 2 * clusters * size
    assert 0 <= cluster_correction(n, size, rho) <= 1
    assert 2 * clusters - 2 - 1e-6 <= cluster_degrees_of_freedom(n, size, rho) <= n - 2 + 1e-6
    assert standard_error_of_g(g, n // 2, n // 2, 0, size, rho) >= standard_error_of_g(g, n // 2, n // 2) - 1e-12
    assert effective_sample_size(n, size, rho) <= n
    assert abs(cluster_corrected_t(g, n, size, rho)) <= abs(g) + 1e-12


@given(st.integers(2, 200), st.integers(2, 200), st.floats(-2, 2))
def test_cluster_forms__without_clusters_are_the_plain_ones(treated: int, comparison: int, g: float) -> None:
    n = treated + comparison
    assert clustered_hedges_g(g, 1, 1, treated, comparison, 1, 0.3) == pytest.approx(
        hedges_g_of(g, 1, 1, treated, comparison)
    )
    assert cluster_degrees_of_freedom(n, 1, 0) == pytest.approx(n - 2)
    # a modelled estimate whose standard error is the plain one has the plain standard error of g
    std_error = np.sqrt(1 / treated + 1 / comparison)
    assert standard_error_of_modelled_g(g, std_error, 1, n) == pytest.approx(
        standard_error_of_g(g, treated, comparison)
    )


def test_standard_error_of_g__of_gains_is_that_of_their_correlation() -> None:
    """A difference in gains varies by 2(1 − r): at r = 0.5 as one wave does, above it less."""
    assert standard_error_of_g(0, 50, 50, r_squared=2 * 0.5 - 1) == pytest.approx(np.sqrt(2 / 50))
    assert standard_error_of_g(0, 50, 50, r_squared=2 * 0.8 - 1) == pytest.approx(np.sqrt(2 * 0.2 * 2 / 50))
    assert standard_error_of_g(0, 50, 50, r_squared=2 * 0.2 - 1) == pytest.approx(np.sqrt(2 * 0.8 * 2 / 50))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: cluster_correction(100, 0.5, 0.1), "at least one unit"),
        (lambda: cluster_correction(100, 5, 1.1), "outside 0..1"),
        (lambda: cluster_correction(100, 5, -0.1), "outside 0..1"),
        (lambda: cluster_correction(100, 60, 0.1), "each arm needs at least one cluster"),
        (lambda: cluster_degrees_of_freedom(100, 50, 1.0), "leave nothing"),
        (lambda: standard_error_of_g(0.2, 10, 10, r_squared=1), "below 1"),
        (lambda: standard_error_of_modelled_g(0.2, 0.1, 0, 100), "nobody differs"),
        (lambda: effective_sample_size(100, 5, 2), "outside 0..1"),
    ],
)
def test_cluster_forms__refuse_what_can_not_be(call: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()  # type: ignore[operator]
