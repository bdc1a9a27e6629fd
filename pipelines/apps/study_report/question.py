"""The first sections: the question and its design, what the study could detect, why it is refused.

Belongs here: what is known before any outcome is read. Does not belong here: effects.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.apps.study_report.blocks import Block, Bullets, Callout, Column, Facts, Section, Subheading, Table, Text
from pipelines.apps.study_report.words import (
    MISSING,
    Names,
    count,
    effect,
    figure,
    listed,
    sentence,
    share,
)


def detectable(document: Mapping[str, Any], names: Names) -> str:
    """The one line that stands before everything else."""
    mde = document["mde"]
    if mde.get("estimate") is None:
        return f"What it could detect can't be told: {mde.get('basis') or 'there are too few people'}."
    return (
        f"The smallest effect that this study could detect is {effect(mde['estimate'])} SD, with "
        f"{count(mde.get('n_treated'), 'an unknown number of')} {names.treated} and "
        f"{count(mde.get('n_comparison'), 'an unknown number of')} {names.comparison}."
    )


def question_section(document: Mapping[str, Any], names: Names) -> Section:
    design = document["design"]
    comparisons = document.get("comparisons") or []
    facts = [
        ("Question", sentence(document["question"])),
        ("Exposure", sentence(document.get("exposure")) or MISSING),
        (
            "Compared with",
            "; ".join(f"{one['label']}{' (primary)' if one['is_primary'] else ''}" for one in comparisons) or MISSING,
        ),
        ("Outcome", f"{names.outcome}, in {names.outcome_unit} ({document['outcome']['name']})"),
        ("Estimand", document.get("estimand") or MISSING),
        ("Design hash", design.get("hash") or "there is none: no design was stored"),
    ]
    blocks: list[Block] = [
        Facts(tuple(facts), code_terms=("Design hash",)),
        Subheading("How the groups were made alike"),
    ]
    blocks += _design(design, names)
    return Section("question", "The question and the design", tuple(blocks))


def _design(design: Mapping[str, Any], names: Names) -> list[Block]:
    blocks: list[Block] = []
    if design.get("written_before_outcomes"):
        blocks.append(
            Text("The design was chosen on balance alone and stored, with its hash, before outcomes were read.")
        )
    elif "written_before_outcomes" in design:
        blocks.append(Callout("Outcomes could be read before the design was stored.", "Look out"))
    chosen, because = design.get("chosen"), design.get("chosen_because")
    if chosen:
        blocks.append(Text(f"Chosen design: {chosen}. {sentence(because)}".strip()))
    else:
        blocks.append(Text(f"No matched or weighted design was chosen. {sentence(because)}".strip()))
    facts = []
    if design.get("matched_per_treated") is not None:
        facts.append(
            (
                "Matching",
                f"up to {count(design['matched_per_treated'])} {names.comparison} for each of the {names.treated}, "
                f"without replacement, within {figure(design.get('caliper_sd'))} SD of the propensity score’s logit",
            )
        )
    if design.get("exact_on"):
        facts.append(("Exact on", listed(design["exact_on"])))
    if design.get("covariates"):
        facts.append(("Alike in", "; ".join(f"{one['label']} ({one['name']})" for one in design["covariates"])))
    if design.get("seed") is not None:
        facts.append(("Seed of the design", str(design["seed"])))
    if facts:
        blocks.append(Facts(tuple(facts)))
    if design.get("dropped_covariates"):
        blocks.append(Text("Left out of the model:"))
        blocks.append(Bullets(tuple(f"{one['name']}: {one['reason']}" for one in design["dropped_covariates"])))
    propensity = design.get("propensity")
    if propensity and propensity.get("coefficients"):
        blocks.append(
            Table(
                "propensity",
                "Propensity model: what goes with being treated (log-odds per unit)",
                (Column("Term", is_number=False), Column("Coefficient")),
                tuple((one["name"], effect(one["coefficient"])) for one in propensity["coefficients"]),
            )
        )
    if propensity and propensity.get("note"):
        blocks.append(Text(sentence(propensity["note"])))
    return blocks


def detectable_section(document: Mapping[str, Any], names: Names) -> Section:
    mde = document["mde"]
    blocks: list[Block] = [Text(detectable(document, names))]
    if mde.get("estimate") is not None:
        blocks.append(
            Text(
                "An effect of that size would be found four times out of five (80% power, two-sided test at 5%). "
                "A smaller one may be there and not be seen: finding nothing is then no proof of nothing."
            )
        )
    facts = [
        ("Smallest detectable effect", f"{effect(mde.get('estimate'))} SD"),
        (names.treated_short, count(mde.get("n_treated"))),
        (names.comparison.capitalize(), count(mde.get("n_comparison"))),
        ("Treated share", share(mde.get("treated_share"))),
        ("Design effect", figure(mde.get("design_effect"))),
        ("Mean cluster size", figure(mde.get("mean_cluster_size"), 1)),
        ("Intraclass correlation", figure(mde.get("intraclass_correlation"), 3)),
        ("Variance explained (R²)", figure(mde.get("r_squared"))),
    ]
    blocks.append(Facts(tuple((term, value) for term, value in facts if not value.startswith(MISSING))))
    if mde.get("basis"):
        blocks.append(Text(sentence(mde["basis"])))
    rules = []
    if mde.get("minimum_treated") is not None:
        rules.append(f"fewer than {count(mde['minimum_treated'])} {names.treated}")
    if mde.get("ceiling") is not None:
        rules.append(f"a smallest detectable effect above {figure(mde['ceiling'])} SD")
    if rules:
        blocks.append(Text(f"The rule, fixed beforehand: with {' or '.join(rules)}, no effect is given."))
    return Section("detectable", "What this study could detect", tuple(blocks))


def refusal_section(document: Mapping[str, Any]) -> Section | None:
    refusal = document["refusal"]
    if refusal is None:
        return None
    rules = {
        "sample": "too few people for an effect",
        "mde": "too large a smallest detectable effect",
        "design": "no sound comparison",
    }
    return Section(
        "refusal",
        "Why no effect is given",
        (
            Callout(sentence(refusal["sentence"]), "These data can't answer the question"),
            Text(
                f"The rule that applies: {rules.get(refusal['rule'], refusal['rule'])}. It was fixed beforehand, so "
                "that no effect is shown only because it looks good. This report gives counts, what could be detected, "
                "how alike the groups are, and costs. It holds no effect anywhere, nor do its files."
            ),
        ),
    )
