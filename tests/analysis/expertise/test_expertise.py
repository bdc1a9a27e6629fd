"""The estimate of one element: known answers, and the algebra that must hold for any scores.

Belongs here: weights, variances, shrinkage, results. Does not belong here: raters' severity
(test_rater_effects), whether planted people are found (test_planted_truth).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from pipelines.analysis.expertise import (
    SINGLE_OBSERVATION_RELIABILITY,
    CutPoints,
    ElementScores,
    Rules,
    Variances,
    at_the_top,
    estimate,
    group_means,
    recency_weights,
    shrink,
    variances,
)

AS_OF, OLDEST = date(2026, 6, 30), date(2021, 6, 30)
CUT = CutPoints(1, 5, 3, 3.5)
Rows = list[tuple[int, int, str, float]]


def scores_of(rows: Rows) -> ElementScores:
    """From staff code, rater code, ISO date and score; sorted as the build sorts them."""
    ordered = sorted(rows, key=lambda row: (row[0], row[2]))
    observed = np.array([row[2] for row in ordered], dtype="datetime64[D]")
    months = observed.astype("datetime64[M]").astype(int)
    zeros = np.zeros(len(ordered))
    return ElementScores(
        staff=np.array([row[0] for row in ordered], dtype=np.int64),
        rater=np.array([row[1] for row in ordered], dtype=np.int64),
        observed=observed,
        school_year=(1970 + (months + 6) // 12).astype(np.int64),
        score=np.array([row[3] for row in ordered], dtype=np.float64),
        severity=zeros,
        severity_sd=zeros,
    )


def estimated(rows: Rows | ElementScores, rules: Rules | None = None) -> pl.DataFrame:
    scores = rows if isinstance(rows, ElementScores) else scores_of(rows)
    bands = np.full(int(scores.staff.max(initial=-1)) + 1, -1, dtype=np.int64)
    return estimate(scores, OLDEST, AS_OF, bands, CUT, rules or Rules())


@st.composite
def districts(draw: st.DrawFn) -> ElementScores:
    """Anything between nothing and a few dozen people, whole or decimal scores, old and future dates."""
    size = draw(st.integers(0, 120))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    people = draw(st.integers(1, 40))
    days = rng.integers(-7 * 365, 100, size)
    values = rng.uniform(1, 5, size)
    if draw(st.booleans()):
        values = np.rint(values)
    if draw(st.integers(0, 4)) == 0:
        values[:] = 4.0
    return scores_of(
        [
            (int(staff), int(rater), str(np.datetime64(AS_OF) + int(day)), float(value))
            for staff, rater, day, value in zip(
                rng.integers(0, people, size), rng.integers(-1, 4, size), days, values, strict=True
            )
        ]
    )


def test_recency__halves_in_two_years_and_ends_after_five() -> None:
    days = np.array(["2026-06-30", "2024-06-30", "2022-06-30"], dtype="datetime64[D]")
    np.testing.assert_allclose(recency_weights(days, AS_OF, 2.0), [1, 0.5, 0.25], rtol=1e-3)
    found = estimated([(0, 0, "2021-06-30", 5), (0, 0, "2021-07-01", 1), (0, 1, "2026-07-01", 5)])
    assert found["observation_count"].to_list() == [1]
    assert found["effective_observation_count"].item() == pytest.approx(0.5**2.5, rel=2e-3)
    assert found["mean_score"].item() == 1


def test_effective_count__of_an_old_observation_is_small_and_not_one() -> None:
    """Kish's ratio would call a single observation of 2022 one whole observation."""
    assert estimated([(0, 0, "2022-06-30", 4)])["effective_observation_count"].item() < 0.26


