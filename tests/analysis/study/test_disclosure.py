"""Hidden counts stay hidden: a published table that fails, planted ones, random ones, and every way to be given away.

What the module says is checked by programs of the tests' own: all cells as variables, one equation per printed count,
and, for small tables, by trying every table of whole numbers.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from pipelines.analysis.cell_ranges import hidden_counts, ranges
from pipelines.analysis.count_table import count_table, every_total
from pipelines.analysis.disclosure import Protected, audit, protect
from pipelines.analysis.small_cells import suppress_small_cells

TWO_WAYS = ["county", "education"]
LEVELS = ["low", "medium", "high", "very high"]
COUNTIES = ["Alpha", "Beta", "Gamma", "Delta"]
# delinquent children by county and education of the household's head: Federal Committee on Statistical Methodology,
# Statistical Policy Working Paper 22, Report on Statistical Disclosure Limitation Methodology (1994; 2nd version 2005)
CHILDREN = [15, 1, 3, 1, 20, 10, 10, 15, 3, 10, 10, 2, 12, 14, 7, 2]
# its suppression with two or more hidden counts in every row and column
HIDDEN = [0, 1, 1, 1, 0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 0, 1]


def two_ways(counts: Sequence[int], rows: Sequence[str] = COUNTIES, columns: Sequence[str] = LEVELS) -> pl.DataFrame:
    cells = list(itertools.product(rows, columns))
    return pl.DataFrame(cells, schema=TWO_WAYS, orient="row").with_columns(people=pl.Series(counts, dtype=pl.Int64))


def random_table(seed: int, rows: int = 20, columns: int = 8) -> pl.DataFrame:
    """Skewed counts of 30 on average; in turn with two fifths, a quarter, a tenth and a thirtieth of them below ten."""
    draw = np.random.default_rng(seed)
    shape = (0.5, 1.2, 3.0, 6.0)[seed % 4]
    counts = draw.poisson(draw.gamma(shape, 30 / shape, rows * columns))
    return two_ways(counts.tolist(), [f"r{at}" for at in range(rows)], [f"c{at}" for at in range(columns)])


def published(table: Protected) -> pl.DataFrame:
    """As a reader has it: cells and totals, nothing of what is hidden."""
    return pl.concat([table.frame, table.totals.select(table.frame.columns)])


def readers_ranges(printed: pl.DataFrame, columns: Sequence[str], count: str) -> pl.DataFrame:
    """Smallest and largest value of each hidden count, by two programs each over all cells."""
    cells = printed.filter(pl.all_horizontal(pl.col(name).is_not_null() for name in columns))
    labels = cells.select(columns).to_numpy()
    equations, sums, hidden = [], [], []
    for row in printed.select(*columns, count).iter_rows():
        inside = np.all([(label is None) | (labels[:, at] == label) for at, label in enumerate(row[:-1])], axis=0)
        if row[-1] is None:
            hidden.append((row[:-1], inside.astype(float)))
        else:
            equations.append(inside.astype(float))
            sums.append(row[-1])
    found = []
    for label, direction in hidden:
        ends = [
            linprog(sign * direction, A_eq=np.array(equations) if equations else None, b_eq=sums or None).fun
            for sign in (1, -1)
        ]
        found.append((*label, ends[0], np.inf if ends[1] is None else -ends[1]))
    return pl.DataFrame(found, schema=[*columns, "low", "high"], orient="row")


def test_audit__refuses_a_count_that_follows_from_four_totals_together() -> None:
    """No single row or column gives it away: rows Alpha and Beta less columns medium and high do."""
    table = two_ways(CHILDREN).with_columns(is_suppressed=pl.Series([flag == 1 for flag in HIDDEN]))

    found = audit(table, TWO_WAYS, "people", threshold=5)

    for margin in TWO_WAYS:
        assert (table.group_by(margin).agg(pl.col("is_suppressed").sum())["is_suppressed"] >= 2).all()
    assert not found.is_safe
    exact = found.exposed.filter(pl.col("low") == pl.col("high"))
    assert exact.select(*TWO_WAYS, "low").rows() == [("Alpha", "very high", 1)]  # as the paper works out
    assert found.refusal is not None and "1 can be worked out exactly" in found.refusal
    with pytest.raises(ValueError, match="county Alpha, education very high"):
        found.require_safe()
    assert protect(two_ways(CHILDREN), TWO_WAYS, "people", threshold=5).audit.is_safe


def test_audit__refuses_what_a_subtraction_gives_away_and_names_it() -> None:
    table = pl.DataFrame(
        {"school": ["a", "a", "b", "b"], "status": ["x", "y", "x", "y"], "people": [3, 20, 15, 30]}
    ).with_columns(is_suppressed=pl.col("people") < 10)
    found = audit(table, ["school", "status"], "people")
    assert found.exposed.rows() == [("a", "x", False, 3, 3)]
    assert found.refusal == (
        "the table can't be printed: of its 1 hidden counts, 1 can be worked out exactly from the printed ones and 0 "
        "to a range narrower than 10 (school a, status x). Hide more counts, or coarsen the table."
    )


def test_audit__of_a_printed_table_needs_no_hidden_count() -> None:
    printed = pl.DataFrame(
        {
            "school": ["a", "b", "c", None],
            "people": [None, None, 40, 47],
            "is_suppressed": [True, True, False, False],
        }
    )
    found = audit(printed, ["school"], "people")
    assert found.exposed.rows() == [("a", False, 0, 7), ("b", False, 0, 7)]  # seven people in two schools
    assert audit(printed.with_columns(people=pl.Series([None, None, 40, 50])), ["school"], "people").is_safe
    unflagged = printed.with_columns(is_suppressed=False)
    assert not audit(unflagged, ["school"], "people").is_safe  # a null is hidden whatever its flag


def test_audit__without_totals_nothing_follows() -> None:
    table = pl.DataFrame({"school": ["a", "b"], "people": [3, 40], "is_suppressed": [True, False]})
    assert audit(table, ["school"], "people", totals=[]).is_safe
    assert not audit(table, ["school"], "people").is_safe
    assert not audit(table, ["school"], "people", totals=[()]).is_safe


def test_audit__a_hidden_total_follows_from_its_cells_and_from_other_totals() -> None:
    by_cells = pl.DataFrame(
        {"school": ["a", "b", None], "people": [20, 30, None], "is_suppressed": [False, False, True]}
    )
    assert audit(by_cells, ["school"], "people").exposed.rows() == [(None, True, 50, 50)]
    assert "the grand total" in (audit(by_cells, ["school"], "people").refusal or "")
    table = two_ways([4, 3, 20, 30], ["s", "t"], ["x", "y"])
    printed = pl.concat(
        [
            table.with_columns(people=pl.when(pl.col("county") == "t").then("people")),
            pl.DataFrame(
                [("s", None, None), ("t", None, 50), (None, "x", 24), (None, "y", 33), (None, None, 57)],
                schema=table.schema,
                orient="row",
            ),
        ]
    ).with_columns(is_suppressed=pl.col("people").is_null())
    exposed = audit(printed, TWO_WAYS, "people").exposed
    assert ("s", None, True, 7, 7) in exposed.rows()
    assert ("s", "x", False, 4, 4) in exposed.rows()


def test_protect__hides_totals_that_would_give_cells_away() -> None:
    table = two_ways([4, 3, 20, 30, 40, 50], ["s", "t", "u"], ["x", "y"])
    found = protect(table, TWO_WAYS, "people")
    assert found.audit.is_safe and audit(published(found), TWO_WAYS, "people").is_safe
    assert found.totals.filter(county="s")["people"].to_list() == [None]
    assert found.primary == 3  # two cells and their total


def test_protect__gives_the_table_back_as_it_was_but_for_what_is_hidden() -> None:
    table = two_ways([40, 3, 20, 30, 40, 50], ["t", "s", "u"], ["y", "x"]).with_columns(
        label=pl.Series(["e", "b", "d", "a", "c", "f"])
    )
    found = protect(table, TWO_WAYS, "people")
    assert found.frame.columns == [*table.columns, "is_suppressed"]
    assert found.frame.drop("people", "is_suppressed").equals(table.drop("people"))
    shown = ~found.frame["is_suppressed"]
    assert found.frame["people"].filter(shown).equals(table["people"].filter(shown))
    assert (found.frame["people"].is_null() == found.frame["is_suppressed"]).all()
    hidden = found.frame["is_suppressed"].sum()
    assert found.primary == 1 and found.complementary == hidden - 1 == 3
    assert found.information_loss == pytest.approx(hidden / 6)
    assert found.people_hidden == pytest.approx(table["people"].filter(~shown).sum() / 183)
    assert found.totals_hidden == 0 and found.totals.height == 6


def test_protect__of_one_list_with_its_total() -> None:
    table = pl.DataFrame({"level": ["a", "b", "c", "d"], "people": [3, 20, 15, 100]})
    assert protect(table, ["level"], "people").frame["people"].to_list() == [None, 20, None, 100]
    nobody = pl.DataFrame({"level": ["a", "b", "c"], "people": [0, 0, 12]})
    assert protect(nobody, ["level"], "people").frame["people"].null_count() == 3
    few = pl.DataFrame({"level": ["a", "b"], "people": [3, 4]})
    assert protect(few, ["level"], "people").totals["people"].to_list() == [None]
    large = pl.DataFrame({"level": ["a", "b"], "people": [10, 11]})
    assert protect(large, ["level"], "people").information_loss == 0
    unsummed = protect(table, ["level"], "people", totals=[])
    assert unsummed.complementary == 0 and unsummed.totals.is_empty()


def test_protect__of_a_table_that_holds_its_totals() -> None:
    table = pl.DataFrame({"count": ["a", "b", "c", None], "people": [3, 20, 15, 38]})
    found = protect(table, ["count"], "people")
    assert found.frame.rows() == [("a", None, True), ("b", 20, False), ("c", None, True)]
    assert found.totals.rows() == [(None, 38, False)]


def test_protect__only_against_the_totals_that_are_printed() -> None:
    table = two_ways([3, 20, 15, 40, 50, 60], ["s", "t", "u"], ["x", "y"])
    by_column = protect(table, TWO_WAYS, "people", totals=[["education"]])
    assert by_column.frame["people"].to_list() == [None, 20, None, 40, 50, 60]


def test_protect__of_an_empty_table_and_of_one_cell() -> None:
    empty = protect(pl.DataFrame(schema={"level": pl.String, "people": pl.Int64}), ["level"], "people")
    assert empty.audit.is_safe and empty.frame.is_empty() and empty.information_loss == 0
    one = protect(pl.DataFrame({"level": ["a"], "people": [4]}), ["level"], "people")
    assert one.frame["people"].to_list() == [None] and one.totals["people"].to_list() == [None]


def test_every_total__of_plain_dimensions_and_of_a_hierarchy() -> None:
    assert every_total(["cohort", "status"]) == [(), ("status",), ("cohort",)]
    assert every_total([["district", "school"], "status"]) == [
        (),
        ("status",),
        ("district",),
        ("district", "status"),
        ("district", "school"),
    ]


def hierarchy(seed: int) -> pl.DataFrame:
    """Cohort × school × status, schools in two districts."""
    draw = np.random.default_rng(seed)
    cells = [
        (cohort, f"d{school // 3}", f"s{school}", status)
        for cohort in (2024, 2025, 2026)
        for school in range(6)
        for status in ("earner", "peer")
    ]
    counts = draw.poisson(draw.gamma(2.0, 30, len(cells)))
    counts[0] = 3  # one small cell at least
    return pl.DataFrame(cells, schema=["cohort", "district", "school", "status"], orient="row").with_columns(
        people=pl.Series(counts)
    )


@pytest.mark.parametrize("seed", range(4))
def test_protect__of_cohort_by_school_by_status(seed: int) -> None:
    columns = ["cohort", "district", "school", "status"]
    found = protect(hierarchy(seed), ["cohort", ["district", "school"], "status"], "people")
    assert found.audit.is_safe
    assert found.totals.height == (1 + 3) * (1 + 2 + 6) * (1 + 2) - 36  # every level with every other, less the cells
    reader = readers_ranges(published(found), columns, "people")
    assert reader.height == found.primary + found.complementary
    assert reader.height > 0 and reader.filter(pl.col("high") - pl.col("low") < 10 - 1e-6).is_empty()
    shown = found.frame.drop_nulls("people")
    assert shown.is_empty() or shown["people"].min() >= 10  # type: ignore[operator]
    assert 0 < found.information_loss < 1


def test_protect__of_a_hierarchy_knows_the_districts_totals() -> None:
    """A school of three is told by its district's total, which a table of schools alone would not have."""
    table = pl.DataFrame(
        {"district": ["d", "d", "e", "e"], "school": ["d1", "d2", "e1", "e2"], "people": [3, 40, 15, 60]}
    )
    nested = protect(table, [["district", "school"]], "people")
    assert nested.frame["people"].to_list() == [None, None, 15, 60]
    assert nested.totals.filter(pl.col("school").is_null())["people"].to_list() == [118, 43, 75]
    flat = protect(table.drop("district"), ["school"], "people")
    assert flat.frame["people"].to_list() == [None, 40, None, 60]


