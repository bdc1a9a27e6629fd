"""Who was studied: the flow of records and people, balance, what the treated had that others had not.

Belongs here: sections about the groups. Does not belong here: outcomes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.apps.study_report.blocks import Block, Bullets, Column, Facts, Figure, Section, Subheading, Table, Text
from pipelines.apps.study_report.words import (
    HIDDEN,
    HIDDEN_MEANS,
    MISSING,
    Names,
    alike,
    capital,
    count,
    distinct,
    figure,
    sentence,
    usd,
    whether,
)

_NO_BALANCE = "Balance is not reported: no covariate was measured before treatment."
_FEW_PEOPLE = "Balance is not reported: too few people stand in a group, and their means would be theirs."
SAMPLES = ("before", "matched", "weighted")
SAMPLE_LABELS = {"before": "Before", "matched": "Matched", "weighted": "Weighted"}


def flow_section(document: Mapping[str, Any], names: Names) -> Section:
    flow, matched = document.get("flow") or [], document.get("matched")
    blocks: list[Block] = []
    if flow:
        is_hidden = any(one[arm] is None for one in flow for arm in ("treated", "comparison", "rows"))
        table = Table(
            "flow",
            "Flow of records and people, step by step",
            (
                Column("Step", is_number=False),
                Column(names.treated_column),
                Column("Comparison"),
                Column("Rows of data"),
                Column("Why others left", is_number=False),
            ),
            tuple(
                (
                    capital(one["step"]),
                    count(one["treated"], HIDDEN),
                    count(one["comparison"], HIDDEN),
                    count(one["rows"], HIDDEN),
                    one["reason"] or "",
                )
                for one in flow
            ),
            (f"{HIDDEN_MEANS}, or not known yet at that step",) if is_hidden else (),
        )
        first, last = flow[0], flow[-1]
        blocks.append(
            Figure(
                "flow",
                f"How many {names.units} are left after each step",
                f"Bars per step. {names.treated_short}: {count(first['treated'], HIDDEN)} at the first step "
                f"({first['step']}), {count(last['treated'], HIDDEN)} at the last ({last['step']}). "
                f"{names.comparison.capitalize()}: {count(first['comparison'], HIDDEN)} at the first, "
                f"{count(last['comparison'], HIDDEN)} at the last.",
                table,
            )
        )
    else:
        blocks.append(Text("The flow of people is not reported: the document holds no steps."))
    if document.get("records"):
        blocks += [Subheading("What became of the records"), _records_table(document["records"])]
    blocks.append(Subheading("Matched sets"))
    if not matched:
        blocks.append(Text("Nobody was matched: this study has no matched design."))
        return Section("flow", "Who was studied", tuple(blocks))
    blocks.append(
        Facts(
            (
                (f"{names.treated_short} with a match", count(matched.get("n_treated"), HIDDEN)),
                (f"{names.comparison.capitalize()} matched", count(matched.get("n_comparison"), HIDDEN)),
                ("Sets", count(matched.get("n_sets"), HIDDEN)),
                (f"{names.treated_short} without a match", count(matched.get("n_unmatched"), HIDDEN)),
                ("Worth, by their weights", f"{figure(matched.get('effective_n_comparison'), 1)} {names.comparison}"),
            )
        )
    )
    if matched.get("unmatched"):
        blocks.append(Text("Without a match, by reason:"))
        blocks.append(Bullets(tuple(f"{one['reason']}: {count(one['n'], HIDDEN)}" for one in matched["unmatched"])))
    if any(one["n"] is None for one in matched.get("unmatched") or []):
        blocks.append(Text(sentence(HIDDEN_MEANS)))
    return Section("flow", "Who was studied", tuple(blocks))


def _records_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    is_hidden = any(one["records"] is None for one in rows)
    return Table(
        "records",
        "What became of the records on the way into the study",
        (
            Column("Records of", is_number=False),
            Column("What became of them", is_number=False),
            Column("Studied", is_number=False),
            Column("People"),
            Column("Records"),
            Column("USD"),
        ),
        tuple(
            (
                capital(one["subject"]),
                one["reason"],
                whether(one["is_counted"]),
                count(one["people"], HIDDEN if one["records"] is None else MISSING),
                count(one["records"], HIDDEN),
                usd(one["amount_usd"]),
            )
            for one in rows
        ),
        (HIDDEN_MEANS,) if is_hidden else (),
    )


def _are_few(document: Mapping[str, Any]) -> bool:
    mde = document.get("mde") or {}
    return bool(mde) and mde.get("n_treated") is None


def balance_section(document: Mapping[str, Any], names: Names) -> Section:
    balance = document.get("balance") or {}
    rows = balance.get("rows") or []
    if not rows:
        return Section(
            "balance",
            "How alike the groups are",
            (Text(_FEW_PEOPLE if _are_few(document) else _NO_BALANCE),),
        )
    samples = samples_of(rows)
    if not samples:
        return Section(
            "balance",
            "How alike the groups are",
            (
                Text("Standardised differences could not be had; the means are these."),
                _means_table(rows, samples, names),
            ),
        )
    verdicts = balance.get("verdicts") or {}
    told = "; ".join(f"{SAMPLE_LABELS[one].lower()}: {verdicts[one]}" for one in SAMPLES if verdicts.get(one))
    blocks: list[Block] = [
        Text(
            f"What Works Clearinghouse verdict of the chosen design: {balance.get('verdict') or 'can’t be told'}. "
            + (f"Of each sample: {told}." if told else "")
        ),
        Text(
            "A difference of at most 0.05 SD satisfies the standard; up to 0.25 SD it does with statistical "
            "adjustment; above, not. The worst required measure decides."
        ),
        Figure(
            "love",
            "Love plot: how far apart the groups are, before and after",
            _love_alt(rows, samples),
            _effect_size_table(rows, samples),
        ),
        _verdict_table(rows, samples),
        _means_table(rows, samples, names),
    ]
    return Section("balance", "How alike the groups are", tuple(blocks))


def measure_labels(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """A name of its own for each measure: where two share theirs, with the column."""
    return distinct([row["label"] for row in rows], [row["covariate"] for row in rows])


def samples_of(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The samples of which some row knows a difference."""
    return [one for one in SAMPLES if any(row.get(f"effect_size_{one}") is not None for row in rows)]