def test_balanced_design__gives_the_textbook_answer() -> None:
    """One-way analysis of variance, all observed today: every weight is 1."""
    rng = np.random.default_rng(4)
    people, times = 40, 4
    table = rng.normal(3, 0.5, (people, 1)) + rng.normal(0, 0.4, (people, times))
    found = estimated(
        [(person, time, "2026-06-30", table[person, time]) for person in range(people) for time in range(times)]
    )
    mean, grand = table.mean(axis=1), table.mean()
    within = ((table - mean[:, None]) ** 2).sum() / (people * (times - 1))
    between = (times * ((mean - grand) ** 2).sum() / (people - 1) - within) / times
    reliability = times * between / (times * between + within)
    np.testing.assert_allclose(found["reliability"], np.full(people, reliability))
    np.testing.assert_allclose(found["posterior_mean"], grand + reliability * (mean - grand))
    sd = np.sqrt(between * (1 - reliability))
    np.testing.assert_allclose(found["posterior_sd"], np.full(people, sd))
    np.testing.assert_allclose(found["probability_expert"], norm.sf(3.5, found["posterior_mean"].to_numpy(), sd))
    np.testing.assert_allclose(found["probability_need"], norm.cdf(3.0, found["posterior_mean"].to_numpy(), sd))
    np.testing.assert_allclose(found["interval_high"] - found["interval_low"], np.full(people, 2 * 1.6448536 * sd))


def test_variances__are_right_on_average_with_unequal_weights() -> None:
    """The working model itself: an observation of weight w has the error variance σ²ε/w."""
    rng = np.random.default_rng(9)
    found = []
    for _ in range(300):
        staff = np.repeat(np.arange(60), rng.integers(1, 6, 60))
        weight = rng.uniform(0.2, 1, len(staff))
        score = rng.normal(3, 0.4, 60)[staff] + rng.normal(0, 1, len(staff)) * 0.5 / np.sqrt(weight)
        total = np.bincount(staff, weights=weight)
        mean = np.bincount(staff, weights=weight * score) / total
        squares = np.bincount(staff, weights=weight * (score - mean[staff]) ** 2)
        count = np.bincount(staff)
        found.append(variances(total, mean, squares, count, np.zeros(60, dtype=np.int64), CUT, 0.0))
    assert np.mean([each.between for each in found]) == pytest.approx(0.16, rel=0.07)
    assert np.mean([each.within for each in found]) == pytest.approx(0.25, rel=0.03)
    assert all(each.is_estimated for each in found)


def test_variances__that_cannot_be_estimated_take_the_known_reliability_of_one_observation() -> None:
    few = variances(
        np.ones(4), np.array([2.0, 3, 4, 5]), np.zeros(4), np.ones(4, dtype=int), np.zeros(4, dtype=int), CUT, 0
    )
    assert few.between / (few.between + few.within) == pytest.approx(SINGLE_OBSERVATION_RELIABILITY)
    assert few.between + few.within >= (4 / 6) ** 2 and not few.is_estimated
    # nothing between people but what chance brings: the estimate would be negative
    rng = np.random.default_rng(1)
    noise = rng.normal(3, 1, (30, 4))
    noise += 3 - noise.mean(axis=1, keepdims=True)
    squares = ((noise - 3) ** 2).sum(axis=1)
    none = variances(np.full(30, 4.0), np.full(30, 3.0), squares, np.full(30, 4), np.zeros(30, dtype=int), CUT, 0)
    assert none.between / (none.between + none.within) == pytest.approx(SINGLE_OBSERVATION_RELIABILITY)
    assert not none.is_estimated


def test_equal_whole_scores__are_not_taken_for_certainty() -> None:
    """Everybody a 4 from everybody: rounding alone hides differences of half a point."""
    found = estimated([(person, rater, "2026-06-01", 4) for person in range(30) for rater in range(3)])
    assert (found["posterior_sd"] > 0.1).all()


def test_shrinkage__needs_more_evidence_than_one_lucky_visit() -> None:
    weight = np.array([0.25, 1.0, 4.0, 400.0])
    reliability, mean, sd = shrink(weight, np.full(4, 5.0), np.full(4, 3.0), Variances(0.16, 0.27, True))
    np.testing.assert_allclose(reliability, weight * 0.16 / (weight * 0.16 + 0.27))
    assert (np.diff(mean) > 0).all() and (np.diff(sd) < 0).all()


def test_grade_bands__pull_towards_their_own_mean_as_far_as_they_differ() -> None:
    rng = np.random.default_rng(7)
    group = np.repeat([0, 1, 2, -1], [50, 50, 50, 5])
    alike = rng.normal(3, 0.4, 155)
    found = Variances(0.16, 0.0001, True)
    weight = np.full(155, 3.0)
    same = group_means(weight, alike, group, found)
    assert np.ptp(same) < 0.15
    apart = alike + 0.8 * (group == 2)
    different = group_means(weight, apart, group, found)
    assert different[120] - different[0] == pytest.approx(0.8, abs=0.2)
    assert different[0] < different[-1] < different[120]  # who has no known band takes the district's mean


