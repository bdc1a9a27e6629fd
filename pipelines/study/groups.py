"""The same comparison elsewhere: what both groups got, other outcomes, subgroups.

Belongs here: running the design's comparison on further columns and on parts of it. Does not belong
here: the main outcome (effects).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from pipelines.analysis.adjustment import adjusted_difference
from pipelines.analysis.estimate import Estimate
from pipelines.analysis.multiple_testing import q_values
from pipelines.study.design import Design
from pipelines.study.effects import usable_covariates, whole_sets, with_outcome
from pipelines.study.question import Measure, Question
from pipelines.study.told import Parts, hide_parts, not_told, told

RATE = 0.05
ALIGNED, NON_ALIGNED = "aligned", "non_aligned"
AlignedOutcomes = Callable[[pl.DataFrame], pl.DataFrame]
"""From the matched rows to unit, cohort, `aligned` and `non_aligned`: outcomes of elements that the earner's
credential is, and is not, about; a peer's are those of the earner that it is matched to."""


def compare_treatment(design: Design, panel: pl.DataFrame, question: Question) -> list[dict[str, Any]]:
    """What earners and their peers got: one row a measure, of the year before exposure begins and of its first."""
    rows = []
    for measure in question.contrasts:
        try:
            frame = _in_sample(design, total_over(panel, measure.name, question.cost_periods))
            found = adjusted_difference(frame, "outcome", (), weight="weight", seed=question.seed)
            means = _means(frame)
            shown = told(found, measure=measure.name, label=measure.label, unit=measure.unit)
            shown |= {"treated_mean": means[0], "comparison_mean": means[1], "difference": shown["estimate"]}
            if shown.get("is_suppressed"):
                shown |= dict.fromkeys(("treated_mean", "comparison_mean", "difference"))
        except ValueError as fault:
            shown = not_told(str(fault), measure=measure.name, label=measure.label, unit=measure.unit)
            shown |= dict.fromkeys(("treated_mean", "comparison_mean", "difference"))
        rows.append(shown)
    return rows


def total_over(panel: pl.DataFrame, column: str, periods: tuple[int, ...]) -> pl.DataFrame:
    """unit, time and the column's sum over the event times given; null where nothing is known of any.

    Event time 0 is the first period of exposure; -1 the one before.
    """
    if "time" not in panel.columns:
        return panel.select("unit", pl.col(column).cast(pl.Float64).alias("outcome"))
    times = panel["time"].unique().sort()
    ranks = pl.DataFrame({"time": times, "rank": pl.int_range(len(times), eager=True)})
    known = panel.select("unit", "time", pl.col(column).cast(pl.Float64).alias("value")).join(ranks, on="time")
    shifted = [known.select("unit", (pl.col("rank") - back).alias("rank"), "value") for back in periods]
    total = pl.concat(shifted).drop_nulls("value").group_by("unit", "rank").agg(outcome=pl.col("value").sum())
    return total.join(ranks, on="rank").select("unit", "time", "outcome")


def _in_sample(design: Design, values: pl.DataFrame) -> pl.DataFrame:
    if design.chosen is None:
        raise ValueError("nobody is compared")
    rows = design.of(design.chosen)
    if "time" in values.columns:
        joined = rows.join(values.rename({"time": "outcome_time"}), on=["unit", "outcome_time"], how="left")
    else:
        joined = rows.join(values, on="unit", how="left")
    joined = joined.filter(pl.col("outcome").is_not_null())
    return whole_sets(joined) if design.chosen == "matched" else joined


def _means(frame: pl.DataFrame) -> tuple[float, float]:
    arms = [frame.filter(pl.col("is_treated") == arm) for arm in (True, False)]
    treated, others = (float(np.average(arm["outcome"].to_numpy(), weights=arm["weight"].to_numpy())) for arm in arms)
    return treated, others


