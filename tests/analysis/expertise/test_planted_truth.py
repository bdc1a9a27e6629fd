"""Whoever was planted as strong is found, whoever rates: the district's truth against what the build estimates.

Belongs here: 50 districts with known levels and known severity of raters. Does not belong here: single
formulas (test_expertise, test_rater_effects), the build (tests/dbt, tests/end_to_end).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from scipy.stats import t as student_t

from connectors.sandbox.rubric import EXPERT_LEVEL, NEED_LEVEL
from pipelines.analysis.rater_effects import rater_effects
from tests.analysis.expertise.planted import Planted, draw

SEEDS = range(50)
ELEMENTS = (0, 3, 6, 9, 12, 15, 18, 21)


def average_precision(is_strong: npt.NDArray[np.bool_], value: npt.NDArray[np.float64]) -> float:
    """Area under the precision–recall curve, as the mean precision at each of the strong; ties in the order given."""
    ranked = is_strong[np.argsort(-value, kind="stable")]
    return float((np.cumsum(ranked) / np.arange(1, len(ranked) + 1))[ranked].mean())


@pytest.fixture(scope="module")
def found() -> pl.DataFrame:
    """One row per seed, element and teacher: the estimate, the raw average and the truth."""
    frames = []
    for seed in SEEDS:
        district = draw(seed)
        for number in ELEMENTS:
            estimates = district.estimates(number)
            raw = district.element(number)
            staff = estimates["staff"].to_numpy()
            count = np.bincount(raw.staff, minlength=len(district.true))[staff]
            severity = np.bincount(raw.staff, weights=district.severity[raw.rater], minlength=len(district.true))
            average = np.bincount(raw.staff, weights=raw.score, minlength=len(district.true))
            frames.append(
                estimates.with_columns(
                    seed=pl.lit(seed),
                    element=pl.lit(number),
                    true=district.true[staff, number],
                    raw_average=average[staff] / count,
                    rater_severity=severity[staff] / count,
                )
            )
    return pl.concat(frames)


def test_expert_probability__finds_the_strong_better_than_the_raw_average(found: pl.DataFrame) -> None:
    gains = []
    for _, district in found.group_by("seed", maintain_order=True):
        by_element = [
            average_precision(strong, rows["probability_expert"].to_numpy())
            - average_precision(strong, rows["raw_average"].to_numpy())
            for _, rows in district.group_by("element", maintain_order=True)
            for strong in [(rows["true"] >= EXPERT_LEVEL).to_numpy()]
        ]
        gains.append(np.mean(by_element))
    mean, error = np.mean(gains), np.std(gains, ddof=1) / np.sqrt(len(gains))
    margin = student_t.ppf(0.975, len(gains) - 1) * error
    print(f"gain in area under the precision-recall curve: {mean:.4f}, 95 % {mean - margin:.4f} to {mean + margin:.4f}")
    assert len(gains) == 50
    assert mean - margin > 0


def test_intervals__cover_at_their_nominal_rate(found: pl.DataFrame) -> None:
    inside = (found["interval_low"] <= found["true"]) & (found["true"] <= found["interval_high"])
    covered = found.with_columns(inside=inside).group_by("observation_count").agg(pl.len(), pl.col("inside").mean())
    share = float(inside.mean() or 0.0)
    print(f"90 % intervals cover {share:.4f} of {found.height} true levels")
    assert 0.85 <= share <= 0.95
    few = covered.filter(pl.col("observation_count") <= 3)
    assert 0.85 <= float((few["inside"] * few["len"]).sum() / few["len"].sum()) <= 0.95


def test_severity__of_a_teachers_raters_is_no_longer_in_the_estimate(found: pl.DataFrame) -> None:
    """The slope of a teacher's error on the mean severity of their raters: -1 is all of it, 0 none."""

    def slopes(error: pl.Expr) -> npt.NDArray[np.float64]:
        severity = pl.col("rater_severity")
        by_element = found.group_by("seed", "element").agg(slope=pl.cov(error, severity) / severity.var())
        return by_element.group_by("seed").agg(pl.col("slope").mean())["slope"].to_numpy()

    left, raw = slopes(pl.col("adjusted_mean_score") - pl.col("true")), slopes(pl.col("raw_average") - pl.col("true"))
    print(f"slope of the error on severity: {left.mean():.3f} adjusted, {raw.mean():.3f} raw")
    assert raw.mean() < -0.85
    assert abs(left.mean()) < 0.25 * abs(raw.mean())


