"""What a programme used, who paid for it, and what that is per teacher, per award and per hour.

Belongs here: ingredients, checked, multiplied and summed. Does not belong here: prices over time
(prices), effects (cost_effectiveness), which ledger line is an ingredient (dbt's crosswalk).

Source: Levin, McEwan, Belfield, Bowden & Shand (2018), "Economic Evaluation in Education: Cost-Effectiveness
and Benefit-Cost Analysis", 3rd ed.: list every ingredient of an alternative, give each a quantity
and a price, and add them up, whoever pays.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

ARMS = ("micro-credential", "traditional")
CATEGORIES = ("personnel", "facilities", "materials", "other", "participant")
PAYERS = ("district", "state", "federal", "teacher", "provider", "unknown")
MEASURES = ("teacher", "award", "award_started", "contact_hour")
_REQUIRED = ("arm", "category", "payer", "quantity", "unit", "unit_price_usd", "price_year", "source")


def checked_ingredients(ingredients: pl.DataFrame, arms: Sequence[str] = ARMS) -> pl.DataFrame:
    """The ingredients as given, once they are fit to be added up.

    ingredients: one row per ingredient: arm, category (CATEGORIES), payer (PAYERS), quantity and its unit,
    unit_price_usd, price_year (whose dollars the price is in), source (ledger, price list, estimate); further
    columns stay. Raises ValueError, with how many rows and what to do, on a missing column, an arm not in
    `arms`, an unknown category or payer, a negative, missing or non-finite quantity or price, and a missing
    price year. An empty frame is allowed: nothing was used.
    """
    missing = [name for name in _REQUIRED if name not in ingredients.columns]
    if missing:
        raise ValueError(f"the ingredients have no column {', '.join(missing)}; each row needs {', '.join(_REQUIRED)}")
    for column, known in (("arm", tuple(arms)), ("category", CATEGORIES), ("payer", PAYERS)):
        unknown = ingredients.filter(~pl.col(column).cast(pl.String).is_in(known).fill_null(False))
        if unknown.height:
            found = ", ".join(sorted(str(value) for value in unknown[column].unique().to_list()))
            raise ValueError(
                f"{unknown.height} of {ingredients.height} ingredients have an unknown {column} ({found}); "
                f"use one of {', '.join(known)}"
            )
    for column in ("quantity", "unit_price_usd"):
        number = pl.col(column).cast(pl.Float64)
        _refuse(ingredients, number.is_null() | ~number.is_finite(), f"no finite {column}", "fill it in")
        _refuse(ingredients, number < 0, f"a negative {column}", "give what was used and its price as 0 or more")
    _refuse(ingredients, pl.col("price_year").is_null(), "no price_year", "say of which year each price is")
    return ingredients


def cost_table(
    ingredients: pl.DataFrame,
    by: Sequence[str] = ("arm", "category", "payer"),
    price: str = "unit_price_usd",
    arms: Sequence[str] = ARMS,
) -> pl.DataFrame:
    """Dollars by the columns `by`: one row per combination that occurs, with cost_usd and its share of its arm.

    ingredients: as `checked_ingredients` takes them. `price` names the column of the unit price: with
    "constant_unit_price_usd", as `constant_dollars` adds it, all prices are of one year. cost_usd = Σ
    quantity·price. share: 0..1 of the arm's dollars (of all dollars where `by` has no arm); null where
    that is 0. Sorted by `by`.
    """
    checked = checked_ingredients(ingredients, arms)
    absent = [name for name in [*by, price] if name not in checked.columns]
    if absent or not by:
        raise ValueError(
            f"the ingredients have no column {', '.join(absent) or '(none was named)'}; "
            f"they have {', '.join(checked.columns)}"
        )
    cost = (pl.col("quantity").cast(pl.Float64) * pl.col(price).cast(pl.Float64)).sum().alias("cost_usd")
    summed = checked.group_by(list(by)).agg(cost).sort(list(by))
    whole = pl.col("cost_usd").sum().over("arm") if "arm" in by else pl.col("cost_usd").sum()
    return summed.with_columns(pl.when(whole > 0).then(pl.col("cost_usd") / whole).alias("share"))


def cost_per(costs: pl.DataFrame, counts: pl.DataFrame) -> pl.DataFrame:
    """What one teacher, award, award started or contact hour costs in each arm.

    costs: columns arm and cost_usd, any number of rows an arm (they are added up). counts: one row per arm and
    measure, columns arm, measure (MEASURES) and n. The dollars are all dollars of the arm: who started and did not
    finish cost, too, so an award costs more than an award started. Returns arm, measure, cost_usd, n in the order
    of `counts`; cost_usd is null where n is 0 or null, since nothing can be said per none.

    Raises ValueError on an unknown measure, a negative n, an arm and measure given twice, an arm without costs,
    and negative or missing costs.
    """
    number = pl.col("cost_usd").cast(pl.Float64)
    _refuse(costs, number.is_null() | ~number.is_finite(), "no finite cost_usd", "fill it in", "cost rows")
    _refuse(costs, number < 0, "a negative cost_usd", "give costs as 0 or more", "cost rows")
    _refuse(
        counts,
        ~pl.col("measure").is_in(MEASURES).fill_null(False),
        "an unknown measure",
        f"use one of {', '.join(MEASURES)}",
        "counts",
    )
    _refuse(counts, pl.col("n").cast(pl.Float64) < 0, "a negative n", "count from 0", "counts")
    _refuse(counts, pl.struct("arm", "measure").is_duplicated(), "an arm and measure twice", "keep one", "counts")
    _refuse(
        counts,
        ~pl.col("arm").is_in(costs["arm"].unique().to_list()).fill_null(False),
        "an arm without costs",
        "give its costs, or leave it out",
        "counts",
    )
    totals = costs.group_by("arm").agg(number.sum().alias("_total"))
    n = pl.col("n").cast(pl.Float64)
    return counts.join(totals, on="arm", how="left", maintain_order="left").select(
        "arm", "measure", pl.when(n > 0).then(pl.col("_total") / n).alias("cost_usd"), "n"
    )


def _refuse(frame: pl.DataFrame, is_wrong: pl.Expr, what: str, remedy: str, rows: str = "ingredients") -> None:
    wrong = frame.select(is_wrong.fill_null(False).sum()).item()
    if wrong:
        raise ValueError(f"{wrong} of {frame.height} {rows} have {what}; {remedy}")
