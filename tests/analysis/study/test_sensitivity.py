"""Sensitivity: published worked values, independent recomputation, and planted faults that the checks must see."""

from __future__ import annotations

from itertools import product

import numpy as np
import polars as pl
import pytest
from diff_diff import HonestDiD, MultiPeriodDiDResults
from diff_diff.results import PeriodEffect

from pipelines.analysis.did import callaway_santanna
from pipelines.analysis.multiple_testing import benjamini_hochberg, q_values
from pipelines.analysis.sensitivity import (
    bounds_of_event_study,
    e_value,
    e_value_of_ratio,
    mean_reversion,
    placebo_timing,
    rosenbaum_gamma,
    rosenbaum_gamma_of_sets,
    signed_rank_p_value,
    smoothness_bounds,
)
from pipelines.analysis.unmeasured import _worst_bias
from tests.analysis.study.planted_panels import planted_panel

# Morton et al. (1982), American Journal of Epidemiology 115(4): lead in the blood of 33 children whose parents worked
# with it and of their matches (μg/dl); Rosenbaum (2002), Observational Studies, tables 4.1 and 4.2
EXPOSED = [
    *(38, 23, 41, 18, 37, 36, 23, 62, 31, 34, 24, 14, 21, 17, 16, 20, 15),
    *(10, 45, 39, 22, 35, 49, 48, 44, 35, 43, 39, 34, 13, 73, 25, 27),
]
CONTROLS = [
    *(16, 18, 18, 24, 19, 11, 10, 15, 16, 18, 18, 13, 19, 10, 16, 16, 24),
    *(13, 9, 14, 21, 19, 7, 18, 19, 12, 11, 22, 25, 16, 13, 11, 13),
]


def test_e_values_of_the_paper() -> None:
    """VanderWeele & Ding (2017): breast feeding and respiratory death, risk ratio 3.9 (1.8 to 8.7)."""
    found = e_value_of_ratio(3.9, 1.8, 8.7)
    assert (round(found.estimate, 2), round(found.ci, 1)) == (7.26, 3.0)
    turned = e_value_of_ratio(1 / 3.9, 1 / 8.7, 1 / 1.8)
    assert (turned.estimate, turned.ci) == pytest.approx((found.estimate, found.ci))


def test_e_value_of_a_standardised_difference() -> None:
    found = e_value(0.5, 0.1, 0.9)
    ratio, nearer = np.exp(0.91 * 0.5), np.exp(0.91 * 0.1)
    assert found.estimate == pytest.approx(ratio + np.sqrt(ratio * (ratio - 1)))
    assert found.ci == pytest.approx(nearer + np.sqrt(nearer * (nearer - 1)))
    assert e_value(-0.5, -0.9, -0.1).estimate == pytest.approx(found.estimate)
    assert e_value(0.5, -0.1, 1.1).ci == 1
    assert e_value(0.0, -0.1, 0.1).estimate == 1
    assert e_value(0.5).ci == 1
    with pytest.raises(ValueError, match="does not hold the estimate"):
        e_value(0.5, 0.6, 0.9)
    with pytest.raises(ValueError, match="above 0"):
        e_value_of_ratio(0.0)


def test_rosenbaum_lead_exposure() -> None:
    """The printed upper bounds on the one-sided p-value at Γ = 2, 3, 4, 4.25 and 5."""
    differences = np.array(EXPOSED) - np.array(CONTROLS)
    printed = {1: 0.0000, 2: 0.0018, 3: 0.0136, 4: 0.0388, 4.25: 0.0468, 5: 0.0740}
    for gamma, p_value in printed.items():
        assert round(signed_rank_p_value(differences, gamma), 4) == p_value
    found = rosenbaum_gamma(differences)
    assert 4.25 < found.gamma < 5
    assert signed_rank_p_value(differences, found.gamma) == pytest.approx(0.05, abs=1e-5)
    assert rosenbaum_gamma(-differences).gamma == pytest.approx(found.gamma)
    assert found.n_sets == 32  # one pair has no difference