def small_three_ways() -> pl.DataFrame:
    """A table of 3 × 3 × 3 whose program has corners that are no whole numbers."""
    counts = [1, 1, 0, 1, 3, 0, 0, 1, 1, 0, 1, 1, 0, 1, 0, 1, 1, 1, 1, 0, 1, 1, 1, 0, 0, 1, 0]
    return pl.DataFrame(
        list(itertools.product("abc", "def", "ghi")), schema=["x", "y", "z"], orient="row"
    ).with_columns(people=pl.Series(counts))


def every_table_with_these_totals(cells: np.ndarray) -> np.ndarray:
    """Every 3 × 3 × 3 table of whole numbers with the same sums along each axis: tables × 27, by trying them all."""
    sums = [np.broadcast_to(cells.sum(axis=axis, keepdims=True), cells.shape) for axis in range(3)]
    most = np.minimum.reduce(sums)[:2, :2, :2].ravel()
    free = np.stack(np.meshgrid(*[np.arange(end + 1) for end in most], indexing="ij"), axis=-1).reshape(-1, 8)
    tables = np.zeros((free.shape[0], 3, 3, 3), dtype=np.int64)
    tables[:, :2, :2, :2] = free.reshape(-1, 2, 2, 2)
    tables[:, :2, :2, 2] = cells.sum(axis=2)[:2, :2] - tables[:, :2, :2, :2].sum(axis=3)
    tables[:, :2, 2, :] = cells.sum(axis=1)[:2] - tables[:, :2, :2, :].sum(axis=2)
    tables[:, 2] = cells.sum(axis=0) - tables[:, :2].sum(axis=1)
    return tables[(tables >= 0).all(axis=(1, 2, 3))].reshape(-1, 27)


