"""What the earners gained: the estimates of the outcome on the samples of a design.

Belongs here: meeting a design with its outcomes, and the table of all estimates. Does not belong here:
formulas (analysis), who is compared (design), difference-in-differences (over_time), robustness.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import polars as pl

from pipelines.analysis.adjustment import adjusted_difference
from pipelines.analysis.did import StaggeredEffects
from pipelines.analysis.effect_size import hedges_g_of
from pipelines.analysis.estimate import Estimate
from pipelines.study.design import Design, Sample
from pipelines.study.estimators import HIGH_HOURS, MATCHED, NAIVE, WEIGHTED, Estimator, row_of, tried
from pipelines.study.over_time import compare_over_time
from pipelines.study.question import Question
from pipelines.study.told import told

_SAMPLES: tuple[tuple[Sample, Estimator], ...] = (("matched", MATCHED), ("weighted", WEIGHTED))


@dataclass(frozen=True)
class Effects:
    """adjusted: the estimate of the chosen design. staggered: None for a cross-section or where it can't be had.
    sections: those of the document. audits: of what is hidden in them. notes: limits that the estimators found."""

    adjusted: Estimate | None
    staggered: StaggeredEffects | None
    sections: Mapping[str, Any]
    audits: list[dict[str, Any]]
    notes: tuple[str, ...]


def find_effects(design: Design, beside: Mapping[str, Design], panel: pl.DataFrame, question: Question) -> Effects:
    """All estimates. `beside`: further designs by the name of who is compared with."""
    everybody = with_outcome(design.of("before"), panel)
    # as one would read it off a dashboard
    naive = tried(partial(adjusted_difference, everybody, "outcome", fixed_effects="block", seed=question.seed))
    rows = [row_of(NAIVE, naive, effect_size=_size(naive, everybody))]
    chosen: Estimate | None = None
    for sample, estimator in _SAMPLES:
        if sample not in design.balance:
            continue
        is_chosen = design.chosen == sample
        found = tried(partial(adjusted, design, sample, panel, question))
        if is_chosen and isinstance(found, Estimate):
            chosen = found
        size = _size(found, with_outcome(design.of(sample), panel))
        rows.append(row_of(estimator, found, is_primary=is_chosen, effect_size=size))
    for other in beside.values():
        if other.chosen is not None:
            found = tried(partial(adjusted, other, other.chosen, panel, question))
            rows.append(
                row_of(HIGH_HOURS, found, effect_size=_size(found, with_outcome(other.of(other.chosen), panel)))
            )
    if question.kind == "cross_section":
        att = {"simple": told(chosen)} if chosen is not None else {}
        sections = {"att": att, "att_gt": [], "event_study": [], "cohorts": [], "estimates": rows}
        return Effects(chosen, None, sections, [], ())
    over_time = compare_over_time(panel, question)
    return Effects(
        adjusted=chosen,
        staggered=over_time.primary,
        sections={**over_time.sections, "estimates": [*rows, *over_time.estimates]},
        audits=over_time.audits,
        notes=over_time.primary.notes if over_time.primary is not None else (),
    )


def with_outcome(rows: pl.DataFrame, panel: pl.DataFrame, column: str = "outcome") -> pl.DataFrame:
    """The rows of a design with what became of them; those without that outcome are left out.

    The first time that an outcome of exposure is read.
    """
    values = pl.col(column).cast(pl.Float64).alias("outcome")
    if "time" in panel.columns:
        known = panel.select("unit", pl.col("time").alias("outcome_time"), values)
        joined = rows.join(known, on=["unit", "outcome_time"], how="left", maintain_order="left")
    else:
        joined = rows.join(panel.select("unit", values), on="unit", how="left", maintain_order="left")
    return joined.filter(pl.col("outcome").is_not_null())


def whole_sets(rows: pl.DataFrame) -> pl.DataFrame:
    """Matched sets that still have both sides; the peers that are left share their set's weight."""
    treated = pl.col("is_treated")
    kept = rows.filter(treated.any().over("set_id") & (~treated).any().over("set_id"))
    peers = (~treated).sum().over("set_id")
    return kept.with_columns(weight=pl.when(treated).then(1.0).otherwise(1.0 / peers))


def usable_covariates(design: Design, rows: pl.DataFrame) -> list[str]:
    """The design's covariates that vary among these rows."""
    names = [covariate.name for covariate in design.covariates if covariate.name not in design.dropped]
    return [name for name in names if rows[name].n_unique() > 1]


def adjusted(design: Design, sample: Sample, panel: pl.DataFrame, question: Question) -> Estimate:
    """The covariate-adjusted difference in a sample of the design, block fixed effects, clustered."""
    rows = with_outcome(design.of(sample), panel)
    if sample == "matched":
        rows = whole_sets(rows)
    return adjusted_difference(
        rows,
        "outcome",
        usable_covariates(design, rows),
        weight="weight",
        fixed_effects="block",
        seed=question.seed,
    )


def effect_size(found: Estimate, rows: pl.DataFrame) -> float | None:
    """Hedges' g of an adjusted difference over the unadjusted pooled standard deviation of its people (WWC 5.0)."""
    arms = [rows.filter(pl.col("is_treated") == arm)["outcome"].to_numpy() for arm in (True, False)]
    if found.estimate is None or min(arm.size for arm in arms) < 2:
        return None
    treated, others = (float(arm.std(ddof=1)) for arm in arms)
    return hedges_g_of(found.estimate, treated, others, arms[0].size, arms[1].size)


def _size(found: Estimate | str, rows: pl.DataFrame) -> float | None:
    return None if isinstance(found, str) else effect_size(found, rows)
