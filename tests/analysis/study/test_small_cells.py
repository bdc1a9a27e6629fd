"""Small counts are hidden, and none can be had back by subtracting."""

from __future__ import annotations

import itertools

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.analysis.small_cells import suppress_small_cells


def hidden_cells(frame: pl.DataFrame) -> list[tuple[object, ...]]:
    return frame.filter("is_suppressed").drop("is_suppressed", "people").rows()


def test_suppress__hides_small_counts_and_one_more_per_total() -> None:
    frame = pl.DataFrame({"school": ["a", "a", "a"], "competency": ["x", "y", "z"], "people": [3, 20, 15]})

    hidden = suppress_small_cells(frame, ["school"], "people")

    assert hidden["people"].to_list() == [None, 20, None]
    assert hidden["is_suppressed"].to_list() == [True, False, True]


def test_suppress__hides_in_both_directions_of_a_table() -> None:
    cells = list(itertools.product("ab", "xyz"))
    frame = pl.DataFrame(
        {"school": [s for s, _ in cells], "competency": [c for _, c in cells], "people": [3, 20, 15, 30, 40, 50]}
    )

    hidden = suppress_small_cells(frame, ["school", "competency"], "people")

    assert hidden_cells(hidden) == [("a", "x"), ("a", "z"), ("b", "x"), ("b", "z")]


def test_suppress__zeros_alone_would_be_given_away_by_their_total() -> None:
    frame = pl.DataFrame({"school": ["a"] * 3, "people": [0, 0, 12]})
    assert suppress_small_cells(frame, ["school"], "people")["people"].to_list() == [None, None, None]


def test_suppress__large_counts_stay() -> None:
    frame = pl.DataFrame({"school": ["a", "a", "b"], "people": [10, 11, 12]})
    assert suppress_small_cells(frame, ["school"], "people")["people"].to_list() == [10, 11, 12]


def test_suppress__an_empty_frame_stays_empty() -> None:
    frame = pl.DataFrame(schema={"school": pl.String, "people": pl.Int64})
    assert suppress_small_cells(frame, ["school"], "people").schema["is_suppressed"] == pl.Boolean


def test_suppress__refuses_what_is_no_count() -> None:
    frame = pl.DataFrame({"school": ["a"], "people": [-1]})
    with pytest.raises(ValueError, match="negative"):
        suppress_small_cells(frame, ["school"], "people")
    with pytest.raises(ValueError, match="no columns district"):
        suppress_small_cells(frame, ["district"], "people")
    with pytest.raises(ValueError, match="threshold is 0"):
        suppress_small_cells(frame, ["school"], "people", threshold=0)


@st.composite
def tables(draw: st.DrawFn) -> pl.DataFrame:
    rows = draw(st.integers(1, 5))
    columns = draw(st.integers(1, 5))
    cells = draw(st.sets(st.tuples(st.integers(0, rows - 1), st.integers(0, columns - 1)), min_size=1))
    counts = st.one_of(st.integers(0, 15), st.integers(0, 200))
    ordered = sorted(cells)
    return pl.DataFrame(
        {
            "school": [f"s{row}" for row, _ in ordered],
            "competency": [f"c{column}" for _, column in ordered],
            "people": [draw(counts) for _ in ordered],
        }
    )


def recovered_by_subtraction(frame: pl.DataFrame, margins: list[str], threshold: int) -> set[int]:
    """Rows whose hidden count follows from printed totals, subtracting again and again.

    A total is printed for each group with more than one cell whose total is not itself small. Where
    all that is left of a total is 0, every hidden count in it is 0.
    """
    counts = dict(enumerate(frame["people"].to_list()))
    known = {row for row, is_hidden in enumerate(frame["is_suppressed"].to_list()) if not is_hidden}
    recovered: set[int] = set()
    groups = [
        [row for row, value in enumerate(frame[margin].to_list()) if value == group]
        for margin in margins
        for group in frame[margin].unique().to_list()
    ]
    printed = [group for group in groups if len(group) > 1 and sum(counts[row] for row in group) >= threshold]
    changed = True
    while changed:
        changed = False
        for group in printed:
            unknown = [row for row in group if row not in known]
            left = sum(counts[row] for row in unknown)
            if len(unknown) == 1 or (unknown and left == 0):
                known.update(unknown)
                recovered.update(unknown)
                changed = True
    return recovered


@settings(deadline=None)
@given(frame=tables(), threshold=st.integers(1, 12))
def test_suppress__no_hidden_count_follows_from_the_totals(frame: pl.DataFrame, threshold: int) -> None:
    margins = ["school", "competency"]

    result = suppress_small_cells(frame, margins, "people", threshold)

    assert result.height == frame.height
    shown = result.filter(~pl.col("is_suppressed"))
    assert shown["people"].null_count() == 0
    assert (shown["people"] >= threshold).all()
    assert result.filter("is_suppressed")["people"].null_count() == result["is_suppressed"].sum()
    truth = result.with_columns(frame["people"])
    assert recovered_by_subtraction(truth, margins, threshold) == set()
    for margin in margins:  # what is hidden of a group is either not small together, or the whole group
        for group in truth.partition_by(margin):
            hidden = group.filter("is_suppressed")
            assert hidden.height in (0, group.height) or (hidden.height > 1 and hidden["people"].sum() >= threshold)
