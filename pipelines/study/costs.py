"""What it cost: the ingredients of both arms, and what more an earner cost beside a comparable colleague.

Belongs here: which costs stand beside the study's effect, and their rows in the document. Does not belong
here: prices, tables and ratios (analysis/cost), which ledger line is what (dbt).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from pipelines.analysis.adjustment import cluster_sums
from pipelines.analysis.cost import (
    DISCOUNT_RATE,
    constant_dollars,
    cost_per,
    cost_table,
    incremental_cost_effectiveness,
    later_prices,
    present_value,
)
from pipelines.study.design import Design, Sample
from pipelines.study.effects import usable_covariates, whole_sets, with_outcome
from pipelines.study.groups import total_over
from pipelines.study.question import COST_DRAWS, Question
from pipelines.study.told import told

_RATES = (0.0, DISCOUNT_RATE, 0.05, 0.07)
BENCHMARKS: tuple[Mapping[str, Any], ...] = (
    {"label": "PD, all in, per teacher and year", "value": 18_000, "unit": "USD", "source": "TNTP (2015), The Mirage"},
    {
        "label": "Hours of PD per teacher and year, national",
        "value": 68,
        "unit": "hours",
        "source": "Boston Consulting Group for the Gates Foundation (2014), Teachers Know Best",
    },
    {
        "label": "Coaching per teacher and year",
        "value": "3,260 to 5,220",
        "unit": "USD",
        "source": "Knight (2012), Journal of Education Finance 38(1) 52–80",
    },
    {
        "label": "PD per contact hour",
        "value": "138 to 169",
        "unit": "USD",
        "source": "Barrett & Pas (2020), Prevention Science 21(5) 604–614",
    },
)


@dataclass(frozen=True)
class CostSources:
    """ingredients: as analysis/ingredients wants them, whole district and all years. counts: arm, measure, n.
    spending: school_year, category, payer, programme, amount_usd. index: year, index (CPI-U); may be empty."""

    ingredients: pl.DataFrame
    counts: pl.DataFrame
    spending: pl.DataFrame
    index: pl.DataFrame
    unmapped_lines: int
    unmapped_usd: float


def tell_costs(
    design: Design, panel: pl.DataFrame, question: Question, sources: CostSources | None, *, is_refused: bool
) -> tuple[dict[str, Any] | None, list[str]]:
    """The document's section on cost, and what limits it; None where no cost is known.

    No effect stands in it where the study is refused.
    """
    if not question.has_cost:
        return None, []
    section: dict[str, Any] = {
        "price_year": question.price_year,
        "currency": "USD",
        "rows": [],
        "per": [],
        "incremental": None,
        "plane": [],
        "acceptability": [],
        "net_benefit": [],
        "discount_sensitivity": [],
        "benchmarks": [],
        "spending": [],
        "unmapped": None,
    }
    limits: list[str] = []
    if sources is not None:
        section |= _ledger(sources)
        try:
            rows, limits = _ingredients(sources, question)
            section |= rows
        except ValueError as fault:
            limits = [f"No table of ingredients: {fault}"]
    if not is_refused and design.chosen is not None:
        section |= _incremental(design, design.chosen, panel, question)
    return section, limits


def _ledger(sources: CostSources) -> dict[str, Any]:
    return {
        "benchmarks": [dict(row) for row in BENCHMARKS],
        "spending": sources.spending.to_dicts(),
        "unmapped": {
            "lines": sources.unmapped_lines,
            "amount_usd": sources.unmapped_usd,
            "sentence": "Ledger lines that no rule of the crosswalk assigns: they may hold PD, and no figure has them.",
        },
    }


def _ingredients(sources: CostSources, question: Question) -> tuple[dict[str, Any], list[str]]:
    """Both arms by category and payer, in dollars of one year, and what could not be put into them."""
    limits: list[str] = []
    priced, column = sources.ingredients, "unit_price_usd"
    if sources.index.is_empty():
        limits.append("No price index is loaded: dollars of different years are added up as they are.")
    elif question.price_year is not None:
        priced, column = constant_dollars(priced, sources.index, question.price_year), "constant_unit_price_usd"
        later = later_prices(priced)
        limits += [later] if later else []
    table = cost_table(priced, price=column)
    arms = table["arm"].unique().to_list()
    counts = sources.counts.filter(pl.col("arm").is_in(arms))
    per = cost_per(table.select("arm", "cost_usd"), counts).to_dicts() if arms else []
    return {"rows": table.to_dicts(), "per": per}, limits


def _incremental(design: Design, chosen: Sample, panel: pl.DataFrame, question: Question) -> dict[str, Any]:
    """Cost and effect of the chosen comparison, on the same people and the same draws of clusters."""
    costs = total_over(panel, "cost_usd", question.cost_periods).rename({"outcome": "cost"})
    rows = with_outcome(design.of(chosen), panel)
    on = ["unit"]
    if "time" in costs.columns:
        costs, on = costs.rename({"time": "outcome_time"}), ["unit", "outcome_time"]
    rows = rows.join(costs, on=on, how="inner").drop_nulls("cost")
    if chosen == "matched":
        rows = whole_sets(rows)
    try:
        sums = cluster_sums(
            rows, "outcome", "cost", usable_covariates(design, rows), weight="weight", fixed_effects="block"
        )
        found = incremental_cost_effectiveness(sums, draws=COST_DRAWS, seed=question.seed)
    except ValueError as fault:
        return {"incremental": {"note": str(fault)}}
    arms = dict(rows.group_by("is_treated").agg(pl.col("unit").n_unique()).rows())
    people = {"n_treated": arms.get(True, 0), "n_comparison": arms.get(False, 0)}
    return {
        "incremental": {
            "cost_usd": told(replace(found.incremental_cost, **people)),
            "effect": told(replace(found.effect, **people)),
            "icer_usd_per_sd": found.icer_usd_per_sd,
            "cost_per_tenth_sd_usd": found.cost_per_tenth_sd_usd,
            "fieller": {"low": found.fieller.low, "high": found.fieller.high, "kind": found.fieller.kind},
            "note": found.note,
        },
        "plane": found.plane.to_dicts(),
        "acceptability": found.acceptability.to_dicts(),
        "net_benefit": found.net_benefit.to_dicts(),
        "discount_sensitivity": _discounted(rows, panel, question),
    }


def _discounted(rows: pl.DataFrame, panel: pl.DataFrame, question: Question) -> list[dict[str, Any]]:
    """The plain difference in cost, each event time's discounted to the first, at several rates."""
    if "time" not in panel.columns or len(question.cost_periods) < 2:
        return []
    yearly = []
    for period in question.cost_periods:
        one = total_over(panel, "cost_usd", (period,)).rename({"time": "outcome_time", "outcome": "_cost"})
        joined = rows.join(one, on=["unit", "outcome_time"], how="left").with_columns(pl.col("_cost").fill_null(0.0))
        arms = [joined.filter(pl.col("is_treated") == arm) for arm in (True, False)]
        means = [float(np.average(arm["_cost"].to_numpy(), weights=arm["weight"].to_numpy())) for arm in arms]
        yearly.append(means[0] - means[1])
    begins = min(question.cost_periods)
    return [
        {"rate": rate, "cost_usd": present_value(yearly, [period - begins for period in question.cost_periods], rate)}
        for rate in _RATES
    ]
