"""How strong this study's evidence is: the facts of it, handed to the clearinghouse's rules.

Belongs here: reading the facts off the design and the document. Does not belong here: the rules
(analysis/evidence_tier).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import polars as pl

from pipelines.analysis.balance import NOT_SATISFIED
from pipelines.analysis.estimate import Estimate
from pipelines.analysis.evidence_tier import StudyFacts, rate
from pipelines.study.design import Design
from pipelines.study.effects import with_outcome
from pipelines.study.question import Question


def rate_evidence(
    question: Question, design: Design, document: Mapping[str, Any], panel: pl.DataFrame
) -> dict[str, Any]:
    """The document's section on WWC rating and ESSA tier."""
    headline = document["headline"]["estimate"]
    rows = design.of(design.chosen) if design.chosen else design.of("before")
    if headline is not None:
        rows = with_outcome(rows, panel)
    arms = {arm: rows.filter(pl.col("is_treated") == arm) for arm in (True, False)}
    districts = 1
    if "district" in panel.columns:
        analysed = panel.select("unit", "district").unique().join(rows.select("unit").unique(), on="unit", how="semi")
        districts = analysed["district"].n_unique()
    facts = StudyFacts(
        is_randomised=False,
        is_self_selected=question.kind == "warehouse",
        balance_verdict=design.verdicts.get(design.chosen or "before", NOT_SATISFIED),
        n_treated=arms[True]["unit"].n_unique(),
        n_units=rows["unit"].n_unique(),
        n_clusters_treated=arms[True]["cluster"].n_unique(),
        n_clusters_comparison=arms[False]["cluster"].n_unique(),
        n_sites=districts,
        effect=_estimate(headline),
        adjusts_for_baseline=design.chosen is not None,
        has_comparison_group=design.chosen is not None,
        # how reliable scores are is for a reviewer to say; no credential's own points are in them
        is_outcome_valid=None,
        is_outcome_overaligned=False if question.kind == "warehouse" else None,
        has_negative_findings=any(
            row.get("is_rejected") and (row["estimate"] or 0) < 0 for row in document.get("secondary") or []
        ),
        unit_label=f"{question.unit_label}s" if question.unit_label == "teacher" else "units",
    )
    rating = rate(facts)
    # a study that gives no effect has nothing to rate; what it could have reached is told
    is_rated = document["refusal"] is None
    return {
        "wwc_rating": rating.wwc_rating if is_rated else None,
        "essa_tier": rating.essa_tier if is_rated else None,
        "ceiling_rating": rating.ceiling_rating,
        "ceiling_tier": rating.ceiling_tier,
        "conditions": [asdict(condition) for condition in rating.conditions],
        "failing_condition": rating.failing_condition if is_rated else "an effect could be found at all",
        "ceiling_because": rating.ceiling_because,
        "to_confirm": list(rating.to_confirm),
    }


def _estimate(row: Mapping[str, Any] | None) -> Estimate | None:
    if row is None or row.get("is_suppressed"):
        return None
    return Estimate(**{name: row[name] for name in Estimate.__dataclass_fields__})