def test_results__hardly_ever_contradict_the_truth(found: pl.DataFrame) -> None:
    expert = found.filter(pl.col("observed_result") == "observed_expert")
    need = found.filter(pl.col("observed_result") == "observed_need")
    print(
        f"expert: {expert.height}, truly in need {(expert['true'] < NEED_LEVEL).mean():.4f}, truly expert "
        f"{(expert['true'] >= EXPERT_LEVEL).mean():.3f}; need: {need.height}, truly expert "
        f"{(need['true'] >= EXPERT_LEVEL).mean():.4f}"
    )
    assert expert.height > 1000 and need.height > 1000
    assert (expert["true"] < NEED_LEVEL).mean() < 0.02
    assert (expert["true"] >= EXPERT_LEVEL).mean() > 0.80
    assert (need["true"] >= EXPERT_LEVEL).mean() < 0.05


def test_results__need_two_observations_and_two_raters_or_years(found: pl.DataFrame) -> None:
    enough = (pl.col("observation_count") >= 2) & ((pl.col("rater_count") >= 2) | (pl.col("year_count") >= 2))
    assert found.filter(~enough).height > 100
    assert found.filter(~enough)["observed_result"].null_count() == found.filter(~enough).height
    assert found.filter(enough)["observed_result"].null_count() == 0


def test_lenient_rater__the_people_of_one_do_not_rise() -> None:
    """The same district twice; in the second one rater of a school gives a point more than before."""
    rises, raw_rises = [], []
    for seed in range(10):
        plain = draw(seed)
        noise = np.random.default_rng(seed).normal(0, 0.45, (len(plain.staff), 1))
        # not rounded, and away from 0, which is a blank
        fair = 10 + plain.true[plain.staff, :1] - plain.severity[plain.rater][:, None] + noise
        shares = np.zeros((len(plain.true), len(plain.severity)))
        np.add.at(shares, (plain.staff, plain.rater), 1)
        shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1)
        lenient = int(np.argmax((shares >= 0.4).sum(axis=0)))
        theirs, others = np.flatnonzero(shares[:, lenient] >= 0.4), np.flatnonzero(shares[:, lenient] == 0)
        before = _posterior_means(replace(plain, scores=fair))
        after = _posterior_means(replace(plain, scores=fair + (plain.rater == lenient)[:, None]))
        rises.append(np.nanmean((after - before)[theirs]) - np.nanmean((after - before)[others]))
        raw_rises.append(shares[theirs, lenient].mean())
    rise, raw = np.mean(rises), np.mean(raw_rises)
    print(f"rise of a lenient rater's people over others: {rise:.3f} points, of their raw averages {raw:.3f}")
    assert raw > 0.4
    assert abs(rise) < 0.1 * raw


def _posterior_means(district: Planted) -> npt.NDArray[np.float64]:
    means = np.full(len(district.true), np.nan)
    estimates = district.estimates(0)
    means[estimates["staff"].to_numpy()] = estimates["posterior_mean"].to_numpy()
    return means


def test_one_rater_a_school__is_reported_and_nothing_is_taken_out() -> None:
    """Without anybody who observes in two schools, raters of different schools can't be compared."""
    district = draw(1)
    # every teacher is observed by the one rater that most observed them, and by nobody else
    mostly = {
        person: np.bincount(district.rater[district.staff == person]).argmax() for person in np.unique(district.staff)
    }
    alone = replace(district, rater=np.array([mostly[person] for person in district.staff]))
    raw = alone.element(0)
    effects = rater_effects(raw.staff, raw.rater, raw.score, len(alone.severity))
    assert not effects.is_adjusted.any() and not effects.severity.any()
    assert effects.is_connected.sum() == 1
