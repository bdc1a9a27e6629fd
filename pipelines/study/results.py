"""The results: the design, the outcomes, and the document that the report is made of.

Belongs here: the order in which the parts are had, the headline, the limitations that follow from the
data. Does not belong here: any part (its own module), or how the report looks (apps/study_report).
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

import polars as pl

from pipelines.analysis.estimate import Estimate
from pipelines.study.candidates import Candidates, Exclusion
from pipelines.study.costs import CostSources, tell_costs
from pipelines.study.design import Design, Sample
from pipelines.study.effects import Effects, find_effects, with_outcome
from pipelines.study.flow import tell_flow
from pipelines.study.groups import (
    ALIGNED,
    AlignedOutcomes,
    compare_secondary,
    compare_subgroups,
    compare_treatment,
)
from pipelines.study.planning import Plan
from pipelines.study.question import (
    CALIPER_SD,
    MATCHED_PER_TREATED,
    MDE_CEILING,
    MINIMUM_TREATED,
    SMALLEST_CELL,
    Question,
)
from pipelines.study.robustness import check_robustness
from pipelines.study.tier import rate_evidence
from pipelines.study.told import hush, told

SCHEMA = "expertise-study-results/1"
_PACKAGES = ("diff-diff", "duckdb", "numpy", "polars", "scipy", "statsmodels")
_REFERENCES = (
    "What Works Clearinghouse (2022). Procedures and Standards Handbook, Version 5.0. Institute of Education Sciences.",
    "Callaway, B. & Sant'Anna, P. (2021). Difference-in-differences with multiple time periods. J. of Econometrics "
    "225(2).",
    "Borusyak, K., Jaravel, X. & Spiess, J. (2024). Revisiting event-study designs. Review of Economic Studies 91(6).",
    "Goodman-Bacon, A. (2021). Difference-in-differences with variation in treatment timing. J. Econometrics 225(2).",
    "Rambachan, A. & Roth, J. (2023). A more credible approach to parallel trends. Review of Economic Studies 90(5).",
    "Hainmueller, J. (2012). Entropy balancing for causal effects. Political Analysis 20(1).",
    "VanderWeele, T. & Ding, P. (2017). Sensitivity analysis in observational research. Annals of Internal Medicine "
    "167(4).",
    "Rosenbaum, P. (2002). Observational Studies, 2nd ed. Springer.",
    "Levin, H., McEwan, P., Belfield, C., Bowden, A. & Shand, R. (2018). Economic Evaluation in Education, 3rd ed.",
)
_CONTEXT = (
    {
        "text": "The one randomised trial of teacher micro-credentials that was found saw low engagement and no gain "
        "in student achievement.",
        "source": "RAND (2024), RRA2486-2",
    },
    {
        "text": "Coaching raised instruction by 0.49 SD on average over the studies of a meta-analysis.",
        "source": "Kraft, Blazar & Hogan (2018), Review of Educational Research 88(4)",
    },
    {
        "text": "With 27 earners and 270 peers, about what one state's pilot had in its first years, no effect below "
        "0.565 SD could have been found.",
        "source": "minimum detectable effect, design effect 1, R² 0",
    },
)


@dataclass(frozen=True)
class Extras:
    """What only the warehouse knows: outcomes of aligned elements, costs, what became of records, notes of its own."""

    aligned_outcomes: AlignedOutcomes | None = None
    costs: CostSources | None = None
    records: tuple[Mapping[str, Any], ...] = ()
    limitations: tuple[str, ...] = ()


def tell_results(
    question: Question,
    plan: Plan,
    candidates: Candidates,
    design: Design,
    beside: Mapping[str, Design],
    panel: pl.DataFrame,
    extras: Extras,
    tick: Callable[[str], None],
) -> dict[str, Any]:
    """The whole document. Outcomes of exposure are read here, and only if the plan refuses nothing.

    `beside`: further designs by the name of who is compared with. `tick` is told each part as it begins.
    """
    refused = _refusal(plan, design)
    document = _frame(question, plan, design) | {"refusal": refused}
    steps = list(candidates.steps)
    document["records"] = [dict(row) for row in extras.records]
    tick("treatment contrast")
    document["contrast"] = compare_treatment(design, panel, question) if design.chosen else []
    if refused is not None:
        document |= _no_effects(refused["sentence"])
    else:
        tick("effects")
        effects = find_effects(design, beside, panel, question)
        document |= effects.sections
        steps += _compared(design, design.chosen or "before", panel)
        tick("other outcomes")
        document["secondary"], placebo = compare_secondary(design, panel, question, extras.aligned_outcomes)
        subgroups = compare_subgroups(design, panel, question)
        document["subgroups"] = [row for table in subgroups for row in table.rows]
        document["disclosure"] = [*effects.audits, *(table.audit for table in subgroups)]
        tick("sensitivity")
        document["sensitivity"] = check_robustness(design, effects, panel, question) | {"non_aligned": placebo}
        if placebo is None:
            document["sensitivity"]["non_aligned_note"] = "which elements a credential is about is not known here"
        document["headline"] = _headline(question, effects, design, document["secondary"])
        document["limitations"] = list(effects.notes)
    tick("costs")
    document["cost"], cost_limits = tell_costs(design, panel, question, extras.costs, is_refused=refused is not None)
    document["flow"] = tell_flow(steps)
    document["evidence_tier"] = rate_evidence(question, design, document, panel)
    audited = document["disclosure"]
    document["disclosure"] = {
        "threshold": SMALLEST_CELL,
        "tables": audited,
        "is_safe": all(table["is_safe"] for table in audited),
    }
    document["limitations"] = [
        *_limitations(question, design, document, extras),
        *map(_sentence, cost_limits),
    ]
    told_safely: dict[str, Any] = hush(document)
    return told_safely


def _frame(question: Question, plan: Plan, design: Design) -> dict[str, Any]:
    """Everything that is known before outcomes are read."""
    few = plan.n_treated < SMALLEST_CELL or plan.n_comparison < SMALLEST_CELL
    counts = {
        "estimate": plan.mde,
        "n_treated": plan.n_treated,
        "n_comparison": plan.n_comparison,
        "treated_share": plan.treated_share,
    }
    return {
        "schema": SCHEMA,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "kind": question.kind,
        "title": question.title,
        "question": question.text,
        "district_name": question.district_name,
        "is_synthetic": question.is_synthetic,
        "outcome": {"name": question.outcome_name, "label": question.outcome_label, "unit": question.outcome_unit},
        "unit_label": question.unit_label,
        "exposure": question.exposure,
        "comparisons": [dict(row) for row in question.comparisons] if question.kind != "cross_section" else [],
        "estimand": "average effect on the treated",
        "design": {
            "hash": design.hash,
            "chosen": design.chosen,
            "chosen_because": design.chosen_because,
            "matched_per_treated": MATCHED_PER_TREATED,
            "caliper_sd": CALIPER_SD,
            "exact_on": list(question.exact_on),
            "covariates": [{"name": one.name, "label": one.label} for one in design.covariates],
            "dropped_covariates": [
                {"name": name, "reason": "told in full by the others, or the same for everybody"}
                for name in design.dropped
            ],
            "seed": question.seed,
            "written_before_outcomes": True,
            "propensity": {
                "coefficients": [
                    {"name": name, "coefficient": value}
                    for name, value in design.propensity.coefficients.items()
                    if not few
                ],
                "note": design.propensity.note,
            },
        },
        "mde": {
            # the detectable effect gives the counts away
            **(dict.fromkeys(counts) if few else counts),
            "design_effect": plan.design_effect,
            "r_squared": plan.r_squared,
            "intraclass_correlation": plan.intraclass_correlation,
            "mean_cluster_size": plan.mean_cluster_size,
            "ceiling": MDE_CEILING,
            "minimum_treated": MINIMUM_TREATED,
            "basis": plan.basis,
        },
        "matched": _matched(design),
        # means of few people are theirs
        "balance": {"verdict": None, "verdicts": None, "rows": []} if few else _balance(design),
        "context": [dict(row) for row in _CONTEXT],
        "methods": _methods(question),
    }


def _refusal(plan: Plan, design: Design) -> dict[str, str] | None:
    if plan.refusal is not None:
        return {"rule": "sample" if plan.n_treated < MINIMUM_TREATED else "mde", "sentence": plan.refusal}
    if design.chosen is None:
        return {"rule": "design", "sentence": f"No effect is given: {design.chosen_because}."}
    return None


def _no_effects(sentence: str) -> dict[str, Any]:
    return {
        "headline": {"sentence": sentence, "estimate": None, "estimator": None},
        "att": {},
        "att_gt": [],
        "event_study": [],
        "cohorts": [],
        "estimates": [],
        "secondary": [],
        "subgroups": [],
        "sensitivity": None,
        "limitations": [],
        "disclosure": [],
    }


def _matched(design: Design) -> dict[str, Any]:
    rows = design.of("matched")
    peers = rows.filter(~pl.col("is_treated"))
    weights = peers["weight"].to_numpy()
    lone = design.unmatched.group_by("reason").agg(n=pl.len()).sort("reason").to_dicts()
    # one hidden reason would follow from the total and the others
    is_hidden = any(0 < row["n"] < SMALLEST_CELL for row in lone)
    return {
        "n_treated": _shown(rows.height - peers.height),
        "n_comparison": _shown(peers.height),
        "n_sets": _shown(rows["set_id"].n_unique()),
        "n_unmatched": _shown(design.unmatched.height),
        "effective_n_comparison": float(weights.sum() ** 2 / (weights**2).sum())
        if peers.height >= SMALLEST_CELL
        else None,
        "unmatched": [row | {"n": None if is_hidden else row["n"]} for row in lone],
    }


def _shown(count: int) -> int | None:
    return None if 0 < count < SMALLEST_CELL else count


def _balance(design: Design) -> dict[str, Any]:
    rows: list[dict[str, Any]] = []
    tables = {sample: {row["covariate"]: row for row in table.to_dicts()} for sample, table in design.balance.items()}
    for covariate in design.covariates:
        before = tables["before"][covariate.name]
        row = {
            "covariate": covariate.name,
            "label": covariate.label,
            "kind": covariate.kind,
            "is_required": covariate.is_required,
            "treated_mean": before["treated_mean"],
        }
        for sample in ("before", "matched", "weighted"):
            found = tables.get(sample, {}).get(covariate.name, {})
            row[f"comparison_mean_{sample}"] = found.get("comparison_mean")
            row[f"effect_size_{sample}"] = found.get("effect_size")
            row[f"verdict_{sample}"] = found.get("verdict")
        rows.append(row)
    verdicts = {sample: design.verdicts.get(sample) for sample in ("before", "matched", "weighted")}
    return {"verdict": verdicts.get(design.chosen or ""), "verdicts": verdicts, "rows": rows}


def _compared(design: Design, chosen: Sample, panel: pl.DataFrame) -> list[Exclusion]:
    """Who is in the chosen comparison, and who of them has an outcome."""
    steps = []
    rows = design.of(chosen)
    for step, frame, reason in (
        (f"in the {chosen} comparison", rows, "nobody comparable, or not needed"),
        ("outcome known", with_outcome(rows, panel), "no outcome in the first period of exposure; none is filled in"),
    ):
        people = frame.group_by("is_treated").agg(pl.col("unit").n_unique())
        arms = dict(people.rows())
        steps.append(Exclusion(step, arms.get(True, 0), arms.get(False, 0), frame.height, reason))
    return steps


def _headline(
    question: Question, effects: Effects, design: Design, secondary: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    chosen = effects.adjusted
    if chosen is None or chosen.estimate is None or chosen.ci_low is None or chosen.ci_high is None:
        sentence = "The data can't answer: no adjusted estimate could be had. The table of estimates says why."
        return {"sentence": sentence, "estimate": None, "estimator": None}
    # "1,795 higher in re78" says the unit already
    unit = "" if question.outcome_label in question.outcome_unit else f" {question.outcome_unit}"
    differ = (
        f"{_figure(abs(chosen.estimate))}{unit} {'higher' if chosen.estimate >= 0 else 'lower'} "
        f"(95% interval {_figure(chosen.ci_low)} to {_figure(chosen.ci_high)})"
    )
    sure = "" if chosen.excludes_zero else " That may be chance: the interval includes 0."
    who = "Earners" if question.kind == "warehouse" else "The treated"
    first = f"{who} were {differ} in {question.outcome_label} than comparable others.{sure}"
    return {
        "sentence": " ".join(part for part in (first, _beside(effects, unit), _on_aligned(secondary, unit)) if part),
        "estimate": told(chosen),
        "estimator": design.chosen,
    }


def _figure(value: float) -> str:
    """Two decimals, fewer for large numbers, and a minus that is one."""
    text = f"{value:,.2f}" if abs(value) < 100 else f"{value:,.0f}"
    return text.removeprefix("-") if not text.strip("-0.,") else text.replace("-", "−")


def _beside(effects: Effects, unit: str) -> str:
    """Whether the second method, which needs another assumption, says the same."""
    if effects.staggered is None or effects.adjusted is None or effects.adjusted.estimate is None:
        return ""
    second = effects.staggered.simple
    if second.estimate is None or second.ci_low is None or second.ci_high is None:
        return ""
    figures = f"{_figure(second.estimate)}{unit} ({_figure(second.ci_low)} to {_figure(second.ci_high)})"
    alike = _agree(effects.adjusted, second)
    if alike:
        return f"Difference-in-differences, which assumes something else, agrees: {figures}."
    return (
        f"Difference-in-differences, which assumes something else, says {figures}: the two do not agree, so the "
        "question is not settled."
    )


def _agree(first: Estimate, second: Estimate) -> bool:
    """Whether two estimates draw the same conclusion, and each could be the other by its interval."""
    if None in (first.estimate, first.ci_low, first.ci_high, second.estimate, second.ci_low, second.ci_high):
        return False
    overlap = first.ci_low <= second.ci_high and second.ci_low <= first.ci_high  # type: ignore[operator]
    same_side = (first.estimate > 0) == (second.estimate > 0)  # type: ignore[operator]
    same = first.excludes_zero == second.excludes_zero and (same_side or not second.excludes_zero)
    return overlap and same


def _on_aligned(secondary: Sequence[Mapping[str, Any]], unit: str) -> str:
    """What the credentials are about, where that is known: all other elements dilute it."""
    for row in secondary:
        if row["outcome"] == ALIGNED and row["ci_low"] is not None and row["ci_high"] is not None:
            interval = f"({_figure(row['ci_low'])} to {_figure(row['ci_high'])})"
            return (
                f"On the elements that their credentials are about it was {_figure(row['estimate'])}{unit} {interval}."
            )
    return ""


def _limitations(question: Question, design: Design, document: Mapping[str, Any], extras: Extras) -> list[str]:
    found = list(document.get("limitations") or [])
    found.append(
        "Who is treated chose to be. Whatever set them apart and was not measured is in the difference as well."
        if question.kind == "warehouse"
        else "Nothing here says how units came to be treated. What else set them apart is in the difference as well."
    )
    verdict = design.verdicts.get(design.chosen or "")
    if verdict == "not satisfied":
        found.append(
            "The groups are not alike enough (baseline equivalence is not satisfied): no rating can be reached."
        )
    elif verdict == "satisfied with adjustment":
        found.append("The groups differ somewhat before exposure; the estimates are adjusted for it.")
    if design.propensity.note:
        found.append(design.propensity.note)
    lone = design.unmatched.height
    if design.chosen == "matched" and lone >= SMALLEST_CELL:
        found.append(f"{lone:,} treated found no peer: the effect is on those who did.")
    if question.cluster_label is None:
        found.append("No clusters were named: if units share schools, the intervals are too narrow.")
    found += extras.limitations
    return list(dict.fromkeys(_sentence(one) for one in found))


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


def _methods(question: Question) -> dict[str, Any]:
    given = question.provenance
    return {
        "versions": {"python": platform.python_version()} | {name: metadata.version(name) for name in _PACKAGES},
        "seed": question.seed,
        "release_id": given.release_id,
        "landing_runs": given.landing_runs,
        "code_version": given.code_version,
        "input": {"name": given.input_name, "sha256": given.input_sha256} if given.input_name else None,
        "command": given.command,
        "references": list(_REFERENCES),
    }
