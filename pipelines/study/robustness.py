"""What would overturn the answer: the sensitivity panel.

Belongs here: which checks are run on which sample, and their rows in the document. Does not belong
here: the checks (analysis/sensitivity). A check that can't be run says why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
import polars as pl

from pipelines.analysis.did import StaggeredEffects, bacon_decomposition, two_way_fixed_effects
from pipelines.analysis.sensitivity import (
    e_value,
    mean_reversion,
    placebo_timing,
    rosenbaum_gamma_of_sets,
    smoothness_bounds,
)
from pipelines.study.design import Design
from pipelines.study.effects import Effects, effect_size, usable_covariates, whole_sets, with_outcome
from pipelines.study.question import Question
from pipelines.study.told import told

SMOOTHNESS_STEPS = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0)
"""M as multiples of the standard error of the first effect: how far the trend may bend from one period to the next."""


def check_robustness(design: Design, effects: Effects, panel: pl.DataFrame, question: Question) -> dict[str, Any]:
    """Every check by name; one that could not be run is null, with `<name>_note` saying why."""
    found: dict[str, Any] = {}
    _put(found, "e_value", lambda: _e_value(design, effects, panel))
    _put(found, "rosenbaum_gamma", lambda: _rosenbaum(design, panel))
    if question.kind == "cross_section":
        for name in ("smoothness", "placebo", "mean_reversion", "bacon"):
            found[name] = None
            found[f"{name}_note"] = "a cross-section has no earlier periods to look at"
        return found
    _put(found, "smoothness", lambda: _smoothness(found, effects.staggered))
    _put(found, "placebo", lambda: told(placebo_timing(_known(panel))))
    _put(found, "mean_reversion", lambda: _mean_reversion(_known(panel)))
    _put(found, "bacon", lambda: _bacon(_known(panel)))
    return found


def _put(found: dict[str, Any], name: str, check: Callable[[], Any]) -> None:
    try:
        found[name] = check()
    except ValueError as fault:
        found[name] = None
        found[f"{name}_note"] = str(fault)


def _known(panel: pl.DataFrame) -> pl.DataFrame:
    return panel.select("unit", "time", "first_treated", "outcome", "cluster").drop_nulls("outcome")


def _e_value(design: Design, effects: Effects, panel: pl.DataFrame) -> dict[str, Any]:
    chosen = effects.adjusted
    if chosen is None or chosen.estimate is None or design.chosen is None:
        raise ValueError("there is no adjusted estimate to question")
    rows = with_outcome(design.of(design.chosen), panel)
    size = effect_size(chosen, rows)
    if size is None or not chosen.estimate or chosen.ci_low is None or chosen.ci_high is None:
        raise ValueError("the estimate has no interval")
    unit = size / chosen.estimate
    return asdict(e_value(size, ci_low=chosen.ci_low * unit, ci_high=chosen.ci_high * unit))


def _rosenbaum(design: Design, panel: pl.DataFrame) -> dict[str, Any]:
    """On the matched sets, of outcomes freed of what the covariates explain among the untouched peers."""
    if "matched" not in design.balance:
        raise ValueError("nobody was matched")
    rows = whole_sets(with_outcome(design.of("matched"), panel))
    names = usable_covariates(design, rows)
    if names:
        rows = rows.with_columns(outcome=rows["outcome"] - _explained(rows, names))
    return asdict(rosenbaum_gamma_of_sets(rows.select("set_id", "is_treated", "outcome")))


def _explained(rows: pl.DataFrame, names: list[str]) -> pl.Series:
    described = rows.select(pl.col(names).cast(pl.Float64)).to_numpy()
    is_peer = ~rows["is_treated"].to_numpy()
    outcomes = rows["outcome"].to_numpy()[is_peer]
    centre = described[is_peer].mean(axis=0)
    slopes, *_ = np.linalg.lstsq(described[is_peer] - centre, outcomes - outcomes.mean(), rcond=None)
    return pl.Series("explained", described @ slopes)


def _smoothness(found: dict[str, Any], staggered: StaggeredEffects | None) -> list[dict[str, Any]]:
    if staggered is None:
        raise ValueError("there is no event study to bound")
    after = staggered.event_study.filter(pl.col("event_time") == 0)["std_error"]
    if after.is_empty() or after[0] is None:
        raise ValueError("the first period of exposure has no standard error")
    bounds = smoothness_bounds(staggered, [step * after[0] for step in SMOOTHNESS_STEPS])
    found["breakdown_m"] = bounds.breakdown_m
    found["breakdown_m_note"] = bounds.note
    rows: list[dict[str, Any]] = bounds.frame.to_dicts()
    return rows


def _mean_reversion(panel: pl.DataFrame) -> dict[str, Any]:
    found = mean_reversion(panel)
    return {"treated_dip": found.treated_dip, "comparison_dip": found.comparison_dip, "note": found.note}


def _bacon(panel: pl.DataFrame) -> dict[str, Any]:
    parts = bacon_decomposition(panel)
    return {
        "two_way_fixed_effects": told(two_way_fixed_effects(panel)),
        "rows": parts.select("kind", "weight", "estimate").to_dicts(),
    }