def test_result__needs_two_observations_by_two_raters_or_in_two_years() -> None:
    found = estimated(
        [
            (0, 0, "2026-05-01", 1),
            (1, 0, "2026-05-01", 1),
            (1, 0, "2026-05-02", 1),
            (2, 0, "2026-05-01", 1),
            (2, 1, "2026-05-02", 1),
            (3, 0, "2025-05-01", 1),
            (3, 0, "2026-05-02", 1),
            (4, -1, "2026-05-01", 1),
            (4, -1, "2026-05-02", 1),
        ]
    )
    assert found["observed_result"].to_list() == [None, None, "observed_need", "observed_need", None]
    assert found["rater_count"].to_list() == [1, 1, 2, 1, 0]
    assert found["year_count"].to_list() == [1, 1, 1, 2, 1]


def test_need__by_the_latest_two_scores_even_where_earlier_years_were_good() -> None:
    others = [(person, rater, "2026-05-01", 3 + person % 3) for person in range(1, 40) for rater in range(3)]
    history = [(0, rater, f"{year}-05-01", 5) for year in (2023, 2024, 2025) for rater in range(3)]
    fallen = estimated([*others, *history, (0, 1, "2026-04-01", 2), (0, 2, "2026-05-01", 2)]).row(0, named=True)
    assert fallen["probability_need"] < 0.5
    assert (fallen["observed_result"], fallen["is_need_by_latest_two"]) == ("observed_need", True)
    once = estimated([*others, *history, (0, 1, "2026-04-01", 3), (0, 2, "2026-05-01", 2)]).row(0, named=True)
    assert once["observed_result"] != "observed_need" and not once["is_need_by_latest_two"]


def test_expert__is_surely_so_and_among_the_best_of_the_district() -> None:
    """On a rubric where everybody scores high, the absolute cut alone would make everybody an expert."""
    rng = np.random.default_rng(3)
    level = rng.normal(4.3, 0.2, 100)
    rows = [
        (person, rater, "2026-05-01", level[person] + rng.normal(0, 0.1)) for person in range(100) for rater in range(4)
    ]
    found = estimated(rows)
    assert (found["probability_expert"] > 0.8).mean() > 0.9
    assert (found["observed_result"] == "observed_expert").sum() == 25
    assert (estimated(rows, Rules(expert_share=1.0))["observed_result"] == "observed_expert").mean() > 0.9
    low = [(staff, rater, day, score - 1.5) for staff, rater, day, score in rows]
    assert (estimated(low)["observed_result"] == "observed_expert").sum() == 0


def test_at_the_top__ties_stand_together_and_nobody_is_left_out_of_a_small_district() -> None:
    assert at_the_top(np.array([4.0, 4.0, 3.0, 2.0]), np.full(4, True), 0.25).tolist() == [True, True, False, False]
    assert at_the_top(np.array([4.0, 3.0]), np.array([False, True]), 0.25).tolist() == [False, True]
    assert at_the_top(np.array([4.0]), np.array([False]), 0.25).tolist() == [False]


def test_latest_year__is_the_mean_of_its_raw_scores() -> None:
    scores = scores_of([(0, 0, "2025-05-01", 1), (0, 0, "2025-10-01", 4), (0, 1, "2026-05-01", 5)])
    severe = replace(scores, severity=np.full(3, 0.5), severity_sd=np.full(3, 0.1))
    found = estimated(severe).row(0, named=True)
    assert found["latest_year_mean_score"] == 4.5
    assert found["adjusted_mean_score"] == pytest.approx(found["mean_score"] + 0.5)
    sure = estimated(replace(severe, severity_sd=np.zeros(3)))["posterior_sd"].item()
    assert found["posterior_sd"] == pytest.approx(np.hypot(sure, found["reliability"] * 0.1))