def _love_alt(rows: Sequence[Mapping[str, Any]], samples: Sequence[str]) -> str:
    told, most = [], 0
    for sample in samples:
        known = [row for row in rows if row.get(f"effect_size_{sample}") is not None]
        most = max(most, len(known))
        worst = max(known, key=lambda row: abs(row[f"effect_size_{sample}"]))
        told.append(
            f"{SAMPLE_LABELS[sample]}: largest difference {figure(abs(worst[f'effect_size_{sample}']), 3)} SD "
            f"({worst['label']})"
        )
    return (
        f"One row per measure, {most} in all, and one mark per sample, against the limits of 0.05 and 0.25 SD. "
        f"{'; '.join(told)}."
    )


def _effect_size_table(rows: Sequence[Mapping[str, Any]], samples: Sequence[str]) -> Table:
    kinds = {"continuous": "Hedges g", "binary": "Cox index"}
    return Table(
        "balance",
        "Standardised differences between the groups",
        (
            Column("Measure", is_number=False),
            Column("Index", is_number=False),
            *(Column(f"{SAMPLE_LABELS[one]} (SD)") for one in samples),
        ),
        tuple(
            (
                label,
                kinds.get(row.get("kind", ""), row.get("kind", "")),
                *(figure(row.get(f"effect_size_{one}"), 3) for one in samples),
            )
            for label, row in zip(measure_labels(rows), rows, strict=True)
        ),
    )


def _verdict_table(rows: Sequence[Mapping[str, Any]], samples: Sequence[str]) -> Table:
    return Table(
        "verdicts",
        "What Works Clearinghouse verdict of each measure",
        (
            Column("Measure", is_number=False),
            Column("Required", is_number=False),
            *(Column(SAMPLE_LABELS[one], is_number=False) for one in samples),
        ),
        tuple(
            (
                label,
                whether(row.get("is_required")),
                *(row.get(f"verdict_{one}") or MISSING for one in samples),
            )
            for label, row in zip(measure_labels(rows), rows, strict=True)
        ),
    )


def _means_table(rows: Sequence[Mapping[str, Any]], samples: Sequence[str], names: Names) -> Table:
    return Table(
        "balance_means",
        "Means, each in its own unit (shares for yes-or-no measures)",
        (
            Column("Measure", is_number=False),
            Column("Column", is_number=False),
            Column(names.treated_column),
            *(Column(f"Comparison, {SAMPLE_LABELS[one].lower()}") for one in samples),
        ),
        tuple(
            (
                label,
                row["covariate"],
                *alike([row.get("treated_mean"), *(row.get(f"comparison_mean_{one}") for one in samples)]),
            )
            for label, row in zip(measure_labels(rows), rows, strict=True)
        ),
    )


def contrast_section(document: Mapping[str, Any], names: Names) -> Section:
    rows = document.get("contrast") or []
    blocks: list[Block]
    if rows:
        blocks = [
            Text(
                f"What {names.treated} had that {names.comparison} had not. Without a difference here, there is "
                "nothing that could have worked."
            ),
            Table(
                "contrast",
                f"Treatment contrast: what each group had, per {names.unit}",
                (
                    Column("Measure", is_number=False),
                    Column("Unit", is_number=False),
                    Column(names.treated_column),
                    Column("Comparison"),
                    Column("Difference"),
                    Column("Std. error"),
                    Column(f"{names.treated_column}, n"),
                    Column("Comparison, n"),
                ),
                tuple(
                    (
                        one["label"],
                        one.get("unit") or "",
                        *(
                            figure(one.get(key))
                            for key in ("treated_mean", "comparison_mean", "difference", "std_error")
                        ),
                        count(one.get("n_treated")),
                        count(one.get("n_comparison")),
                    )
                    for one in rows
                ),
            ),
        ]
    else:
        blocks = [Text("The treatment contrast is not known: no hours, awards or dollars were given.")]
    return Section("contrast", "What the treated had that others had not", tuple(blocks))
