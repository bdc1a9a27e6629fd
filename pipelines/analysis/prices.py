"""Prices over time: an hour of a teacher, a year of something that lasts, dollars of one year.

Belongs here: price arithmetic with its sources. Does not belong here: what was used and who paid
(ingredients), what it bought (cost_effectiveness), the index itself (seed consumer_price_index).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import polars as pl

DISCOUNT_RATE = 0.03


def teacher_hour_price(salary: float, benefit_rate: float, days: float, hours: float) -> float:
    """Dollars an hour of a teacher costs: salary·(1 + benefit rate)/(days·hours).

    salary: dollars a year; benefit_rate: benefits as a share of salary (0.30 is 30 %); days: contract days
    a year; hours: contract hours a day. Raises ValueError where salary or rate is negative, days or hours are
    not above 0, or anything is not a finite number.

    Source: Levin, McEwan, Belfield, Bowden & Shand (2018), "Economic Evaluation in Education", 3rd ed.,
    (a person's time is priced at salary and fringe benefits).
    Worked: 65,000·1.30/(190·7.5) = 59.298 $/h; 15 hours and a fee of $75 are $964.47.
    """
    _refuse("salary", salary, is_allowed=salary >= 0, allowed="0 or more")
    _refuse("benefit rate", benefit_rate, is_allowed=benefit_rate >= 0, allowed="0 or more")
    _refuse("number of days", days, is_allowed=days > 0, allowed="above 0")
    _refuse("number of hours", hours, is_allowed=hours > 0, allowed="above 0")
    return salary * (1 + benefit_rate) / (days * hours)


def annualisation_factor(rate: float, years: float) -> float:
    """The share of its price that something lasting `years` costs each year: r(1+r)ⁿ/((1+r)ⁿ − 1).

    rate: interest a year (0.03 is 3 %); at 0 the factor is 1/n. Raises ValueError where the rate is negative
    or `years` is not above 0.

    Source: Levin et al. (2018); the capital recovery factor. Worked: 3 %, 5 years → 0.218355.
    """
    _refuse("interest rate", rate, is_allowed=rate >= 0, allowed="0 or more")
    _refuse("number of years", years, is_allowed=years > 0, allowed="above 0")
    if rate == 0:
        return 1 / years
    # r/(1 − (1+r)⁻ⁿ), kept exact for small rates
    return rate / -math.expm1(-years * math.log1p(rate))


def annualise(cost: float, rate: float, years: float) -> float:
    """Dollars a year of something that cost `cost` dollars and lasts `years` years.

    Raises ValueError on a negative cost, and as `annualisation_factor` does.
    Worked: $10,000 over 5 years at 3 % is $2,183.55 a year.
    """
    _refuse("cost", cost, is_allowed=cost >= 0, allowed="0 or more")
    return cost * annualisation_factor(rate, years)


def present_value(amounts: npt.ArrayLike, years: npt.ArrayLike, rate: float = DISCOUNT_RATE) -> float:
    """Dollars of year 0 that the amounts are worth: Σ amount/(1 + rate)^year.

    amounts: dollars, one number a payment; years: when each is paid, in years after year 0, of the same shape.
    Raises ValueError on a negative rate, another shape, or what is not finite.

    Source: Levin et al. (2018); 3 % and, for sensitivity, 0, 5 and 7 %.
    Worked: $100 in each of years 0, 1 and 2 at 3 % are $291.35.
    """
    _refuse("discount rate", rate, is_allowed=rate >= 0, allowed="0 or more")
    paid, when = np.asarray(amounts, dtype=np.float64), np.asarray(years, dtype=np.float64)
    if paid.shape != when.shape:
        raise ValueError(f"{paid.size} amounts come with {when.size} years; each amount needs its year")
    unusable = int((~np.isfinite(paid) | ~np.isfinite(when)).sum())
    if unusable:
        raise ValueError(f"{unusable} of {paid.size} payments have no finite amount or year; fill them in or drop them")
    return float((paid / (1 + rate) ** when).sum())


def discount_sensitivity(
    amounts: npt.ArrayLike, years: npt.ArrayLike, rates: tuple[float, ...] = (0.0, DISCOUNT_RATE, 0.05, 0.07)
) -> pl.DataFrame:
    """The present value of the same payments at several rates: one row per rate, columns rate and cost_usd."""
    return pl.DataFrame(
        {"rate": list(rates), "cost_usd": [present_value(amounts, years, rate) for rate in rates]},
        schema={"rate": pl.Float64, "cost_usd": pl.Float64},
    )


def constant_dollars(
    frame: pl.DataFrame,
    index: pl.DataFrame,
    base_year: int,
    amount: str = "unit_price_usd",
    year: str = "price_year",
) -> pl.DataFrame:
    """The frame with its prices in dollars of `base_year`: price · index(base year)/index(price year).

    frame: rows with a price `amount` in dollars and the `year` whose dollars they are. index: one row per
    year, columns `year` and `index` (CPI-U annual averages: seed consumer_price_index). Adds
    `constant_<amount>` and `is_constant`. A price of a year after the newest in the index can't be converted
    yet: it stays in its own dollars with `is_constant` false, and `later_prices` says so in a sentence.

    Raises ValueError where a row has no price year, where the base year or a price year up to the newest of
    the index is missing in it (naming the years), or where the index repeats a year or isn't above 0.

    Source: Levin et al. (2018); U.S. Bureau of Labor Statistics, series CUUR0000SA0.
    Worked: $1,000 of 2019 (255.657) are $1,226.99 of 2024 (313.689).
    """
    known = _checked_index(index)
    in_index = sorted(known["year"].to_list())
    if base_year not in in_index:
        raise ValueError(
            f"the price index has no year {base_year}, asked for as the base year; "
            f"it has {in_index[0]} to {in_index[-1]}: choose one of these or add the year to the index"
        )
    undated = frame[year].null_count()
    if undated:
        raise ValueError(f"{undated} of {frame.height} rows have no {year}; say of which year each price is")
    years = frame[year].cast(pl.Int64).unique().sort()
    missing = [value for value in years.to_list() if value <= in_index[-1] and value not in in_index]
    if missing:
        rows = frame.filter(pl.col(year).cast(pl.Int64).is_in(missing)).height
        raise ValueError(
            f"the price index has no year {', '.join(map(str, missing))}, and {rows} of {frame.height} prices are of "
            "it; add it to the index"
        )
    base = known.filter(year=base_year)["index"].item()
    factors = known.select(pl.col("year").alias(year), (base / pl.col("index")).alias("_factor"))
    return (
        frame.with_columns(pl.col(year).cast(pl.Int64))
        .join(factors, on=year, how="left", maintain_order="left")
        .with_columns(
            (pl.col(amount) * pl.col("_factor").fill_null(1.0)).alias(f"constant_{amount}"),
            pl.col("_factor").is_not_null().alias("is_constant"),
        )
        .drop("_factor")
    )


def later_prices(frame: pl.DataFrame, year: str = "price_year") -> str | None:
    """What of `constant_dollars`' result stayed in the dollars of its own year, as a sentence; None if nothing."""
    later = frame.filter(~pl.col("is_constant"))
    if later.is_empty():
        return None
    years = ", ".join(str(value) for value in later[year].unique().sort().to_list())
    return (
        f"{later.height} of {frame.height} prices are of years after the newest in the price index ({years}) "
        "and stand in the dollars of those years."
    )


def _checked_index(index: pl.DataFrame) -> pl.DataFrame:
    missing = [name for name in ("year", "index") if name not in index.columns]
    if missing:
        raise ValueError(f"the price index has no column {', '.join(missing)}; it needs year and index")
    known = index.select(pl.col("year").cast(pl.Int64), pl.col("index").cast(pl.Float64))
    if known.is_empty():
        raise ValueError("the price index has no years; load the seed consumer_price_index")
    unusable = known.filter(
        pl.col("year").is_null() | ~(pl.col("index").is_finite() & (pl.col("index") > 0)).fill_null(False)
    ).height
    if unusable:
        raise ValueError(
            f"{unusable} of {known.height} rows of the price index have no year or no number above 0; correct them"
        )
    repeated = known.filter(pl.col("year").is_duplicated())["year"].unique().sort().to_list()
    if repeated:
        raise ValueError(
            f"the price index holds the year {', '.join(map(str, repeated))} more than once; keep one of each"
        )
    return known


def _refuse(what: str, value: float, is_allowed: bool, allowed: str) -> None:
    if not (math.isfinite(value) and is_allowed):
        raise ValueError(f"the {what} is {value}; it must be a finite number, {allowed}")