def test_ranges__of_three_ways_are_of_whole_numbers() -> None:
    table = small_three_ways()
    cells = table["people"].to_numpy().reshape(3, 3, 3)
    counted = count_table(table, ["x", "y", "z"], "people", totals=[("x", "y"), ("x", "z"), ("y", "z")])
    is_hidden = np.arange(counted.rows.height) < 27
    program = hidden_counts(counted.parts, np.where(is_hidden, 0, counted.counts), is_hidden, 27)
    possible = every_table_with_these_totals(cells)
    low, high = ranges(program)
    np.testing.assert_array_equal(low, possible.min(axis=0))
    np.testing.assert_array_equal(high, possible.max(axis=0))
    # these nine cells can all be 0 in halves of people, never in whole ones
    direction = np.zeros(27)
    direction[[2, 3, 5, 10, 14, 15, 18, 23, 25]] = 1
    assert linprog(direction, A_eq=program.equations, b_eq=program.sums).fun == pytest.approx(0)
    found = program.extreme(direction)
    assert found is not None
    assert direction @ found == (possible @ direction).min() == 1


@pytest.mark.parametrize("seed", range(6))
def test_ranges__of_two_ways_are_those_of_every_possible_table(seed: int) -> None:
    draw = np.random.default_rng(seed)
    table = two_ways(draw.poisson(3, 9).tolist(), "abc", "xyz")
    counted = count_table(table, TWO_WAYS, "people")
    is_hidden = np.concatenate([draw.uniform(size=9) < 0.7, np.zeros(7, dtype=bool)])
    program = hidden_counts(counted.parts, np.where(is_hidden, 0, counted.counts), is_hidden, 9)
    low, high = ranges(program)
    cells = table["people"].to_numpy().reshape(3, 3)
    free = np.array(list(itertools.product(range(cells.max() * 3 + 1), repeat=4)), dtype=np.int64)
    tables = np.zeros((free.shape[0], 3, 3), dtype=np.int64)
    tables[:, :2, :2] = free.reshape(-1, 2, 2)
    tables[:, :2, 2] = cells.sum(axis=1)[:2] - tables[:, :2, :2].sum(axis=2)
    tables[:, 2] = cells.sum(axis=0) - tables[:, :2].sum(axis=1)
    flat = tables.reshape(-1, 9)
    agrees = (flat >= 0).all(axis=1) & (flat[:, ~is_hidden[:9]] == cells.ravel()[~is_hidden[:9]]).all(axis=1)
    possible = flat[agrees][:, is_hidden[:9]]
    np.testing.assert_array_equal(low, possible.min(axis=0))
    np.testing.assert_array_equal(high, possible.max(axis=0))


