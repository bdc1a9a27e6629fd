"""The imputation estimator: what would the treated have scored, by units and periods not treated?

Belongs here: Borusyak, Jaravel & Spiess's estimator. Does not belong here: Callaway & Sant'Anna's (did).

A constant per unit and per period is estimated on all untreated rows; a treated row's effect is its outcome less
that prediction. It uses every period before treatment, so it is more precise than did where trends were parallel all
along, and further off where a unit dipped just before treatment.

Source: Borusyak, Jaravel & Spiess (2024), "Revisiting event-study designs", Review of Economic Studies 91(6)
3253-3285; conservative standard errors by their theorem 3, by cluster, with the leave-one-out refinement of their
appendix A.9; computed by the diff-diff package. Intervals take t(G − 1) with G/(G − 1), as in did.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from diff_diff import ImputationDiD
from scipy.stats import t as student_t

from pipelines.analysis.estimate import Estimate
from pipelines.analysis.staggered_effects import LEVEL, frame_of
from pipelines.analysis.staggered_panel import StaggeredPanel, counted, staggered_panel


@dataclass(frozen=True, eq=False)
class ImputedEffects:
    """simple: average over all treated rows. event_study: event_time (0 = first treated period) + numbers.

    All in units of the outcome. n_treated counts the units with an effect at that event time. notes: what was left
    out or counted otherwise.
    """

    simple: Estimate
    event_study: pl.DataFrame
    notes: tuple[str, ...]


def imputation(panel: pl.DataFrame, covariates: Sequence[str] = ()) -> ImputedEffects:
    """Effects by imputation, overall and by time since treatment began.

    panel: as for did.callaway_santanna. covariates must vary over time within units: constant ones are part of the
    unit's constant and are left out with a note. Treated rows in a period without any untreated row, or of a unit
    never seen untreated, have no prediction; they are left out and counted.

    Raises ValueError as staggered_panel does, and where no treated row has a prediction.
    """
    used = staggered_panel(panel, covariates)
    rows, notes = _predictable(used)
    varying = [name for name in covariates if _varies(rows, name)]
    notes += [
        f"{name} does not vary within units and is part of their constant" for name in covariates if name not in varying
    ]
    rows = rows.with_columns(cluster_code=pl.col("cluster_code").rank("dense").cast(pl.Int64) - 1)
    count = rows["cluster_code"].n_unique()
    if count < 2:
        raise ValueError("the rows that can be used lie in 1 cluster; confidence needs at least 2")
    with warnings.catch_warnings():
        # groups of one unit take the plain residual: a few rows of the variance, told in the library's warning alone
        warnings.filterwarnings("ignore", message=".*leave.one.out.*", category=UserWarning)
        warnings.filterwarnings("ignore", message=".*LOO.*", category=UserWarning)
        fitted = ImputationDiD(cluster="cluster_code", leave_one_out=True).fit(
            rows.to_pandas(),
            outcome="outcome",
            unit="unit_code",
            time="time",
            first_treat="first_treated",
            covariates=varying or None,
        )
        by_event = fitted.aggregate("event_study").to_dataframe()
    treated = rows.filter((pl.col("first_treated") > 0) & (pl.col("time") >= pl.col("first_treated")))
    n_comparison = rows.filter(pl.col("first_treated") == 0)["unit_code"].n_unique()
    simple = _inference(float(fitted.overall_att), float(fitted.overall_se), treated, n_comparison, count)
    kept = by_event[(by_event["event_time"] >= 0) & by_event["att"].notna()]
    events = [int(event) for event in kept["event_time"]]
    estimates = [
        _inference(
            float(value),
            float(error),
            treated.filter(pl.col("time") - pl.col("first_treated") == event),
            n_comparison,
            count,
        )
        for event, value, error in zip(events, kept["att"], kept["se"], strict=True)
    ]
    return ImputedEffects(simple, frame_of({"event_time": events}, estimates), (*used.notes, *notes))


def _predictable(used: StaggeredPanel) -> tuple[pl.DataFrame, list[str]]:
    """Rows whose unit and period are both seen untreated."""
    is_untreated = (pl.col("first_treated") == 0) | (pl.col("time") < pl.col("first_treated"))
    rows = used.rows.with_columns(is_untreated=is_untreated)
    has_prediction = pl.col("is_untreated").any().over("unit_code") & pl.col("is_untreated").any().over("time")
    kept = rows.filter(has_prediction)
    left_out = rows.height - kept.height
    if kept.filter(~pl.col("is_untreated")).is_empty():
        raise ValueError(
            f"none of {counted(rows.filter(~pl.col('is_untreated')).height, 'treated row')} has a prediction: their "
            "units are never seen untreated, or everybody is treated in their periods; add periods or untreated units"
        )
    notes = []
    if left_out:
        notes.append(
            f"{counted(left_out, 'treated row')} without prediction left out: the unit is never seen untreated, or in "
            "that period nobody is"
        )
    return kept.drop("is_untreated"), notes


def _varies(rows: pl.DataFrame, name: str) -> bool:
    return bool(rows.group_by("unit_code").agg(pl.col(name).n_unique().alias("n"))["n"].max() != 1)


def _inference(estimate: float, error: float, treated: pl.DataFrame, n_comparison: int, count: int) -> Estimate:
    """With the factor G/(G − 1), which the library leaves out, and t(G − 1); none with one treated cluster."""
    n_treated = treated["unit_code"].n_unique()
    note = None
    if treated["cluster_code"].n_unique() < 2:
        note = "all treated units lie in one cluster, so no standard error can be had"
    elif not np.isfinite(error) or error <= 0:
        note = "its standard error is not defined"
    if note is not None:
        return Estimate(estimate, None, None, None, n_treated, n_comparison, count, note=note)
    error *= float(np.sqrt(count / (count - 1)))
    reach = float(student_t.ppf((1 + LEVEL) / 2, count - 1)) * error
    p_value = float(2 * student_t.sf(abs(estimate) / error, count - 1))
    return Estimate(estimate, error, estimate - reach, estimate + reach, n_treated, n_comparison, count, p_value)
