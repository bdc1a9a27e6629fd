"""What a panel must be before effects are estimated on it: units, periods, and who is treated when.

Belongs here: refusing panels that can't answer, leaving out what can't be used, and counting it. Does not belong
here: any estimate (did, imputation, two_way_fixed_effects), how a panel is read (pipelines/study).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

KEYS = ("unit", "time", "first_treated", "cluster", "outcome")


@dataclass(frozen=True, eq=False)
class StaggeredPanel:
    """A panel that can be used.

    rows: one row per unit and time: `unit_code` (0 … units − 1), `time`, `first_treated` (0 where never treated
    inside the panel), `cluster_code` (0 … clusters − 1), `outcome`, and the covariates.
    unit_cohort: first treated period by unit code, 0 where never. unit_cluster: cluster code by unit code.
    times, cohorts: the periods and the treated cohorts, ascending. always_treated: units left out because they
    were treated from their first period on. is_balanced: every unit has every period. notes: what was left out
    or counted otherwise, in sentences.
    """

    rows: pl.DataFrame
    unit_cohort: npt.NDArray[np.int64]
    unit_cluster: npt.NDArray[np.int64]
    times: tuple[int, ...]
    cohorts: tuple[int, ...]
    always_treated: int
    is_balanced: bool
    notes: tuple[str, ...]

    @property
    def n_clusters(self) -> int:
        return int(self.unit_cluster.max()) + 1


def staggered_panel(panel: pl.DataFrame, covariates: Sequence[str] = ()) -> StaggeredPanel:
    """The panel as estimators use it, and what was left out of it.

    panel: one row per `unit` and `time`, with `first_treated` (null = never), `cluster` and `outcome`, and the
    named covariates. Left out and counted: rows without outcome or covariate (as R's `did` does), units treated
    in or before the panel's first period, who have no period before treatment. A unit first treated after the
    panel's last period counts as never treated. A unit that changes cluster stays in its first.

    Raises ValueError where columns are missing, a unit has two rows for one period or two first treated periods,
    there are fewer than two periods or two clusters, the outcome is constant, nobody is treated, or everybody
    who is treated is so from the first period.
    """
    used, notes = _complete_rows(panel, covariates)
    _refuse_contradictions(used)
    times = tuple(int(time) for time in used["time"].unique().sort())
    if len(times) < 2:
        raise ValueError(
            f"the panel has {len(times)} period(s) with an outcome; effects over time need at least 2, one of them "
            "before treatment"
        )
    if used["outcome"].n_unique() < 2:
        raise ValueError(f"the outcome has the same value in all {used.height} rows; choose an outcome that varies")
    used, always_treated, more = _cohorts(used, times)
    notes += more
    used, more = _seen_twice(used)
    notes += more
    rows, more = _coded(used)
    notes += more
    units = rows.group_by("unit_code").agg(pl.col("first_treated", "cluster_code").first()).sort("unit_code")
    unit_cluster = units["cluster_code"].to_numpy().astype(np.int64)
    if int(unit_cluster.max()) < 1:
        raise ValueError(
            f"all {units.height} units lie in 1 cluster; confidence needs at least 2 clusters, so name another "
            "column as cluster or leave it out to cluster by unit"
        )
    unit_cohort = units["first_treated"].to_numpy().astype(np.int64)
    return StaggeredPanel(
        rows=rows,
        unit_cohort=unit_cohort,
        unit_cluster=unit_cluster,
        times=times,
        cohorts=tuple(int(cohort) for cohort in np.unique(unit_cohort[unit_cohort != 0])),
        always_treated=always_treated,
        is_balanced=rows.height == units.height * len(times),
        notes=tuple(notes),
    )


def counted(count: int, noun: str) -> str:
    """'1 unit', '2 units'."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _have(count: int) -> str:
    return "has" if count == 1 else "have"


def _complete_rows(panel: pl.DataFrame, covariates: Sequence[str]) -> tuple[pl.DataFrame, list[str]]:
    missing = [name for name in (*KEYS, *covariates) if name not in panel.columns]
    if missing:
        raise ValueError(f"the panel lacks {len(missing)} column(s): {', '.join(missing)}; add or name them")
    without_key = panel.filter(pl.any_horizontal(pl.col("unit", "time", "cluster").is_null())).height
    if without_key:
        raise ValueError(
            f"{counted(without_key, 'row')} of the panel without unit, time or cluster; fill them in or leave the rows "
            "out"
        )
    numbers = [pl.col(name).cast(pl.Float64).fill_nan(None) for name in ("outcome", *covariates)]
    every = panel.select("unit", "time", "first_treated", "cluster", *numbers)
    used = every.drop_nulls(["outcome", *covariates])
    infinite = used.filter(pl.any_horizontal(pl.col("outcome", *covariates).is_infinite())).height
    if infinite:
        raise ValueError(f"{counted(infinite, 'row')} {_have(infinite)} an infinite outcome or covariate; correct them")
    notes = []
    if used.height < every.height:
        left_out = every.height - used.height
        what = "outcome or covariate" if covariates else "outcome"
        notes.append(f"{counted(left_out, 'row')} of {every.height:,} without {what} left out")
    if used.is_empty():
        raise ValueError(f"none of the {every.height} rows of the panel has an outcome and all covariates")
    return used, notes


def _refuse_contradictions(used: pl.DataFrame) -> None:
    doubled = used.group_by("unit", "time").len().filter(pl.col("len") > 1).height
    if doubled:
        raise ValueError(
            f"{counted(doubled, 'pair')} of unit and period {_have(doubled)} more than one row; a panel has one row "
            "each, so aggregate or remove the duplicates"
        )
    changing = used.group_by("unit").agg(pl.col("first_treated").n_unique().alias("n")).filter(pl.col("n") > 1).height
    if changing:
        raise ValueError(
            f"{counted(changing, 'unit')} {_have(changing)} more than one first treated period; a unit is treated once "
            "and stays treated, so give each unit one value in all its rows (empty for never)"
        )


def _cohorts(used: pl.DataFrame, times: tuple[int, ...]) -> tuple[pl.DataFrame, int, list[str]]:
    """Cohorts with a period before treatment; how many units had none."""
    first, last = times[0], times[-1]
    cohort = pl.col("first_treated").cast(pl.Int64)
    n_late = used.filter(cohort > last)["unit"].n_unique()
    used = used.with_columns(first_treated=pl.when(cohort > last).then(None).otherwise(cohort))
    is_always = pl.col("first_treated").is_not_null() & (pl.col("first_treated") <= first)
    always_treated = used.filter(is_always)["unit"].n_unique()
    ever_treated = used.filter(pl.col("first_treated").is_not_null())["unit"].n_unique()
    n_units = used["unit"].n_unique()
    notes = []
    if n_late:
        notes.append(f"{counted(n_late, 'unit')} first treated after the last period, {last}, counted as never treated")
    if ever_treated == 0:
        raise ValueError(
            f"nobody is treated in this panel: {counted(n_units, 'unit')} from {first} to {last}, none with a first "
            "treated period inside; check the column that says when a unit was first treated"
        )
    if always_treated == ever_treated:
        raise ValueError(
            f"no cohort has a period before treatment: all {counted(always_treated, 'treated unit')} are treated from "
            f"the first period, {first}, or before; add earlier periods"
        )
    if always_treated:
        notes.append(
            f"{counted(always_treated, 'unit')} treated in or before the first period, {first}, left out: nothing is "
            "known of them before treatment"
        )
    kept = used.filter(~is_always).with_columns(pl.col("first_treated").fill_null(0))
    return kept, always_treated, notes


def _seen_twice(used: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """Without units of a single row, of whom no change is known."""
    kept = used.filter(pl.len().over("unit") > 1)
    n_once = used.height - kept.height
    if kept.filter(pl.col("first_treated") > 0).is_empty():
        raise ValueError(
            f"no treated unit is seen in two periods: {counted(n_once, 'unit')} {_have(n_once)} a single row with an "
            "outcome; add the rows of the other periods"
        )
    return kept, [f"{counted(n_once, 'unit')} with a single row left out: no change is known of them"] if n_once else []


def _coded(used: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """Units and clusters as codes in the order of their names, so that two runs agree."""
    rows = used.sort("unit", "time").with_columns(
        cluster=pl.col("cluster").first().over("unit"),
        unit_code=pl.col("unit").rank("dense").cast(pl.Int64) - 1,
        has_moved=(pl.col("cluster") != pl.col("cluster").first()).any().over("unit"),
    )
    n_moved = rows.filter("has_moved")["unit"].n_unique()
    notes = [f"{counted(n_moved, 'unit')} changed cluster and stay in their first"] if n_moved else []
    rows = rows.with_columns(cluster_code=pl.col("cluster").rank("dense").cast(pl.Int64) - 1)
    return rows.drop("unit", "cluster", "has_moved"), notes
