"""How estimates stand in the document: as dictionaries, hidden where few people stand behind them.

Belongs here: an estimate's keys, and the small-cell rule for estimates. Does not belong here:
estimating, or the rule for tables of counts (analysis/disclosure).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from pipelines.analysis.disclosure import protect
from pipelines.analysis.estimate import Estimate
from pipelines.study.question import SMALLEST_CELL

FIGURES = ("estimate", "std_error", "ci_low", "ci_high", "n_treated", "n_comparison", "n_clusters")
_HIDDEN = (*FIGURES, "p_value", "effect_size", "q_value", "band_low", "band_high", "weight")


def told(estimate: Estimate, **more: Any) -> dict[str, Any]:
    """The estimate with its keys first."""
    return hide_if_few(asdict(estimate) | more)


def not_told(reason: str, **more: Any) -> dict[str, Any]:
    """An estimate that there is none of, with the reason."""
    return {**dict.fromkeys(FIGURES), "p_value": None, "note": reason, **more}


def hide_if_few(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row without its figures where fewer than ten stand in either arm."""
    counts = (row.get("n_treated"), row.get("n_comparison"))
    if any(count is not None and 0 < count < SMALLEST_CELL for count in counts):
        return hide(row)
    return dict(row)


def hide(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: None if key in _HIDDEN else value for key, value in row.items()} | {"is_suppressed": True}


@dataclass(frozen=True)
class Parts:
    """Rows that make up a whole which is printed beside them, as they may be printed, and the audit of it."""

    rows: list[dict[str, Any]]
    audit: dict[str, Any]

    def hidden(self, key: str) -> set[Any]:
        """Of which parts nothing is told."""
        return {row[key] for row in self.rows if row.get("is_suppressed")}


def hide_parts(name: str, rows: Sequence[Mapping[str, Any]], counts: Sequence[str] = ("n_treated",)) -> Parts:
    """Hide the parts of few people, and as many more as it takes that none follows from the whole.

    `counts`: the columns of counts whose sums over all parts are printed elsewhere. A part is hidden as one row.
    """
    cells = pl.DataFrame(
        [
            {"part": number, "arm": count, "n": int(row.get(count) or 0)}
            for number, row in enumerate(rows)
            for count in counts
        ],
        schema={"part": pl.Int64, "arm": pl.String, "n": pl.Int64},
    )
    if cells.is_empty():
        return Parts([], _audit(name, 0, 0, 0, 0.0, is_safe=True))
    protected = protect(cells, ["part", "arm"], "n", SMALLEST_CELL, totals=[["arm"]])
    hidden = set(protected.frame.filter("is_suppressed")["part"].to_list())
    shown = [hide(row) if number in hidden else hide_if_few(row) for number, row in enumerate(rows)]
    found = _audit(
        name,
        cells.height,
        protected.primary,
        protected.complementary,
        len(hidden) / len(rows),
        is_safe=protected.audit.is_safe,
    )
    return Parts(shown, found)


def _audit(name: str, cells: int, primary: int, complementary: int, loss: float, *, is_safe: bool) -> dict[str, Any]:
    return {
        "name": name,
        "n_cells": cells,
        "n_primary": primary,
        "n_complementary": complementary,
        "information_loss": loss,
        "is_safe": is_safe,
    }


_FEW_PEOPLE = re.compile(r"(?<![\d.,−-])[1-9](?= (?:[a-z]+ )?(?:treated|units?|teachers?|rows?|others?)\b)")


def without_few(text: str) -> str:
    """A sentence of an estimator in which no number of people below ten stands."""
    return _FEW_PEOPLE.sub(f"fewer than {SMALLEST_CELL}", text)


def hush(value: Any) -> Any:
    """The document with every sentence in it free of small numbers of people."""
    if isinstance(value, dict):
        return {key: hush(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [hush(inner) for inner in value]
    return without_few(value) if isinstance(value, str) else value


def without_counts(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row without its numbers of people: they would tell a hidden part by subtraction."""
    return dict(row) | {"n_treated": None, "n_comparison": None}


def rows_of(frame: pl.DataFrame, keys: Sequence[str], more: Sequence[str] = ()) -> list[dict[str, Any]]:
    """A frame of estimates as rows: its keys, then the figures."""
    wanted = [*keys, *FIGURES, "p_value", *more]
    return frame.select(name for name in wanted if name in frame.columns).to_dicts()