@st.composite
def any_table(draw: st.DrawFn) -> pl.DataFrame:
    rows, columns = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    cells = draw(st.sets(st.tuples(st.integers(0, rows - 1), st.integers(0, columns - 1)), min_size=1))
    counts = st.one_of(st.integers(0, 12), st.integers(0, 150))
    return pl.DataFrame(
        [(f"r{row}", f"c{column}", draw(counts)) for row, column in sorted(cells)],
        schema=[*TWO_WAYS, "people"],
        orient="row",
    )


@settings(deadline=None, max_examples=30)
@given(table=any_table(), threshold=st.integers(1, 12))
def test_protect__whatever_the_table_no_hidden_count_can_be_narrowed(table: pl.DataFrame, threshold: int) -> None:
    found = protect(table, TWO_WAYS, "people", threshold)
    printed = published(found)
    assert printed.drop_nulls("people").filter(pl.col("people") < threshold).is_empty()
    reader = readers_ranges(printed, TWO_WAYS, "people")
    assert reader.filter(pl.col("high") - pl.col("low") < threshold - 1e-6).is_empty()
    assert audit(printed, TWO_WAYS, "people", threshold=threshold).is_safe


def shown_safe(seeds: range, is_each_range_asked: bool) -> pl.DataFrame:
    """Tables of 20 × 8 protected, audited as printed, and asked by the tests' own program where that is wanted."""
    losses = []
    for seed in seeds:
        table = random_table(seed)
        found = protect(table, TWO_WAYS, "people")
        printed = published(found)
        audit(printed, TWO_WAYS, "people").require_safe()
        if is_each_range_asked:
            reader = readers_ranges(printed, TWO_WAYS, "people")
            assert reader.height == found.primary + found.complementary
            assert reader.filter(pl.col("high") - pl.col("low") < 10 - 1e-6).is_empty()
        losses.append((found.primary, found.complementary, found.information_loss, found.people_hidden))
    return pl.DataFrame(losses, schema=["primary", "complementary", "cells", "people"], orient="row")


