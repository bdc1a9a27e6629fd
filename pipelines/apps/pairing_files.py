"""Pairs as files to hand on: a CSV, and a page to print.

Belongs here: what stands in them, from an answer that is limited to what the viewer may see. Does not
belong here: who may see what (pairing, access).

The page is one HTML file that loads nothing: it reads the same from a memory stick as on a screen.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
import polars as pl

from pipelines.apps.export import guard_against_formulas, write_whole
from pipelines.apps.pairing import Pairings

_TEMPLATE = "pairing_page.html.j2"
_COLUMNS = {
    "pair": "pairing_key",
    "school": "school",
    "school_year": "school_year",
    "teacher": "target",
    "partner": "partner",
    "partner_school": "partner_school",
    "focus": "focus",
    "status": "status",
    "reasons": "reasons",
    "look_at": "remark",
    "decided_by": "decided_by",
    "why_decided": "status_reason",
    "since_release": "since_release",
    "told_to_teacher": "target_sentence",
    "told_to_partner": "partner_sentence",
}
_NO_PARTNER = "no partner"


def write_csv(answer: Pairings, path: Path) -> int:
    """One row per pair, live or past, and per teacher without a partner; the number of rows. Raises ExportError."""
    rows: list[Mapping[str, Any]] = [
        {name: pair[key] for name, key in _COLUMNS.items()}  # type: ignore[literal-required]
        for pair in [*answer["pairs"], *answer["past"]]
    ]
    rows += [
        dict.fromkeys(_COLUMNS)
        | {
            "school": one["school"],
            "teacher": one["name"],
            "focus": one["focus"],
            "status": _NO_PARTNER,
            "reasons": one["sentence"],
        }
        for one in answer["unpaired"]
    ]
    texts = [
        {
            name: "; ".join(value) if isinstance(value, list) else None if value is None else str(value)
            for name, value in row.items()
        }
        for row in rows
    ]
    frame = pl.DataFrame(texts, schema=dict.fromkeys(_COLUMNS, pl.String), orient="row")
    write_whole(path, guard_against_formulas(frame).write_csv)
    return frame.height


def write_page(answer: Pairings, path: Path, title: str, viewer: str, info: Mapping[str, Any]) -> None:
    """The page to print. `info` is what the release says of itself. Raises ExportError."""
    page = render_page(answer, title, viewer, info)
    write_whole(path, lambda part: part.write_text(page, encoding="utf-8"))


def render_page(answer: Pairings, title: str, viewer: str, info: Mapping[str, Any]) -> str:
    """The page as HTML, one section per school in the order of their names."""
    schools = sorted({row["school"] or "" for row in [*answer["pairs"], *answer["unpaired"]]})
    sections = [
        {
            "school": school or "No school",
            "pairs": [pair for pair in answer["pairs"] if (pair["school"] or "") == school],
            "unpaired": [one for one in answer["unpaired"] if (one["school"] or "") == school],
        }
        for school in schools
    ]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["years"] = lambda spring: f"{spring - 1}–{spring % 100:02d}"
    return environment.get_template(_TEMPLATE).render(
        title=title, sections=sections, evidence=answer["evidence"], viewer=viewer, info=info
    )