def compare_secondary(
    design: Design, panel: pl.DataFrame, question: Question, aligned_outcomes: AlignedOutcomes | None
) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """Every other outcome, corrected inside its domain; and the outcome that nothing should have moved."""
    rows = [
        _secondary(measure, partial(_of_column, design, panel, measure.name), design, question)
        for measure in question.secondary
    ]
    placebo = None
    if aligned_outcomes is not None and "matched" in design.balance:
        outcomes = aligned_outcomes(design.of("matched"))
        aligned = Measure(ALIGNED, "elements that the credential is about", question.outcome_unit, "practice")
        others = Measure(NON_ALIGNED, "all other elements", question.outcome_unit, "practice")
        rows.append(_secondary(aligned, partial(_of_outcomes, design, outcomes, ALIGNED), design, question))
        placebo = _secondary(others, partial(_of_outcomes, design, outcomes, NON_ALIGNED), design, question)
    _correct(rows)
    return rows, placebo


def _of_column(design: Design, panel: pl.DataFrame, name: str) -> pl.DataFrame:
    keys = ["unit", *(["time"] if "time" in panel.columns else [])]
    return _in_sample(design, panel.select(*keys, pl.col(name).cast(pl.Float64).alias("outcome")))


def _of_outcomes(design: Design, outcomes: pl.DataFrame, name: str) -> pl.DataFrame:
    rows = design.of("matched").join(
        outcomes.select("unit", "cohort", pl.col(name).alias("outcome")), on=["unit", "cohort"]
    )
    return whole_sets(rows.filter(pl.col("outcome").is_not_null()))


def _secondary(
    measure: Measure, frame: Callable[[], pl.DataFrame], design: Design, question: Question
) -> dict[str, Any]:
    keys: dict[str, Any] = {
        "outcome": measure.name,
        "label": measure.label,
        "domain": measure.domain,
        "unit": measure.unit,
    }
    keys |= {"q_value": None, "is_rejected": None}
    try:
        rows = frame()
        found = adjusted_difference(
            rows, "outcome", usable_covariates(design, rows), weight="weight", fixed_effects="block", seed=question.seed
        )
    except ValueError as fault:
        return not_told(str(fault), **keys)
    return told(found, **keys)


def _correct(rows: list[dict[str, Any]]) -> None:
    """Benjamini–Hochberg inside each domain, in place."""
    for domain in {row["domain"] for row in rows}:
        tested = [row for row in rows if row["domain"] == domain and row.get("p_value") is not None]
        corrected = q_values([row["p_value"] for row in tested])
        for row, value in zip(tested, corrected, strict=True):
            row["q_value"], row["is_rejected"] = float(value), bool(value <= RATE)


def compare_subgroups(design: Design, panel: pl.DataFrame, question: Question) -> list[Parts]:
    """The chosen comparison within each level, a table for each of the strata."""
    if design.chosen is None:
        return []
    joined = with_outcome(design.of(design.chosen), panel)
    tables = []
    for measure in question.subgroups:
        if measure.name not in joined.columns:
            continue
        levels = joined[measure.name].unique().sort().to_list()
        rows = [_subgroup(joined, measure, level, design, question) for level in levels]
        tables.append(hide_parts(f"subgroups by {measure.label}", rows, ("n_treated", "n_comparison")))
    return tables


def _subgroup(joined: pl.DataFrame, measure: Measure, level: Any, design: Design, question: Question) -> dict[str, Any]:
    part = joined.filter(pl.col(measure.name) == level)
    if design.chosen == "matched":
        part = whole_sets(part)
    keys = {"by": measure.label, "level": str(level), "is_suppressed": False}
    counts = part.group_by("is_treated").agg(pl.col("unit").n_unique())
    arms = dict(counts.rows())
    try:
        found = adjusted_difference(
            part, "outcome", usable_covariates(design, part), weight="weight", fixed_effects="block", seed=question.seed
        )
    except ValueError as fault:
        found = Estimate(
            None, None, None, None, arms.get(True, 0), arms.get(False, 0), part["cluster"].n_unique(), None, str(fault)
        )
    return asdict(found) | keys