def test_rosenbaum_exactly_for_few_pairs() -> None:
    """Against the exact distribution: 12 pairs, all signs enumerated."""
    differences = np.array([3.1, 2.2, 4.5, 0.7, 5.2, 1.9, 2.8, -0.4, 3.9, 1.1, 6.3, -0.2])
    ranks = np.argsort(np.argsort(np.abs(differences))) + 1.0
    observed = ranks[differences > 0].sum()
    for gamma in (1.0, 2.0):
        share = gamma / (1 + gamma)
        exact = sum(
            share ** sum(signs) * (1 - share) ** (12 - sum(signs))
            for signs in product((0, 1), repeat=12)
            if np.dot(signs, ranks) >= observed
        )
        assert signed_rank_p_value(differences, gamma) == pytest.approx(exact, abs=0.02)


def test_rosenbaum_without_effect() -> None:
    found = rosenbaum_gamma([1.0, -1.1, 0.9, -1.0, 0.2, -0.3])
    assert found.gamma == 1
    assert "even without hidden bias" in found.note
    with pytest.raises(ValueError, match="none of the 2 pairs differs"):
        rosenbaum_gamma([0.0, 0.0])
    with pytest.raises(ValueError, match="alpha"):
        rosenbaum_gamma([1.0, 2.0], alpha=1.5)


def test_worst_bias_of_a_set_is_the_worst_of_all() -> None:
    """Every assignment of the hidden factor to 0 or 1 in sets of four: none has a larger expected rank."""
    ranks = np.sort(np.random.default_rng(0).permutation(40).reshape(10, 4) + 1.0, axis=1)
    mean, _ = _worst_bias(ranks, 2.5)
    for row, found in zip(ranks, mean, strict=True):
        every = []
        for hidden in product((0, 1), repeat=4):
            weights = 2.5 ** np.array(hidden)
            every.append(row @ weights / weights.sum())
        assert found == pytest.approx(max(every))


def _sets(effect: float, seed: int = 0, n_sets: int = 80) -> pl.DataFrame:
    generator = np.random.default_rng(seed)
    rows = []
    for number in range(n_sets):
        level, size = generator.normal(), 2 + number % 3
        for member in range(size):
            rows.append((number, member == 0, level + effect * (member == 0) + generator.normal()))
    return pl.DataFrame(
        rows, schema={"set_id": pl.Int64, "is_treated": pl.Boolean, "outcome": pl.Float64}, orient="row"
    )


def test_rosenbaum_of_sets() -> None:
    small, large = rosenbaum_gamma_of_sets(_sets(0.5)), rosenbaum_gamma_of_sets(_sets(1.2))
    assert 1 < small.gamma < large.gamma
    assert rosenbaum_gamma_of_sets(_sets(1.2).with_columns(-pl.col("outcome"))).gamma == pytest.approx(large.gamma)
    pairs = pl.DataFrame(
        {"set_id": [*range(33)] * 2, "is_treated": [True] * 33 + [False] * 33, "outcome": [*EXPOSED, *CONTROLS]}
    )
    differences = np.array(EXPOSED) - np.array(CONTROLS)
    assert rosenbaum_gamma_of_sets(pairs).gamma == pytest.approx(rosenbaum_gamma(differences).gamma, rel=0.03)
    broken = _sets(0.5).with_columns(
        outcome=pl.when(pl.col("is_treated") & (pl.col("set_id") < 30)).then(None).otherwise("outcome")
    )
    assert rosenbaum_gamma_of_sets(broken).n_sets == 50
    with pytest.raises(ValueError, match="lack 1 column"):
        rosenbaum_gamma_of_sets(pairs.drop("outcome"))
    with pytest.raises(ValueError, match="none of 80 matched sets"):
        rosenbaum_gamma_of_sets(_sets(0.5).filter("is_treated"))


def test_gamma_is_1_as_often_as_the_test_allows_without_effect() -> None:
    """300 draws of 80 sets without effect: significant at Γ = 1 in about 10 %, 5 % in each direction."""
    found = [rosenbaum_gamma_of_sets(_sets(0.0, seed)).gamma > 1 for seed in range(300)]
    assert 0.05 < np.mean(found) < 0.16


