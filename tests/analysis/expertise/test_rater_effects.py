"""Severity of raters: known answers, and an independent solution of the same model.

Belongs here: which raters are compared, variances, shrunk effects and their standard errors. Does not
belong here: what they do to teachers' estimates (test_planted_truth).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.analysis import rater_effects as module
from pipelines.analysis.rater_effects import rater_effects

Arrays = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]


def crossed(seed: int, teachers: int, raters: int, share: float = 1.0, spread: float = 0.5) -> Arrays:
    """Teachers and raters crossed; `share` of the cells are observed."""
    rng = np.random.default_rng(seed)
    teacher, rater = (part.ravel() for part in np.meshgrid(np.arange(teachers), np.arange(raters), indexing="ij"))
    kept = rng.random(len(teacher)) < share
    teacher, rater = teacher[kept], rater[kept]
    score = 3 + rng.normal(0, 0.4, teachers)[teacher] - rng.normal(0, spread, raters)[rater]
    return teacher, rater, score + rng.normal(0, 0.3, len(teacher))


def test_balanced_design__gives_the_textbook_answer() -> None:
    """Two-way crossed analysis of variance: σ²ε = MSE, σ²r = (MSR - MSE)/T, effect = shrunk rater mean."""
    teachers, raters = 12, 6
    teacher, rater, score = crossed(3, teachers, raters)
    table = score.reshape(teachers, raters)
    rater_mean, grand = table.mean(axis=0), table.mean()
    residual = table - table.mean(axis=1, keepdims=True) - rater_mean + grand
    error = (residual**2).sum() / ((teachers - 1) * (raters - 1))
    between = (teachers * ((rater_mean - grand) ** 2).sum() / (raters - 1) - error) / teachers

    found = rater_effects(teacher, rater, score)

    assert found.residual_variance == pytest.approx(error, rel=1e-9)
    assert found.rater_variance == pytest.approx(between, rel=1e-9)
    shrunk = between / (between + error / teachers) * (rater_mean - grand)
    np.testing.assert_allclose(found.severity, -shrunk, atol=1e-9)
    assert found.is_adjusted.all() and (found.teachers == teachers).all()


def test_unbalanced_design__equals_the_dense_mixed_model_equations() -> None:
    """Henderson's equations written out in full and inverted, with the variances found."""
    teacher, rater, score = crossed(5, 60, 9, share=0.35)
    found = rater_effects(teacher, rater, score)
    assert found.rater_variance is not None and found.residual_variance is not None
    codes, position = np.unique(teacher, return_inverse=True)
    fixed, random = np.eye(len(codes))[position], np.eye(9)[rater]
    both = np.hstack([fixed, random])
    equations = both.T @ both
    equations[len(codes) :, len(codes) :] += found.residual_variance / found.rater_variance * np.eye(9)
    inverse = np.linalg.inv(equations)
    effects = (inverse @ both.T @ score)[len(codes) :]
    np.testing.assert_allclose(found.severity, -effects, atol=1e-8)
    errors = np.sqrt(found.residual_variance * np.diag(inverse)[len(codes) :])
    np.testing.assert_allclose(found.severity_sd, errors, rtol=1e-8)


def test_unbalanced_design__variances_are_right_on_average() -> None:
    found = [rater_effects(*crossed(seed, 80, 12, share=0.3)) for seed in range(200)]
    assert np.mean([each.rater_variance for each in found]) == pytest.approx(0.25, rel=0.1)
    assert np.mean([each.residual_variance for each in found]) == pytest.approx(0.09, rel=0.05)


def test_many_raters__standard_errors_are_sampled_close_to_the_exact_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    teacher, rater, score = crossed(8, 500, 220, share=0.02)
    sampled = rater_effects(teacher, rater, score)
    monkeypatch.setattr(module, "_DRAWS", 220)
    exact = rater_effects(teacher, rater, score)
    np.testing.assert_array_equal(sampled.severity, exact.severity)
    assert exact.is_adjusted.sum() > 200
    adjusted = exact.is_adjusted
    assert np.abs(sampled.severity_sd[adjusted] / exact.severity_sd[adjusted] - 1).mean() < 0.08