@given(districts())
def test_anything__gives_sound_numbers(scores: ElementScores) -> None:
    found = estimated(scores)
    assert found["staff"].is_unique().all()
    assert found["observation_count"].sum() == len(scores.between(OLDEST, AS_OF).staff)
    assert found["reliability"].is_between(0, 1).all()
    for name in ("probability_expert", "probability_need"):
        assert found[name].is_between(0, 1).all()
    numbers = found.select(pl.selectors.float())
    assert numbers.null_count().sum_horizontal().item() == 0
    assert not numbers.select(pl.all().is_nan().any()).row(0).count(True)
    assert (found["interval_low"] < found["interval_high"]).all()
    assert (found["effective_observation_count"] <= found["observation_count"]).all()


@given(districts())
def test_nobody__with_fewer_than_two_observations_has_a_result(scores: ElementScores) -> None:
    found = estimated(scores)
    few = (pl.col("observation_count") < 2) | ((pl.col("rater_count") < 2) & (pl.col("year_count") < 2))
    assert found.filter(few)["observed_result"].null_count() == found.filter(few).height
    assert found.filter(~few)["observed_result"].null_count() == 0


@given(districts())
def test_an_expert__is_never_in_need(scores: ElementScores) -> None:
    found = estimated(scores)
    expert = found.filter(pl.col("observed_result") == "observed_expert")
    assert (expert["probability_expert"] >= 0.8).all() and (expert["probability_need"] < 0.5).all()
    assert not expert["is_need_by_latest_two"].any()


@given(districts(), st.integers(0, 2**32 - 1))
def test_the_order_of_people__changes_nothing(scores: ElementScores, seed: int) -> None:
    size = int(scores.staff.max(initial=-1)) + 1
    names = np.random.default_rng(seed).permutation(size)
    renamed = names[scores.staff]
    order = np.lexsort((np.arange(len(renamed)), renamed))
    other = ElementScores(
        renamed[order], scores.rater[order], scores.observed[order], scores.school_year[order], scores.score[order],
        scores.severity[order], scores.severity_sd[order],
    )  # fmt: skip
    plain, moved = estimated(scores), estimated(other)
    back = np.argsort(names)
    moved = moved.with_columns(staff=pl.Series(back[moved["staff"].to_numpy()] if moved.height else [], dtype=pl.Int64))
    _same(moved.sort("staff"), plain.sort("staff"))


@given(districts())
def test_observations_older_than_five_years__weigh_nothing(scores: ElementScores) -> None:
    kept = scores.observed > np.datetime64(OLDEST)
    younger = ElementScores(
        scores.staff[kept], scores.rater[kept], scores.observed[kept], scores.school_year[kept], scores.score[kept],
        scores.severity[kept], scores.severity_sd[kept],
    )  # fmt: skip
    _same(estimated(scores), estimated(younger))


@given(districts(), st.integers(-3, 3), st.sampled_from([0.5, 1.0, 2.0]))
def test_the_scales_zero_and_unit__change_points_and_nothing_else(
    scores: ElementScores, shift: int, factor: float
) -> None:
    """Scores off any whole step, so that rounding sets no floor."""
    uneven = replace(scores, score=scores.score + 0.123 * np.sin(np.arange(len(scores.score)) + 1.0))
    moved = replace(uneven, score=shift + factor * uneven.score)
    cut = CutPoints(*(shift + factor * level for level in (1.0, 5.0, 3.0, 3.5)))
    bands = np.full(int(scores.staff.max(initial=-1)) + 1, -1, dtype=np.int64)
    plain = estimate(uneven, OLDEST, AS_OF, bands, CUT, Rules())
    other = estimate(moved, OLDEST, AS_OF, bands, cut, Rules())
    for name in ("posterior_mean", "interval_low", "interval_high", "mean_score", "latest_year_mean_score"):
        np.testing.assert_allclose(other[name], shift + factor * plain[name], atol=1e-7)
    np.testing.assert_allclose(other["posterior_sd"], factor * plain["posterior_sd"], atol=1e-7)
    np.testing.assert_allclose(other["probability_expert"], plain["probability_expert"], atol=1e-7)
    assert other["observed_result"].to_list() == plain["observed_result"].to_list()


def _same(found: pl.DataFrame, expected: pl.DataFrame) -> None:
    assert found.columns == expected.columns
    for name, kind in expected.schema.items():
        if kind == pl.Float64:
            values: npt.NDArray[np.float64] = found[name].to_numpy()
            np.testing.assert_allclose(values, expected[name].to_numpy(), atol=1e-8, err_msg=name)
        else:
            assert found[name].to_list() == expected[name].to_list(), name
