"""Difference-in-differences: effects by cohort and period, their averages, and the event study.

Belongs here: which of them are run on the panel, and how they stand in the document. Does not belong
here: the estimators (analysis/did), comparisons of a design (effects).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import polars as pl

from pipelines.analysis.did import StaggeredEffects, callaway_santanna, imputation
from pipelines.study.estimators import IMPUTATION, NEVER_TREATED, NOT_YET_TREATED, row_of, tried
from pipelines.study.question import BOOTSTRAP_DRAWS, EVENT_TIMES, Question
from pipelines.study.told import hide, hide_if_few, hide_parts, rows_of, told, without_counts


@dataclass(frozen=True)
class OverTime:
    """estimates: rows of the table of estimates. primary: by those not yet treated; None where it can't be had.
    sections: `att`, `att_gt`, `event_study`, `cohorts` of the document. audits: of what is hidden in them."""

    estimates: list[dict[str, Any]]
    primary: StaggeredEffects | None
    sections: dict[str, Any]
    audits: list[dict[str, Any]]


def compare_over_time(panel: pl.DataFrame, question: Question) -> OverTime:
    """Group-time effects by both comparisons, and the imputation estimator beside them."""
    names = list(question.staggered_covariates)
    columns = ["unit", "time", "first_treated", "outcome", "cluster", *names]
    known = panel.select(columns).drop_nulls([*names, "outcome"])
    run = partial(callaway_santanna, known, covariates=names, seed=question.seed)
    primary = tried(lambda: run(comparison="not_yet_treated", draws=BOOTSTRAP_DRAWS))
    never = tried(lambda: run(comparison="never_treated", draws=0))
    imputed = tried(lambda: imputation(known))
    estimates = [
        row_of(NOT_YET_TREATED, primary if isinstance(primary, str) else primary.simple),
        row_of(NEVER_TREATED, never if isinstance(never, str) else never.simple),
        row_of(IMPUTATION, imputed if isinstance(imputed, str) else imputed.simple),
    ]
    if isinstance(primary, str):
        return OverTime(estimates, None, {"att": {}, "att_gt": [], "event_study": [], "cohorts": []}, [])
    sections, audit = _tell(primary)
    return OverTime(estimates, primary, sections, [audit])


def _tell(effects: StaggeredEffects) -> tuple[dict[str, Any], dict[str, Any]]:
    """The sections, cohorts of few people hidden wherever they stand, and the audit."""
    cohorts = hide_parts("cohorts", effects.cohort_weights.select("group", "n_treated", "weight").to_dicts())
    hidden = cohorts.hidden("group")
    # what adds up cohorts would tell the hidden one by subtraction
    sums = without_counts if hidden else dict
    events = effects.event_study.filter(pl.col("event_time").is_between(*EVENT_TIMES))
    calendar = [sums(hide_if_few(row)) for row in rows_of(effects.by_calendar, ["time"])]
    sections = {
        "att": {
            "simple": told(effects.simple),
            "group": told(effects.group, by=_of_shown(rows_of(effects.by_group, ["group"]), hidden)),
            "dynamic": told(effects.dynamic),
            "calendar": told(effects.calendar, by=calendar),
        },
        "att_gt": _of_shown(rows_of(effects.att_gt, ["group", "time"]), hidden),
        "event_study": [sums(hide_if_few(row)) for row in rows_of(events, ["event_time"], ["band_low", "band_high"])],
        "cohorts": cohorts.rows,
    }
    return sections, cohorts.audit


def _of_shown(rows: Sequence[Mapping[str, Any]], hidden: set[Any]) -> list[dict[str, Any]]:
    """The rows of cohorts, those of hidden ones without their figures."""
    return [hide(row) if row["group"] in hidden else hide_if_few(row) for row in rows]
