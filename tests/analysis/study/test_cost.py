"""Prices and ingredients: worked values of METHODS section 4 and of Levin et al. (2018), and bad input."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pipelines.analysis import cost
from pipelines.analysis.ingredients import checked_ingredients, cost_per, cost_table
from pipelines.analysis.prices import (
    annualisation_factor,
    annualise,
    constant_dollars,
    discount_sensitivity,
    later_prices,
    present_value,
    teacher_hour_price,
)

SEED = Path(__file__).parents[3] / "dbt_project" / "seeds" / "consumer_price_index.csv"


def price_index() -> pl.DataFrame:
    return pl.read_csv(SEED).select("year", pl.col("index_value").alias("index"))


def ingredients(**changes: list[object]) -> pl.DataFrame:
    """A 15-hour micro-credential with a fee of $75, and a workshop of 6 hours."""
    hour = teacher_hour_price(65_000, 0.30, 190, 7.5)
    columns: dict[str, list[object]] = {
        "arm": ["micro-credential", "micro-credential", "traditional"],
        "category": ["participant", "materials", "participant"],
        "payer": ["teacher", "district", "district"],
        "quantity": [15.0, 1.0, 6.0],
        "unit": ["hour", "fee", "hour"],
        "unit_price_usd": [hour, 75.0, hour],
        "price_year": [2024, 2024, 2024],
        "source": ["estimate", "price list", "ledger"],
    }
    return pl.DataFrame(columns | changes)


def test_teacher_hour_price__worked_value_of_methods() -> None:
    assert teacher_hour_price(65_000, 0.30, 190, 7.5) == pytest.approx(59.298, abs=5e-4)
    assert 15 * teacher_hour_price(65_000, 0.30, 190, 7.5) + 75 == pytest.approx(964.47, abs=5e-3)


def test_annualisation__worked_value_of_methods() -> None:
    assert annualisation_factor(0.03, 5) == pytest.approx(0.218355, abs=5e-7)
    assert annualise(10_000, 0.03, 5) == pytest.approx(2_183.55, abs=5e-3)


def test_annualisation__payments_are_worth_the_price() -> None:
    yearly = annualise(10_000, 0.05, 7)
    assert present_value([yearly] * 7, range(1, 8), 0.05) == pytest.approx(10_000)
    assert annualisation_factor(0, 4) == 0.25
    assert annualisation_factor(1e-12, 4) == pytest.approx(0.25)


def test_present_value__discounts_each_year() -> None:
    assert present_value([100, 100, 100], [0, 1, 2]) == pytest.approx(100 + 100 / 1.03 + 100 / 1.03**2)
    sensitivity = discount_sensitivity([0, 121], [0, 2])
    assert sensitivity["rate"].to_list() == [0.0, 0.03, 0.05, 0.07]
    assert sensitivity["cost_usd"].to_list() == pytest.approx([121, 114.0541, 109.7506, 105.6861], abs=5e-5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: teacher_hour_price(-1, 0.3, 190, 7.5), "salary is -1"),
        (lambda: teacher_hour_price(65_000, 0.3, 0, 7.5), "number of days is 0"),
        (lambda: teacher_hour_price(float("nan"), 0.3, 190, 7.5), "salary is nan"),
        (lambda: annualisation_factor(-0.01, 5), "interest rate is -0.01"),
        (lambda: annualisation_factor(0.03, 0), "number of years is 0"),
        (lambda: annualise(-5, 0.03, 5), "cost is -5"),
        (lambda: present_value([1, 2], [0]), "2 amounts come with 1 years"),
        (lambda: present_value([1, float("inf")], [0, 1]), "1 of 2 payments have no finite amount"),
        (lambda: present_value([1], [0], -0.1), "discount rate is -0.1"),
    ],
)
def test_prices__refuse_what_is_no_price(call: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()  # type: ignore[operator]


def test_price_index__is_the_published_series() -> None:
    seed = pl.read_csv(SEED, try_parse_dates=True)
    assert seed["year"].to_list() == list(range(2014, 2025))
    assert seed["series"].unique().to_list() == ["CUUR0000SA0"]
    assert (seed["published_on"].dt.year() == seed["year"] + 1).all()
    # inflation as the Bureau published it, annual average on annual average, in per cent
    changes = (seed["index_value"] / seed["index_value"].shift(1) * 100 - 100).round(1).to_list()[1:]
    assert changes == [0.1, 1.3, 2.1, 2.4, 1.8, 1.2, 4.7, 8.0, 4.1, 2.9]


def test_constant_dollars__turns_prices_into_those_of_one_year() -> None:
    frame = pl.DataFrame({"unit_price_usd": [1_000.0, 1_000.0, 50.0], "price_year": [2019, 2024, 2014]})
    priced = constant_dollars(frame, price_index(), 2024)
    assert priced["constant_unit_price_usd"].round(2).to_list() == [1_226.99, 1_000.0, 66.25]
    assert priced["is_constant"].all()
    assert priced.drop("constant_unit_price_usd", "is_constant").equals(frame)
    assert later_prices(priced) is None


def test_constant_dollars__later_years_stay_and_are_told() -> None:
    frame = pl.DataFrame({"unit_price_usd": [100.0, 100.0, 100.0], "price_year": [2026, 2023, 2025]})
    priced = constant_dollars(frame, price_index(), 2024)
    assert priced["constant_unit_price_usd"].round(2).to_list() == [100.0, 102.95, 100.0]
    assert priced["is_constant"].to_list() == [False, True, False]
    told = later_prices(priced)
    assert told is not None and "2 of 3 prices" in told and "2025, 2026" in told


@pytest.mark.parametrize(
    ("years", "base", "message"),
    [
        ([2024, None], 2024, "1 of 2 rows have no price_year"),
        ([2012, 2013], 2024, "no year 2012, 2013, and 2 of 2 prices"),
        ([2024, 2024], 2031, "no year 2031, asked for as the base year; it has 2014 to 2024"),
    ],
)
def test_constant_dollars__name_the_year_that_is_missing(years: list[int | None], base: int, message: str) -> None:
    frame = pl.DataFrame({"unit_price_usd": [1.0, 2.0], "price_year": years})
    with pytest.raises(ValueError, match=message):
        constant_dollars(frame, price_index(), base)


def test_constant_dollars__refuse_an_index_that_is_none() -> None:
    frame = pl.DataFrame({"unit_price_usd": [1.0], "price_year": [2024]})
    twice = pl.concat([price_index(), price_index().tail(1)])
    gap = price_index().filter(pl.col("year") != 2020)
    with pytest.raises(ValueError, match="year 2024 more than once"):
        constant_dollars(frame, twice, 2024)
    with pytest.raises(ValueError, match="no year 2020, and 1 of 1"):
        constant_dollars(frame.with_columns(price_year=2020), gap, 2024)
    with pytest.raises(ValueError, match="1 of 11 rows of the price index"):
        constant_dollars(frame, price_index().with_columns(pl.col("index").replace({236.736: 0.0})), 2024)
    with pytest.raises(ValueError, match="has no years"):
        constant_dollars(frame, price_index().clear(), 2024)
    with pytest.raises(ValueError, match="no column index"):
        constant_dollars(frame, price_index().rename({"index": "value"}), 2024)


def test_cost_table__adds_up_and_shares() -> None:
    table = cost_table(ingredients())
    micro = table.filter(arm="micro-credential")
    assert micro["cost_usd"].sum() == pytest.approx(964.47, abs=5e-3)
    assert micro.filter(category="materials")["share"].item() == pytest.approx(75 / 964.4737, abs=1e-6)
    assert table.group_by("arm").agg(pl.col("share").sum())["share"].to_list() == pytest.approx([1, 1])
    by_payer = cost_table(ingredients(), by=["payer"])
    assert by_payer["payer"].to_list() == ["district", "teacher"]
    assert by_payer["share"].sum() == pytest.approx(1)


def test_cost_table__of_constant_dollars() -> None:
    priced = constant_dollars(ingredients(price_year=[2019, 2024, 2019]), price_index(), 2024)
    table = cost_table(priced, by=["arm"], price="constant_unit_price_usd")
    assert table.filter(arm="micro-credential")["cost_usd"].item() == pytest.approx(889.4737 * 313.689 / 255.657 + 75)


def test_cost_table__of_nothing_and_of_what_was_free() -> None:
    assert cost_table(ingredients().clear()).is_empty()
    assert cost_table(ingredients(unit_price_usd=[0.0, 0.0, 0.0]))["share"].null_count() == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"unit_price_usd": [-75.0, 75.0, 10.0]}, "1 of 3 ingredients have a negative unit_price_usd"),
        ({"quantity": [15.0, -1.0, -6.0]}, "2 of 3 ingredients have a negative quantity"),
        ({"quantity": [15.0, None, 6.0]}, "1 of 3 ingredients have no finite quantity"),
        ({"unit_price_usd": [float("inf"), 75.0, float("nan")]}, "2 of 3 ingredients have no finite unit_price_usd"),
        ({"price_year": [2024, None, 2024]}, "1 of 3 ingredients have no price_year"),
        ({"arm": ["micro-credential", "coaching", None]}, "2 of 3 ingredients have an unknown arm .None, coaching."),
        ({"payer": ["teacher", "parents", "state"]}, "1 of 3 ingredients have an unknown payer .parents."),
        ({"category": ["participant", "fees", "other"]}, "unknown category .fees.; use one of personnel"),
    ],
)
def test_ingredients__refuse_what_can_not_be_added_up(changes: dict[str, list[object]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cost_table(ingredients(**changes))


def test_ingredients__refuse_a_missing_column_and_take_other_arms() -> None:
    with pytest.raises(ValueError, match="no column payer"):
        checked_ingredients(ingredients().drop("payer"))
    with pytest.raises(ValueError, match="no column school"):
        cost_table(ingredients(), by=["arm", "school"])
    with pytest.raises(ValueError, match="none was named"):
        cost_table(ingredients(), by=[])
    coaching = ingredients(arm=["coaching", "coaching", "traditional"])
    assert cost_table(coaching, by=["arm"], arms=["coaching", "traditional"]).height == 2


def test_cost_per__who_did_not_finish_costs_too() -> None:
    costs = pl.DataFrame({"arm": ["micro-credential", "micro-credential", "traditional"], "cost_usd": [900.0, 300, 80]})
    counts = pl.DataFrame(
        {
            "arm": ["micro-credential"] * 3 + ["traditional"] * 2,
            "measure": ["award", "award_started", "teacher", "contact_hour", "teacher"],
            "n": [2.0, 3.0, 3.0, 16.0, 0.0],
        }
    )
    assert cost_per(costs, counts)["cost_usd"].to_list() == [600.0, 400.0, 400.0, 5.0, None]


@pytest.mark.parametrize(
    ("costs", "counts", "message"),
    [
        ({"cost_usd": [-1.0]}, {}, "1 of 1 cost rows have a negative cost_usd"),
        ({"cost_usd": [None]}, {}, "1 of 1 cost rows have no finite cost_usd"),
        ({}, {"n": [-1]}, "1 of 1 counts have a negative n"),
        ({}, {"measure": ["pupil"]}, "unknown measure; use one of teacher, award"),
        ({}, {"arm": ["micro-credential"]}, "1 of 1 counts have an arm without costs"),
    ],
)
def test_cost_per__refuses(costs: dict[str, list[object]], counts: dict[str, list[object]], message: str) -> None:
    of_costs = pl.DataFrame({"arm": ["traditional"], "cost_usd": [5.0]} | costs, strict=False)
    of_counts = pl.DataFrame({"arm": ["traditional"], "measure": ["award"], "n": [1]} | counts, strict=False)
    with pytest.raises(ValueError, match=message):
        cost_per(of_costs, of_counts)


def test_cost__has_every_name_of_the_study() -> None:
    assert all(hasattr(cost, name) for name in cost.__all__)
    assert {"incremental_cost_effectiveness", "cost_table", "constant_dollars", "annualise"} <= set(cost.__all__)
