"""What it cost: ingredients, cost per teacher and award, what an effect costs, where PD money went.

Belongs here: every section in dollars. Does not belong here: how prices and ratios are had.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.apps.study_report.blocks import Block, Bullets, Column, Facts, Figure, Section, Subheading, Table, Text
from pipelines.apps.study_report.effect_table import effect_table
from pipelines.apps.study_report.effects import REFUSED
from pipelines.apps.study_report.words import (
    MISSING,
    Names,
    count,
    effect,
    sentence,
    share,
    usd,
    usd_interval,
)

_MEASURES = {
    "teacher": "per teacher and year",
    "award": "per award",
    "award_started": "per award started (those not finished cost too)",
    "contact_hour": "per contact hour",
}
NO_CATEGORY = "not given"


def cost_section(document: Mapping[str, Any], names: Names) -> Section:
    cost = document.get("cost")
    if not cost:
        return Section("cost", "What it cost", (Text("Costs are not reported: no cost data were given."),))
    year = cost.get("price_year")
    dollars = (
        f"{cost.get('currency') or 'USD'} of {year}" if year else f"{cost.get('currency') or 'USD'}, year not given"
    )
    blocks: list[Block] = [
        Text(f"Ingredients method: everything that was used is counted, whoever paid for it. In {dollars}.")
    ]
    if cost.get("rows"):
        blocks.append(
            Table(
                "cost",
                f"Cost by arm, category and payer ({dollars})",
                (
                    Column("Arm", is_number=False),
                    Column("Category", is_number=False),
                    Column("Payer", is_number=False),
                    Column("Cost (USD)"),
                    Column("Share of the arm"),
                ),
                tuple(
                    (row["arm"], row["category"], row["payer"], usd(row.get("cost_usd")), share(row.get("share")))
                    for row in cost["rows"]
                ),
            )
        )
    if cost.get("per"):
        blocks.append(
            Table(
                "cost_per",
                f"Cost per {names.unit}, award and hour ({dollars})",
                (Column("Arm", is_number=False), Column("Cost", is_number=False), Column("USD"), Column("Number")),
                tuple(
                    (
                        row["arm"],
                        _MEASURES.get(row["measure"], row["measure"]),
                        usd(row.get("cost_usd")),
                        count(row.get("n")),
                    )
                    for row in cost["per"]
                ),
            )
        )
    blocks.append(Subheading("What an effect costs"))
    blocks += _incremental(document, cost, names)
    if cost.get("discount_sensitivity"):
        blocks.append(
            Table(
                "discount_sensitivity",
                "Incremental cost at other discount rates",
                (Column("Discount rate", is_number=False), Column("USD")),
                tuple((share(row["rate"]), usd(row.get("cost_usd"))) for row in cost["discount_sensitivity"]),
            )
        )
    if cost.get("benchmarks"):
        blocks.append(Subheading("For reading: what others pay"))
        blocks.append(
            Bullets(
                tuple(
                    f"{row['label']}: {_benchmark(row)}{' (' + row['source'] + ')' if row.get('source') else ''}"
                    for row in cost["benchmarks"]
                )
            )
        )
    return Section("cost", "What it cost", tuple(blocks))


def _benchmark(row: Mapping[str, Any]) -> str:
    value, unit = row.get("value"), row.get("unit") or ""
    if isinstance(value, int | float):
        return (
            f"{usd(value)} {unit.removeprefix('USD').strip()}".strip()
            if unit.startswith("USD")
            else f"{count(value)} {unit}"
        )
    return f"{value or MISSING} {unit}".strip()


def _incremental(document: Mapping[str, Any], cost: Mapping[str, Any], names: Names) -> list[Block]:
    incremental = cost.get("incremental")
    if not incremental:
        return [
            Text(
                REFUSED
                if document["refusal"] is not None
                else "Not reported: effect and cost were not estimated together."
            )
        ]
    unit = names.outcome_unit
    blocks: list[Block] = []
    for key, caption, in_usd in (
        ("cost_usd", f"Incremental cost per {names.unit}: the treated less the comparison", True),
        ("effect", "The effect it is set against", False),
    ):
        if incremental.get(key):
            label = "Incremental cost" if in_usd else "Effect"
            blocks.append(
                effect_table(
                    f"incremental_{key}", caption, ["Figure"], [([label], incremental[key])], names, in_usd=in_usd
                )
            )
    ratio, fieller = incremental.get("icer_usd_per_sd"), incremental.get("fieller") or {}
    if ratio is None:
        why = (
            sentence(incremental.get("note")) or "The interval of the effect includes 0, so a ratio would mean nothing."
        )
        blocks.append(Text(f"No cost-effectiveness ratio is given. {why} Read the plane and the net benefit."))
    else:
        facts = [
            (f"Cost per {unit} (incremental cost-effectiveness ratio)", usd(ratio)),
            (f"Cost per 0.1 {unit}", usd(incremental.get("cost_per_tenth_sd_usd"))),
        ]
        if fieller:
            facts.append(("95% set of the ratio (Fieller)", _fieller(fieller)))
        blocks.append(Facts(tuple(facts)))
        if incremental.get("note"):
            blocks.append(Text(sentence(incremental["note"])))
    if ratio is None and fieller.get("kind"):
        blocks.append(Text(f"95% set of the ratio (Fieller): {_fieller(fieller)}."))
    blocks += _plane(cost.get("plane") or [], names)
    blocks += _acceptability(cost.get("acceptability") or [], names)
    if cost.get("net_benefit"):
        blocks.append(
            Table(
                "net_benefit",
                f"Net benefit per {names.unit}: what the effect is worth, less what it costs",
                (
                    Column(f"If one {unit} is worth (USD)", is_number=False),
                    Column("Net benefit (USD)"),
                    Column("95% interval"),
                ),
                tuple(
                    (
                        usd(row["willingness_to_pay_usd"]),
                        usd(row.get("net_benefit_usd")),
                        usd_interval(row.get("ci_low"), row.get("ci_high")),
                    )
                    for row in cost["net_benefit"]
                ),
            )
        )
    return blocks


def _fieller(fieller: Mapping[str, Any]) -> str:
    ends = usd_interval(fieller.get("low"), fieller.get("high"))
    return f"{ends}, {fieller['kind']}" if fieller.get("kind") else ends


def _plane(draws: Sequence[Mapping[str, Any]], names: Names) -> list[Block]:
    if not draws:
        return [Text("There is no cost-effectiveness plane: nothing was drawn.")]
    total = len(draws)
    dearer_better = sum(row["effect"] > 0 and row["cost_usd"] > 0 for row in draws)
    dearer_worse = sum(row["effect"] <= 0 and row["cost_usd"] > 0 for row in draws)
    cheaper_better = sum(row["effect"] > 0 and row["cost_usd"] <= 0 for row in draws)
    alt = (
        f"{total} bootstrap draws of effect and incremental cost. Better and dearer: {share(dearer_better / total)}; "
        f"better and no dearer: {share(cheaper_better / total)}; no better and dearer: {share(dearer_worse / total)}; "
        f"no better and no dearer: {share((total - dearer_better - dearer_worse - cheaper_better) / total)}."
    )
    table = Table(
        "plane",
        f"The {total} draws",
        (Column("Draw", is_number=False), Column(f"Effect ({names.outcome_unit})"), Column("Incremental cost (USD)")),
        tuple((str(n), effect(row["effect"]), usd(row["cost_usd"])) for n, row in enumerate(draws, start=1)),
        is_long=True,
    )
    return [Figure("plane", "Cost-effectiveness plane", alt, table)]


def _acceptability(rows: Sequence[Mapping[str, Any]], names: Names) -> list[Block]:
    known = [row for row in rows if row["probability"] is not None]
    if not known:
        return [Text("There is no acceptability curve: nothing was drawn.")]
    even = next((row for row in known if row["probability"] >= 0.5), None)
    unit = names.outcome_unit
    half = f"It reaches 50% at {usd(even['willingness_to_pay_usd'])} per {unit}." if even else "It never reaches 50%."
    alt = (
        f"The chance that treatment is worth its cost goes from {share(known[0]['probability'])} where one {unit} is "
        f"worth {usd(known[0]['willingness_to_pay_usd'])} to {share(known[-1]['probability'])} at "
        f"{usd(known[-1]['willingness_to_pay_usd'])}. {half}"
    )
    table = Table(
        "acceptability",
        "How likely it is worth its cost",
        (Column(f"If one {unit} is worth (USD)", is_number=False), Column("Chance that it is worth its cost")),
        tuple((usd(row["willingness_to_pay_usd"]), share(row["probability"])) for row in rows),
    )
    return [Figure("acceptability", "Acceptability curve", alt, table)]


def spending_section(document: Mapping[str, Any]) -> Section:
    heading = "Where the money for professional development went"
    cost = document.get("cost") or {}
    rows, unmapped = cost.get("spending") or [], cost.get("unmapped")
    blocks: list[Block] = []
    if rows:
        totals = spending_totals(rows)
        all_of_it = sum(row["amount_usd"] for row in totals)
        top = totals[0]
        alt = (
            f"One bar per category and payer, {len(totals)} in all, {usd(all_of_it)} together. The largest is "
            f"{top['label']}, {usd(top['amount_usd'])}."
        )
        table = Table(
            "spending",
            "PD spending as booked, by category, payer, programme and year",
            (
                Column("Category", is_number=False),
                Column("Payer", is_number=False),
                Column("Programme", is_number=False),
                Column("School year", is_number=False),
                Column("USD"),
            ),
            tuple(
                (
                    row.get("category") or NO_CATEGORY,
                    row.get("payer") or NO_CATEGORY,
                    row.get("programme") or NO_CATEGORY,
                    MISSING if row.get("school_year") is None else _school_year(row["school_year"]),
                    usd(row.get("amount_usd")),
                )
                for row in rows
            ),
            is_long=len(rows) > 30,
        )
        blocks.append(Figure("spending", "PD spending by category and payer, all years", alt, table))
    else:
        blocks.append(Text("PD spending is not reported: no ledger lines were given."))
    if unmapped:
        blocks.append(
            Text(
                f"Not mapped: {count(unmapped.get('lines'))} ledger lines of {usd(unmapped.get('amount_usd'))}. "
                f"{sentence(unmapped.get('sentence'))}".strip()
            )
        )
    elif rows:
        blocks.append(Text("Whether ledger lines were left unmapped is not reported."))
    return Section("spending", heading, tuple(blocks))


def spending_totals(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Dollars by category and payer, the largest first."""
    sums: dict[tuple[str, str], float] = {}
    for row in rows:
        key = row.get("category") or NO_CATEGORY, row.get("payer") or NO_CATEGORY
        sums[key] = sums.get(key, 0.0) + (row.get("amount_usd") or 0.0)
    ordered = sorted(sums.items(), key=lambda one: (-one[1], one[0]))
    return [{"label": f"{category}, paid by {payer}", "amount_usd": amount} for (category, payer), amount in ordered]


def _school_year(spring: int) -> str:
    return f"{spring - 1}–{spring % 100:02d}"