def test_protect__random_tables_of_20_by_8() -> None:
    losses = shown_safe(range(12), is_each_range_asked=False)
    shown_safe(range(500, 502), is_each_range_asked=True)
    assert losses["complementary"].max() <= 20  # type: ignore[operator]
    assert losses["people"].mean() < 0.08  # type: ignore[operator]


@pytest.mark.proof
def test_protect__500_random_tables_of_20_by_8_have_no_recoverable_cell() -> None:
    losses = shown_safe(range(500), is_each_range_asked=True)
    print(losses.describe())  # with `-s`: how much of them is hidden
    assert losses.height == 500
    assert losses["cells"].mean() < 0.30  # type: ignore[operator]
    assert losses["people"].mean() < 0.08  # type: ignore[operator]


def test_protect__hides_no_more_people_than_the_quick_rule_where_that_is_safe() -> None:
    safe = 0
    for seed in range(8):
        table = random_table(seed, rows=5, columns=4)
        quick = suppress_small_cells(table, TWO_WAYS, "people")["is_suppressed"]
        if audit(table.with_columns(quick), TWO_WAYS, "people").is_safe:
            found = protect(table, TWO_WAYS, "people").frame["is_suppressed"]
            assert table["people"].filter(found).sum() <= table["people"].filter(quick).sum()
            safe += 1
    assert safe > 3