def _library_interval(
    estimates: list[float], covariance: np.ndarray, n_before: int, weights: list[float], m: float
) -> tuple[float, float]:
    events = [*range(-n_before - 1, -1), *range(len(estimates) - n_before)]
    errors, nan = np.sqrt(np.diag(covariance)), float("nan")
    study = MultiPeriodDiDResults(
        period_effects={
            event: PeriodEffect(event, value, error, nan, nan, (nan, nan))
            for event, value, error in zip(events, estimates, errors, strict=True)
        },
        **dict.fromkeys(("avg_att", "avg_se", "avg_t_stat", "avg_p_value"), nan),
        avg_conf_int=(nan, nan),
        **dict.fromkeys(("n_obs", "n_treated", "n_control"), 0),
        pre_periods=events[:n_before],
        post_periods=events[n_before:],
        vcov=covariance,
        interaction_indices={event: position for position, event in enumerate(events)},
    )
    found = HonestDiD(method="smoothness", l_vec=np.array(weights)).fit(study, M=m)
    return found.ci_lb, found.ci_ub


@pytest.mark.parametrize(("n_before", "n_after", "event_time"), [(3, 2, None), (4, 2, 1), (1, 3, 0)])
def test_smoothness_bounds_are_the_library_s(n_before: int, n_after: int, event_time: int | None) -> None:
    """diff-diff's HonestDiD solves the same problem anew for each M; ours takes all from one path."""
    generator = np.random.default_rng(n_before)
    size = n_before + n_after
    root = generator.normal(size=(size, size + 4)) * 0.05
    covariance, estimates = root @ root.T / size, list(generator.normal(size=size) * 0.1)
    weights = [1 / n_after] * n_after if event_time is None else [float(i == event_time) for i in range(n_after)]
    events = [*range(-n_before - 1, -1), *range(n_after)]
    found = bounds_of_event_study(events, estimates, covariance, (0.0, 0.02), event_time).frame
    for row in found.iter_rows(named=True):
        expected = _library_interval(estimates, covariance, n_before, weights, row["m"])
        assert (row["ci_low"], row["ci_high"]) == pytest.approx(expected, abs=3e-4)


def test_a_straight_trend_is_taken_off_at_m_0() -> None:
    """A slope of 0.03 a year before treatment, an effect of 0.2 after: the bounds are centred at 0.2 and narrow."""
    events = [-5, -4, -3, -2, 0, 1, 2]
    estimates = [0.03 * (event + 1) + 0.2 * (event >= 0) for event in events]
    found = bounds_of_event_study(events, estimates, np.eye(7) * 1e-4, (0.0, 0.01, 0.05))
    low, high = found.frame.row(0, named=True)["ci_low"], found.frame.row(0, named=True)["ci_high"]
    assert (low + high) / 2 == pytest.approx(0.2)
    widths = (found.frame["ci_high"] - found.frame["ci_low"]).to_list()
    assert widths == sorted(widths)
    assert found.largest_bend_before == pytest.approx(0, abs=1e-12)
    at_breakdown = bounds_of_event_study(events, estimates, np.eye(7) * 1e-4, (found.breakdown_m,)).frame["ci_low"]
    assert at_breakdown.item() == pytest.approx(0, abs=1e-4)


def test_smoothness_bounds_of_an_event_study() -> None:
    effects = callaway_santanna(planted_panel(seed=11, units=800))
    found = smoothness_bounds(effects, (0.0, 0.5))
    assert effects.event_times == (-4, -3, -2, 0, 1, 2, 3)
    assert found.frame["ci_low"][0] < 0.2 < found.frame["ci_high"][0]
    assert not found.frame["excludes_zero"][1]
    wider = bounds_of_event_study(effects.event_times, effects.event_estimates, effects.event_covariance, (0.0,))
    assert wider.frame["ci_high"][0] < found.frame["ci_high"][0]  # t(39) beside normal
    with pytest.raises(ValueError, match="with_common_base"):
        smoothness_bounds(callaway_santanna(planted_panel(), draws=0))


