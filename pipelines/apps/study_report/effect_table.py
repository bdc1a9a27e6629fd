"""Effects as rows of a table, in one way everywhere.

Belongs here: the columns that every table of effects has. Does not belong here: which effects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.apps.study_report.blocks import Column, Table
from pipelines.apps.study_report.words import (
    HIDDEN,
    HIDDEN_MEANS,
    Names,
    count,
    effect,
    interval,
    p_value,
    usd,
    usd_interval,
)

_WIDTH = 7


def effect_table(
    name: str,
    caption: str,
    first: Sequence[str],
    rows: Sequence[tuple[Sequence[str], Mapping[str, Any]]],
    names: Names,
    *,
    last: Sequence[str] = (),
    after: Sequence[Sequence[str]] = (),
    in_usd: bool = False,
    unit: str | None = None,
    is_long: bool = False,
) -> Table:
    """A table of (leading cells, effect); `last` and `after` add columns behind the effect's own.

    The unit stands in the caption: the outcome's, unless `unit` names another.
    """
    columns = (
        *(Column(label, is_number=False) for label in first),
        Column("USD" if in_usd else "Effect"),
        Column("Std. error"),
        Column("95% interval"),
        Column(names.treated_column),
        Column("Comparison"),
        Column("Clusters"),
        Column("p"),
        *(Column(label) for label in last),
    )
    cells = []
    for index, (leading, row) in enumerate(rows):
        behind = tuple(after[index]) if after else ()
        cells.append((*leading, *_cells(row, in_usd), *behind))
    told_unit = "" if in_usd else f" ({unit or names.outcome_unit})"
    return Table(name, f"{caption}{told_unit}", columns, tuple(cells), _notes(rows), is_long)


def told(row: Mapping[str, Any], unit: str) -> str:
    """`0.12 SD (95% interval 0.03 to 0.21; p = 0.01)`, or why there is none."""
    if row.get("estimate") is None:
        return f"not estimated{': ' + str(row['note']) if row.get('note') else ''}"
    parts = []
    if row.get("ci_low") is not None:
        parts.append(f"95% interval {interval(row['ci_low'], row['ci_high'])}")
    if row.get("p_value") is not None:
        number = p_value(row["p_value"])
        parts.append(f"p {number}" if number.startswith("<") else f"p = {number}")
    return f"{effect(row['estimate'])} {unit}" + (f" ({'; '.join(parts)})" if parts else "")


def excludes_zero(row: Mapping[str, Any]) -> bool:
    low, high = row.get("ci_low"), row.get("ci_high")
    return low is not None and high is not None and (low > 0 or high < 0)


def _cells(row: Mapping[str, Any], in_usd: bool) -> tuple[str, ...]:
    if row.get("is_suppressed"):
        return (HIDDEN,) * _WIDTH
    ends = row["ci_low"], row["ci_high"]
    return (
        usd(row["estimate"]) if in_usd else effect(row["estimate"]),
        usd(row["std_error"]) if in_usd else effect(row["std_error"]),
        usd_interval(*ends) if in_usd else interval(*ends),
        count(row["n_treated"]),
        count(row["n_comparison"]),
        count(row["n_clusters"]),
        p_value(row.get("p_value")),
    )


def _notes(rows: Sequence[tuple[Sequence[str], Mapping[str, Any]]]) -> tuple[str, ...]:
    notes = [f"{leading[0]}: {row['note']}" for leading, row in rows if row.get("note")]
    if any(row.get("is_suppressed") for _, row in rows):
        notes.append(HIDDEN_MEANS)
    return tuple(dict.fromkeys(notes))
