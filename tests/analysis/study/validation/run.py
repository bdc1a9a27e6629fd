"""Many drawn districts through every estimator, and how often each is right.

Belongs here: running the seeds, the figures per estimator, the targets and the table. Does not belong here:
how a district is drawn (generate), how an effect is had (estimators).
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import polars as pl

from tests.analysis.study.validation.estimators import ESTIMATORS, estimates
from tests.analysis.study.validation.generate import Process, draw

EFFECT = 0.20
EFFECTS = (EFFECT, 0.0)
SEEDS_AT_ONCE = 5

MOST_BIAS = 0.02
COVERAGE = (0.93, 0.97)
FALSE_POSITIVES = (0.035, 0.065)

RESULT = {
    "process": pl.String,
    "effect": pl.Float64,
    "seed": pl.Int64,
    "estimator": pl.String,
    "estimate": pl.Float64,
    "std_error": pl.Float64,
    "ci_low": pl.Float64,
    "ci_high": pl.Float64,
    "n_treated": pl.Int64,
    "seconds": pl.Float64,
}


@dataclass(frozen=True)
class Task:
    """Some seeds of one process and planted effect (SD)."""

    process: Process
    effect: float
    seeds: tuple[int, ...]
    estimators: tuple[str, ...]


def tasks(
    seeds: Iterable[int], effects: Iterable[float] = EFFECTS, estimators: Sequence[str] = tuple(ESTIMATORS)
) -> list[Task]:
    """Both processes with every planted effect, a few seeds each; all of them advance alike."""
    listed = tuple(seeds)
    return [
        Task(process, effect, listed[start : start + SEEDS_AT_ONCE], tuple(estimators))
        for start in range(0, len(listed), SEEDS_AT_ONCE)
        for process in Process
        for effect in effects
    ]


def run_task(task: Task) -> pl.DataFrame:
    """One row per seed and estimator, as RESULT; no estimate is null, never 0."""
    rows = [
        {
            "process": str(task.process),
            "effect": task.effect,
            "seed": seed,
            "estimator": name,
            "seconds": seconds,
            **{column: getattr(found, column) for column in RESULT if hasattr(found, column)},
        }
        for seed in task.seeds
        for name, found, seconds in estimates(draw(task.process, seed, task.effect), task.estimators)
    ]
    return pl.DataFrame(rows, schema=RESULT)


def run(work: Sequence[Task], tell: Callable[[int, float], None] = lambda done, seconds: None) -> pl.DataFrame:
    """All tasks, on every processor. `tell` hears how many are done and how many seconds that took."""
    return pl.concat(_each(work, tell)).sort("process", "effect", "estimator", "seed")


def _each(work: Sequence[Task], tell: Callable[[int, float], None]) -> Iterator[pl.DataFrame]:
    before = time.monotonic()
    with (
        _one_thread_each(),
        ProcessPoolExecutor(os.cpu_count(), mp_context=multiprocessing.get_context("spawn")) as pool,
    ):
        for done, result in enumerate(pool.map(run_task, work), 1):
            tell(done, time.monotonic() - before)
            yield result


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """A processor per process: linear algebra over all of them makes small fits wait, up to twenty times as long."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS", "RAYON_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def summary(results: pl.DataFrame) -> pl.DataFrame:
    """One row per process, estimator and planted effect.

    bias: mean estimate − planted effect, SD. bias_error: its Monte Carlo standard error. covered: share of
    95 % intervals that hold the planted effect. rejected: share that exclude 0. spread: standard deviation of
    the estimates. std_error: mean standard error. missing: seeds without an estimate.
    """
    held = pl.col("ci_low").le(pl.col("effect")) & pl.col("ci_high").ge(pl.col("effect"))
    rejected = (pl.col("ci_low") > 0) | (pl.col("ci_high") < 0)
    return (
        results.group_by("process", "estimator", "effect")
        .agg(
            seeds=pl.len(),
            missing=pl.col("estimate").null_count(),
            bias=(pl.col("estimate") - pl.col("effect")).mean(),
            bias_error=pl.col("estimate").std() / pl.col("estimate").count().sqrt(),
            covered=held.mean(),
            rejected=rejected.mean(),
            spread=pl.col("estimate").std(),
            std_error=pl.col("std_error").mean(),
            seconds=pl.col("seconds").mean(),
        )
        .with_columns(
            is_met=pl.col("process").eq_missing(
                pl.col("estimator").replace_strict(
                    {name: one.needs for name, one in ESTIMATORS.items()}, return_dtype=pl.String
                )
            )
        )
        .sort(
            pl.col("process").replace_strict({str(process): place for place, process in enumerate(Process)}),
            pl.col("estimator").replace_strict({name: place for place, name in enumerate(ESTIMATORS)}),
            -pl.col("effect"),
        )
    )


def misses(found: pl.DataFrame, sigmas: float = 0.0) -> list[str]:
    """The targets that an estimator misses where its assumption holds, a sentence each.

    `sigmas` widens each target by that many Monte Carlo standard errors of the figure, taken at the target's
    own edge: 0 asks for the figures themselves (1,000 seeds), a few for a reduced set, which then fails for
    an estimator that is wrong and not for one that is unlucky.
    """
    said = []
    for row in found.filter("is_met").iter_rows(named=True):
        where = f"{row['estimator']}, {row['process']}, planted {row['effect']:.2f} SD"
        if row["missing"]:
            said.append(f"{where}: {row['missing']} of {row['seeds']} seeds have no estimate")
        if abs(row["bias"] or 0.0) >= MOST_BIAS + sigmas * (row["bias_error"] or 0.0):
            said.append(f"{where}: bias {row['bias']:+.4f}, target under {MOST_BIAS}")
        shares = [("intervals cover", row["covered"], COVERAGE)]
        if row["effect"] == 0:
            shares.append(("false positives", row["rejected"], FALSE_POSITIVES))
        for name, share, (low, high) in shares:
            below, above = (sigmas * (edge * (1 - edge) / row["seeds"]) ** 0.5 for edge in (low, high))
            if not low - below <= share <= high + above:
                said.append(f"{where}: {name} {share:.1%}, target {low:.1%} to {high:.1%}")
    return said


def table(found: pl.DataFrame) -> str:
    """Markdown: one row per process and estimator, planted and null side by side."""
    planted = found.filter(pl.col("effect") != 0)
    nothing = found.filter(pl.col("effect") == 0)
    both = planted.join(nothing, on=["process", "estimator"], suffix="_null", maintain_order="left")
    head = (
        "who earns depends on",
        "estimator",
        "assumption holds",
        f"bias at {EFFECT:.2f} SD",
        "95 % intervals cover",
        "bias at 0",
        "false positives",
        "SD of estimates",
        "mean standard error",
    )
    rows = [
        (
            row["process"],
            ESTIMATORS[row["estimator"]].label,
            "yes" if row["is_met"] else "no",
            f"{row['bias']:+.3f} ± {row['bias_error']:.3f}",
            f"{row['covered']:.1%}",
            f"{row['bias_null']:+.3f} ± {row['bias_error_null']:.3f}",
            f"{row['rejected_null']:.1%}",
            f"{row['spread']:.3f}",
            f"{row['std_error']:.3f}",
        )
        for row in both.iter_rows(named=True)
    ]
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