@pytest.mark.parametrize(
    ("events", "m_values", "event_time", "sentence"),
    [
        ([0, 1], (0.0,), None, "add earlier years"),
        ([-4, -2, 0], (0.0,), None, "without gap"),
        ([-3, -2, 0], (-0.1,), None, "0 or above"),
        ([-3, -2, 0], (0.0,), 4, "not among"),
    ],
)
def test_smoothness_bounds_refuse(
    events: list[int], m_values: tuple[float, ...], event_time: int | None, sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        bounds_of_event_study(events, [0.0] * len(events), np.eye(len(events)), m_values, event_time)


def test_placebo_timing_sees_another_path_and_nothing_after_treatment() -> None:
    quiet = placebo_timing(planted_panel(seed=12, units=800))
    assert not quiet.excludes_zero
    trending = planted_panel(seed=12, units=800, trend_of_treated=0.15)
    found = placebo_timing(trending)
    assert found.excludes_zero
    is_after = (pl.col("time") >= pl.col("first_treated")).fill_null(False)
    changed = trending.with_columns(outcome=pl.when(is_after).then(pl.col("outcome") + 99.0).otherwise("outcome"))
    assert placebo_timing(changed) == found
    n_able = trending.filter(pl.col("first_treated") > 2)["unit"].n_unique()
    assert found.n_treated == n_able
    assert "too few periods before treatment" in (found.note or "")
    with pytest.raises(ValueError, match="no cohort has more than 5 periods"):
        placebo_timing(trending, shift=5)
    with pytest.raises(ValueError, match="1 or more periods"):
        placebo_timing(trending, shift=0)


def test_mean_reversion_sees_a_dip() -> None:
    level = mean_reversion(planted_panel(seed=13, units=800))
    assert not level.excess.excludes_zero
    assert "beyond chance" in level.note
    found = mean_reversion(planted_panel(seed=13, units=800, dip=-0.4))
    assert found.excess.ci_low < -0.4 < found.excess.ci_high
    assert found.treated_dip - found.comparison_dip == pytest.approx(found.excess.estimate)
    assert found.excess.estimate == pytest.approx(level.excess.estimate - 0.4)
    assert found.expected_return > 0.1  # coming back alone would look like an effect
    assert "lower" in found.note
    with pytest.raises(ValueError, match="two periods before treatment"):
        mean_reversion(planted_panel().filter(pl.col("time") >= 3))


def test_mean_reversion_by_hand() -> None:
    panel = planted_panel(seed=14).filter(pl.col("first_treated").is_null() | (pl.col("first_treated") == 3))
    wide = panel.pivot("time", index=["unit", "first_treated"], values="outcome").with_columns(
        dip=pl.col("2") - (pl.col("0") + pl.col("1")) / 2
    )
    treated = pl.col("first_treated").is_not_null()
    found = mean_reversion(panel)
    assert found.treated_dip == pytest.approx(wide.filter(treated)["dip"].mean())
    assert found.comparison_dip == pytest.approx(wide.filter(~treated)["dip"].mean())
    assert found.starting_difference == pytest.approx(
        wide.filter(treated)["2"].mean() - wide.filter(~treated)["2"].mean()
    )


def test_q_values() -> None:
    """METHODS.md's p-values: five below .05; by R's p.adjust(method = "BH")."""
    p_values = [0.002, 0.009, 0.011, 0.034, 0.041, 0.160]
    assert q_values(p_values).round(4).tolist() == [0.012, 0.022, 0.022, 0.0492, 0.0492, 0.16]
    with_gap = q_values([0.002, np.nan, 0.9])
    assert np.isnan(with_gap[1])
    assert with_gap[[0, 2]].tolist() == [0.004, 0.9]
    assert q_values([]).size == 0
    drawn = np.random.default_rng(0).random(50) ** 2
    for rate in (0.01, 0.05, 0.2):
        assert ((q_values(drawn) <= rate) == benjamini_hochberg(drawn, rate)).all()
    with pytest.raises(ValueError, match="between 0 and 1"):
        q_values([1.2])
    with pytest.raises(ValueError, match="dimensions"):
        q_values([[0.1]])
