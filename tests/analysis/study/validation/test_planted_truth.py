"""A planted effect is found by whoever may find it, and none where none is: a reduced set of `make study-validation`.

Belongs here: fewer seeds against the same targets, widened by Monte Carlo errors, and proof that this bar
rejects an estimator that is wrong. Does not belong here: the targets themselves and all seeds (run, README).
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tests.analysis.study.validation.__main__ import MARKS, README
from tests.analysis.study.validation.estimators import ESTIMATORS
from tests.analysis.study.validation.generate import SCHOOLS, TEACHERS, YEARS, Process, draw
from tests.analysis.study.validation.run import misses, run, summary, tasks

SEEDS = range(1, 13)
SIGMAS = 4.0
"""Monte Carlo errors that a figure may be off its target: a right estimator misses one once in 16,000 times."""


@pytest.fixture(scope="module")
def results() -> pl.DataFrame:
    return run(tasks(SEEDS))


@pytest.fixture(scope="module")
def errors(results: pl.DataFrame) -> pl.DataFrame:
    """Both planted effects together, as distance from the planted one: twice as many seeds, and 0 is the truth."""
    off = [pl.col(name) - pl.col("effect") for name in ("estimate", "ci_low", "ci_high")]
    return summary(results.with_columns(off).with_columns(effect=pl.lit(0.0)))


def test_estimators__meet_the_targets_where_their_assumption_holds(results: pl.DataFrame, errors: pl.DataFrame) -> None:
    found = summary(results)
    assert found.filter("is_met").height == 2 * (len(ESTIMATORS) - 1)
    assert misses(found, SIGMAS) == []
    assert misses(errors, SIGMAS) == []


def test_estimators__are_told_as_wrong_where_their_assumption_fails(errors: pl.DataFrame) -> None:
    """The bar can reject: held to the targets all the same, each mismatched estimator and the naive one are named."""
    elsewhere = errors.filter(~pl.col("is_met")).with_columns(is_met=pl.lit(True))
    assert elsewhere.height == 2 * len(ESTIMATORS) - (len(ESTIMATORS) - 1)
    said = misses(elsewhere, SIGMAS)
    for row in elsewhere.iter_rows(named=True):
        start = f"{row['estimator']}, {row['process']}, planted 0.00 SD: bias"
        assert any(sentence.startswith(start) for sentence in said), (start, row["bias"])


def test_estimators__err_to_the_side_that_the_process_tells(errors: pl.DataFrame) -> None:
    bias = {(row["process"], row["estimator"]): row["bias"] for row in errors.iter_rows(named=True)}
    for recovery_is_counted in ("callaway_santanna", "imputation"):
        assert bias[Process.OBSERVED_SCORES, recovery_is_counted] > 0
    for peers_recover in ("matched", "weighted"):
        assert bias[Process.FIXED_LEVEL, peers_recover] < 0
    assert all(bias[process, "naive"] < 0 for process in Process)  # earners start low


def test_standard_errors__are_as_large_as_the_spread(errors: pl.DataFrame) -> None:
    """Coverage of few seeds is coarse; the ratio of mean standard error to spread is less so."""
    for row in errors.filter("is_met").iter_rows(named=True):
        monte_carlo = 1 / np.sqrt(2 * (row["seeds"] - 1))
        assert abs(np.log(row["std_error"] / row["spread"])) < SIGMAS * monte_carlo, row


@pytest.mark.parametrize("process", Process)
def test_draw__earners_are_a_fifth_start_low_and_recover_without_an_award(process: Process) -> None:
    panels = pl.concat(draw(process, seed, 0.0).with_columns(seed=pl.lit(seed)) for seed in SEEDS)
    assert panels.group_by("seed").agg(pl.len()).get_column("len").unique().to_list() == [TEACHERS * len(YEARS)]
    assert panels["cluster"].n_unique() == SCHOOLS
    assert panels["first_treated"].drop_nulls().is_in([2024, 2025, 2026]).all()
    units = panels.unique(["seed", "unit"])
    assert 0.19 < units["first_treated"].is_not_null().mean() < 0.22
    assert panels["outcome"].std() == pytest.approx(1, abs=0.02)

    relative = panels.filter(pl.col("first_treated").is_not_null()).with_columns(
        event_time=pl.col("time") - pl.col("first_treated")
    )
    path = dict(relative.group_by("event_time").agg(pl.col("outcome").mean()).rows())
    assert path[-1] < -0.2
    if process is Process.OBSERVED_SCORES:  # a low pair of years, then back, without an award's effect
        assert path[-1] == pytest.approx(path[-2], abs=0.05)
        assert path[0] - path[-1] > 0.08
    else:
        assert path[0] == pytest.approx(path[-1], abs=0.05)


def test_readme__holds_the_table_of_a_thousand_seeds() -> None:
    told = README.read_text().split(MARKS[0])[1].split(MARKS[1])[0]
    assert told.strip().startswith("1,000 seeds")
    assert all(told.count(f"| {one.label} |") == len(Process) for one in ESTIMATORS.values())