def test_quick_rule__can_be_seen_through_and_protect_can_not() -> None:
    """Every row and column hides two counts or more, and yet several totals together narrow some of them."""
    seen_through = 0
    for seed in range(2, 20, 4):
        table = random_table(seed)
        quick = table.with_columns(suppress_small_cells(table, TWO_WAYS, "people")["is_suppressed"])
        seen_through += not audit(quick, TWO_WAYS, "people").is_safe
        assert protect(table, TWO_WAYS, "people").audit.is_safe
    assert seen_through > 0


def test_protect__of_three_ways() -> None:
    columns = ["x", "y", "z"]
    margins = [["x", "y"], ["x", "z"], ["y", "z"]]
    for seed in range(4):
        draw = np.random.default_rng(seed)
        table = pl.DataFrame(list(itertools.product("abc", "def", "ghi")), schema=columns, orient="row").with_columns(
            people=pl.Series(draw.poisson(draw.gamma(1.5, 12, 27)))
        )
        found = protect(table, columns, "people", totals=margins)
        assert audit(published(found), columns, "people").is_safe
        assert found.frame["is_suppressed"].sum() >= (table["people"] < 10).sum() > 0


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"people": [3, -1, 5]}, "1 of 3 values of people are negative or no whole numbers"),
        ({"people": [3.5, 1.0, 5.0]}, "1 of 3 values of people are negative or no whole numbers"),
        ({"people": [3, None, 5]}, "1 of 3 cells have no count"),
        ({"people": ["3", "4", "5"]}, "people holds no numbers"),
        ({"level": ["a", "a", "b"]}, "2 of 3 rows share their level"),
        ({"level": ["a", "b", None]}, "1 of 1 totals are not the sum of their cells.*name what is missing"),
    ],
)
def test_protect__refuses_what_is_no_table(table: dict[str, list[object]], message: str) -> None:
    frame = pl.DataFrame({"level": ["a", "b", "c"], "people": [30, 40, 50]} | table)
    with pytest.raises(ValueError, match=message):
        protect(frame, ["level"], "people")


def test_audit__refuses_printed_counts_that_contradict_each_other() -> None:
    columns = {"level": ["a", "b", "c", None], "is_suppressed": [True, True, False, False]}
    with pytest.raises(ValueError, match="1 of 1 printed totals are not the sum"):
        audit(pl.DataFrame(columns | {"people": [None, None, 40, 30]}), ["level"], "people")
    twice = two_ways([None, None, None, None], "ab", "xy")  # type: ignore[list-item]
    totals = pl.DataFrame(
        [("a", None, 20), ("b", None, 20), (None, "x", 15), (None, "y", 15)], schema=twice.schema, orient="row"
    )
    table = pl.concat([twice, totals]).with_columns(is_suppressed=pl.col("people").is_null())
    with pytest.raises(ValueError, match="no table of whole numbers agrees with the printed counts"):
        audit(table, TWO_WAYS, "people")


def test_audit__refuses_unclear_questions() -> None:
    table = pl.DataFrame({"level": ["a", "b", None], "people": [30, 40, 70], "is_suppressed": [False] * 3})
    with pytest.raises(ValueError, match="holds 1 totals already"):
        audit(table, ["level"], "people", totals=[()])
    with pytest.raises(ValueError, match="no column school; it has level"):
        audit(table, ["school"], "people")
    with pytest.raises(ValueError, match="threshold is 0"):
        audit(table, ["level"], "people", threshold=0)
    with pytest.raises(ValueError, match="broken down by school, which is no dimension"):
        audit(table.head(2), ["level"], "people", totals=[("school",)])
    with pytest.raises(ValueError, match="1 of 1 totals have no cells"):
        audit(table.tail(1), ["level"], "people")
    with pytest.raises(ValueError, match="1 of 3 counts are missing"):
        protect(table.with_columns(people=pl.Series([None, 40, 70])), ["level"], "people")
