"""The quick rule for small counts: hide them, and further ones, so that no subtraction gives them away.

Belongs here: primary and complementary suppression margin by margin, for tables of any size. Does not belong here:
the audit by linear programming and the suppression that passes it (disclosure), which counts leave the scope of those
who may know them (the exports, the report), or how a hidden count is printed.

Judged by subtraction, margin by margin, until nothing more follows. Combinations of many sums at once can tell more:
`disclosure.audit` says whether they do, and `disclosure.protect` hides until they don't; both are for the few hundred
counts of a printed table.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

DEFAULT_THRESHOLD = 10


def suppress_small_cells(
    frame: pl.DataFrame,
    margins: Sequence[str | Sequence[str]],
    count: str,
    threshold: int = DEFAULT_THRESHOLD,
) -> pl.DataFrame:
    """Return the frame with `count` null where it must be hidden, and a new column `is_suppressed`.

    `frame` has one row per cell; `count` is a whole number of people, null being already hidden.
    Each of `margins` names the column, or the columns together, within which the reader may know the
    total: `["school_id", "competency_code"]` protects against totals by school and by competency.

    1. A count below `threshold` is hidden, zero too.
    2. Within every group of every margin: while a hidden cell stands alone, or all the hidden cells
       together are below `threshold`, the smallest shown cell is hidden as well.

    A group whose cells are all hidden can be protected no further: a total below the threshold, or of
    a single cell, must not be printed.
    """
    if threshold < 1:
        raise ValueError(f"the threshold is {threshold}; it must be at least 1")
    groups = [[margin] if isinstance(margin, str) else list(margin) for margin in margins]
    missing = [name for name in [count, *(n for group in groups for n in group)] if name not in frame.columns]
    if missing:
        raise ValueError(f"the frame has no columns {', '.join(missing)}; it has {', '.join(frame.columns)}")
    if frame.filter(pl.col(count) < 0).height:
        raise ValueError(f"{count} holds negative counts")

    work = frame.select(
        pl.col(count).alias("_count"), *[pl.struct(group).alias(f"_margin_{i}") for i, group in enumerate(groups)]
    ).with_columns(
        pl.int_range(pl.len()).alias("_row"),
        (pl.col("_count").is_null() | (pl.col("_count") < threshold)).alias("_hidden"),
    )
    while True:
        before = work["_hidden"].sum()
        for i in range(len(groups)):
            work = _hide_one_more(work, f"_margin_{i}", threshold)
        if work["_hidden"].sum() == before:
            break
    hidden = work["_hidden"]
    return frame.with_columns(
        pl.when(~hidden).then(pl.col(count)).alias(count),
        hidden.alias("is_suppressed"),
    )


def _hide_one_more(work: pl.DataFrame, margin: str, threshold: int) -> pl.DataFrame:
    """In each group that gives a hidden cell away, hide the smallest cell still shown."""
    hidden = pl.col("_hidden")
    hidden_cells = hidden.sum().over(margin)
    hidden_people = pl.col("_count").filter(hidden).sum().over(margin)
    gives_away = (hidden_cells >= 1) & ((hidden_cells == 1) | (hidden_people < threshold))
    place = pl.struct("_count", "_row").rank("ordinal").over(margin, "_hidden")
    return work.with_columns((hidden | (gives_away & (place == 1))).alias("_hidden"))