def test_a_school_of_strong_teachers__is_no_school_of_lenient_raters() -> None:
    """Two schools, one a point stronger, joined by a rater of both: the difference stays with the teachers."""
    rng = np.random.default_rng(2)
    teacher = np.repeat(np.arange(200), 6)
    strong = teacher >= 100
    rater = np.where(rng.random(len(teacher)) < 0.3, 4, rng.integers(0, 2, len(teacher)) + 2 * strong)
    severity = np.array([0.3, -0.3, 0.3, -0.3, 0.0])
    score = 3 + strong - severity[rater] + rng.normal(0, 0.3, len(teacher))
    found = rater_effects(teacher, rater, score)
    np.testing.assert_allclose(found.severity, severity, atol=0.1)


def test_disconnected_raters__are_reported_and_not_adjusted() -> None:
    first, second = crossed(1, 30, 4), crossed(2, 10, 3)
    teacher = np.r_[first[0], second[0] + 30]
    rater = np.r_[first[1], second[1] + 4]
    found = rater_effects(teacher, rater, np.r_[first[2], second[2]])
    assert found.is_connected.tolist() == [True] * 4 + [False] * 3
    assert found.is_adjusted.tolist() == [True] * 4 + [False] * 3
    assert not found.severity[4:].any() and not found.severity_sd[4:].any()
    np.testing.assert_array_equal(found.severity[:4], rater_effects(*first).severity)


def test_a_rater_of_few_teachers__is_connected_and_not_adjusted_nor_a_bridge() -> None:
    first, second = crossed(1, 30, 4), crossed(2, 10, 3)
    teacher = np.r_[first[0], second[0] + 30, [0, 1, 30, 31]]
    rater = np.r_[first[1], second[1] + 4, [7, 7, 7, 7]]
    found = rater_effects(teacher, rater, np.r_[first[2], second[2], [1, 1, 5, 5]])
    assert found.teachers.tolist() == [30] * 4 + [10] * 3 + [4]
    assert found.is_connected.tolist() == [True] * 4 + [False] * 3 + [True]
    assert not found.is_adjusted[4:].any()
    np.testing.assert_array_equal(found.severity[:4], rater_effects(*first).severity)


def test_raters_who_do_not_differ__are_left_alone() -> None:
    teacher, rater = (part.ravel() for part in np.meshgrid(np.arange(20), np.arange(4), indexing="ij"))
    found = rater_effects(teacher, rater, 3.0 + (teacher % 3))
    assert not found.is_adjusted.any() and not found.severity.any()


@pytest.mark.parametrize("size", [0, 1, 3])
def test_too_little_to_tell__gives_no_severity(size: int) -> None:
    found = rater_effects(np.arange(size), np.zeros(size, dtype=int), np.full(size, 3.0), rater_count=2)
    assert found.severity.tolist() == [0.0, 0.0] and not found.is_adjusted.any()
    assert found.teachers.tolist() == [size, 0]
    unknown = rater_effects(np.arange(9), np.full(9, -1), np.full(9, 3.0), rater_count=1)
    assert unknown.teachers.tolist() == [0] and not unknown.is_connected.any()


@given(st.integers(0, 2**32 - 1), st.floats(-3, 3), st.floats(0.2, 5))
def test_severity__does_not_hang_on_labels_order_nor_the_scales_zero_and_unit(
    seed: int, shift: float, factor: float
) -> None:
    teacher, rater, score = crossed(seed, 25, 5, share=0.5)
    rng = np.random.default_rng(seed)
    order, names = rng.permutation(len(teacher)), rng.permutation(5)
    plain = rater_effects(teacher, rater, score, 5)
    other = rater_effects(99 - teacher[order], names[rater[order]], shift + factor * score[order], 5)
    np.testing.assert_allclose(other.severity[names], factor * plain.severity, atol=1e-7)
    np.testing.assert_array_equal(other.is_adjusted[names], plain.is_adjusted)
    np.testing.assert_array_equal(other.is_connected[names], plain.is_connected)
    assert abs(plain.severity.sum()) < 1e-9
