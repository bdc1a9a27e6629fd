"""What would overturn the effect: trends that bend, something unseen, a chance start, mixed comparisons.

Belongs here: the sensitivity panel. Does not belong here: the effect itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.apps.study_report.blocks import Block, Column, Figure, Section, Subheading, Table, Text
from pipelines.apps.study_report.effect_table import effect_table, excludes_zero, told
from pipelines.apps.study_report.effects import absent
from pipelines.apps.study_report.words import (
    Names,
    count,
    effect,
    figure,
    interval,
    p_value,
    sentence,
    share,
    whether,
)

_HEADING = "What would overturn it: sensitivity"


def sensitivity_section(document: Mapping[str, Any], names: Names) -> Section:
    found = document.get("sensitivity")
    if not found:
        return Section(
            "sensitivity", _HEADING, (absent(document, "Nothing was tried: there is no sensitivity analysis."),)
        )
    blocks: list[Block] = []
    for heading, part in (
        ("If trends were not parallel", _smoothness),
        ("If something unseen were behind it", _unseen),
        ("Where there should be no effect", _placebos),
        ("If the treated began at a low point", _mean_reversion),
        ("What two-way fixed effects would have mixed", _bacon),
    ):
        blocks.append(Subheading(heading))
        blocks += part(found, names)
    return Section("sensitivity", _HEADING, tuple(blocks))


def _missing(found: Mapping[str, Any], key: str, what: str) -> Text:
    return Text(f"{what}: not had. {sentence(found.get(f'{key}_note'))}".strip())


def _smoothness(found: Mapping[str, Any], names: Names) -> list[Block]:
    rows = found.get("smoothness") or []
    blocks: list[Block] = []
    if rows:
        table = Table(
            "smoothness",
            "Honest intervals (Rambachan and Roth): the effect if trends may bend by at most M",
            (
                Column(f"M ({names.outcome_unit} per period)", is_number=False),
                Column("95% interval"),
                Column("Excludes 0"),
            ),
            tuple(
                (effect(row["m"]), interval(row.get("ci_low"), row.get("ci_high")), whether(row.get("excludes_zero")))
                for row in rows
            ),
        )
        last = [row["m"] for row in rows if row.get("excludes_zero")]
        seen = f"up to M = {effect(max(last))}" if last else "at no M"
        alt = (
            f"One interval per M from {effect(rows[0]['m'])} to {effect(rows[-1]['m'])}; they widen with M and exclude "
            f"0 {seen}."
        )
        is_drawn = any(row.get("ci_low") is not None and row.get("ci_high") is not None for row in rows)
        blocks.append(Figure("smoothness", "The interval as trends may bend more", alt, table) if is_drawn else table)
    else:
        blocks.append(_missing(found, "smoothness", "Honest intervals"))
    if found.get("breakdown_m") is not None:
        blocks.append(
            Text(
                f"The effect stands until trends bend by {effect(found['breakdown_m'])} {names.outcome_unit} from one "
                "period to the next."
                if found["breakdown_m"]
                else "The interval includes 0 even if trends don't bend at all."
            )
        )
    else:
        blocks.append(_missing(found, "breakdown_m", "The bend at which it falls"))
    return blocks


def _unseen(found: Mapping[str, Any], names: Names) -> list[Block]:
    blocks: list[Block] = []
    e_value, gamma = found.get("e_value"), found.get("rosenbaum_gamma")
    if e_value and e_value.get("estimate") is not None:
        blocks.append(
            Text(
                f"E-value {figure(e_value['estimate'])}, {figure(e_value.get('ci'))} for the interval. "
                + sentence(
                    e_value.get("note")
                    or "something unseen would have to go with both treatment and outcome by a risk ratio of that size "
                    "to explain the effect away"
                )
            )
        )
    else:
        blocks.append(_missing(found, "e_value", "E-value"))
    if gamma and gamma.get("gamma") is not None:
        blocks.append(
            Text(
                f"Rosenbaum Γ {figure(gamma['gamma'])} (p = {p_value(gamma.get('p_value'))} without hidden bias, "
                f"{count(gamma.get('n_sets'))} sets). "
                + sentence(
                    gamma.get("note")
                    or f"the effect stays significant until two matched {names.units} differ in their odds of "
                    "treatment by that factor"
                )
            )
        )
    else:
        blocks.append(_missing(found, "rosenbaum_gamma", "Rosenbaum Γ"))
    return blocks


def _placebos(found: Mapping[str, Any], names: Names) -> list[Block]:
    labels = {
        "placebo": "Pretended earlier start, before any treatment",
        "non_aligned": "Elements that the credentials don’t address"
        if names.is_school_years
        else "Outcome that treatment does not address",
    }
    known = [(labels[key], found[key]) for key in labels if found.get(key)]
    blocks: list[Block] = []
    if known:
        blocks.append(
            effect_table(
                "placebos", "Effects that should be 0", ["Placebo"], [([label], row) for label, row in known], names
            )
        )
        for label, row in known:
            if row["estimate"] is not None:
                verdict = "is not 0: look out" if excludes_zero(row) else "can’t be told apart from 0, as it should be"
                blocks.append(Text(f"{label}: {told(row, names.outcome_unit)}; it {verdict}."))
    blocks += [_missing(found, key, labels[key]) for key in labels if not found.get(key)]
    return blocks


def _mean_reversion(found: Mapping[str, Any], names: Names) -> list[Block]:
    row = found.get("mean_reversion")
    if not row:
        return [_missing(found, "mean_reversion", "Mean reversion")]
    return [
        Text(
            f"Just before the start, {names.treated} stood {effect(row.get('treated_dip'))} {names.outcome_unit} from "
            f"their own earlier trend, {names.comparison} {effect(row.get('comparison_dip'))}. Who begins at a low "
            f"point rises without help. {sentence(row.get('note'))}".strip()
        )
    ]


def _bacon(found: Mapping[str, Any], names: Names) -> list[Block]:
    bacon = found.get("bacon")
    if not bacon:
        return [_missing(found, "bacon", "Goodman-Bacon decomposition")]
    blocks: list[Block] = []
    if bacon.get("two_way_fixed_effects"):
        blocks.append(Text(f"Two-way fixed effects: {told(bacon['two_way_fixed_effects'], names.outcome_unit)}."))
        blocks.append(
            effect_table(
                "two_way_fixed_effects",
                "The two-way fixed-effects estimate",
                ["Estimator"],
                [(["Two-way fixed effects"], bacon["two_way_fixed_effects"])],
                names,
            )
        )
    if bacon.get("rows"):
        blocks.append(
            Table(
                "bacon",
                "Goodman-Bacon decomposition: what that estimate is an average of",
                (Column("Compared", is_number=False), Column("Weight"), Column(f"Effect ({names.outcome_unit})")),
                tuple((row["kind"], share(row.get("weight")), effect(row.get("estimate"))) for row in bacon["rows"]),
            )
        )
    return blocks
