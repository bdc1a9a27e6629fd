"""The report as a tagged PDF (PDF/UA-1).

Belongs here: blocks handed to Typst. Does not belong here: what they say; how they look (report.typ).

Only the fonts inside Typst are used and the time is the document's, so every machine writes the same file.
The template is a fixed text; the report reaches it as data, so nothing in it is read as markup.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipelines.apps.study_report.blocks import Figure, Report, Table
from pipelines.apps.study_report.words import instant

_TEMPLATE = Path(__file__).with_name("report.typ")
FONT = "Libertinus Serif"
_LETTERS = 104  # letters in a table's line
_GAP = 2  # between two columns, in letters
_SHORT = 14
_MOST_SHARE = 50


def render_pdf(report: Report, charts: Mapping[str, str], created_at: str) -> bytes:
    """The PDF. `charts` gives each figure's SVG by its name. Raises typst.TypstError where it is not PDF/UA."""
    import typst

    pdf: bytes = typst.compile(
        _TEMPLATE.read_bytes(),
        format="pdf",
        pdf_standards=["ua-1"],
        timestamp=instant(created_at),
        **_given(report, charts),
    )
    return pdf


def render_pictures(report: Report, charts: Mapping[str, str], ppi: float = 100) -> list[bytes]:
    """The pages of the PDF as PNG, to be looked at."""
    import typst

    pictures: Any = typst.compile(_TEMPLATE.read_bytes(), format="png", ppi=ppi, **_given(report, charts))
    return [pictures] if isinstance(pictures, bytes) else list(pictures)


def _given(report: Report, charts: Mapping[str, str]) -> dict[str, Any]:
    drawn = {
        name: svg.replace('font-family="Helvetica, Arial, sans-serif"', f'font-family="{FONT}"')
        for name, svg in charts.items()
    }
    return {
        "ignore_system_fonts": True,
        "sys_inputs": {
            "report": json.dumps(dataclasses.asdict(report)),
            "charts": json.dumps(drawn),
            "widths": json.dumps({table.name: _widths(table) for table in _tables(report)}),
            "line": str(_LETTERS),
            "font": FONT,
        },
    }


def _tables(report: Report) -> Iterator[Table]:
    for section in report.sections:
        for block in section.blocks:
            if isinstance(block, Table):
                yield block
            elif isinstance(block, Figure) and block.table:
                yield block.table


def _widths(table: Table) -> list[int]:
    """The width of each column in letters. A table of more than a line's letters is set in smaller ones.

    A table that fits as it is stays as narrow as it is. Else numbers, single words and short texts have what they
    need, headings two lines, and longer texts share what is left.
    """
    gaps = _GAP * len(table.columns)
    natural = [max(map(len, texts)) for texts in _columns(table)]
    if sum(natural) + gaps <= _LETTERS:
        return natural
    least, shared = [], []
    for one, (heading, *cells) in zip(table.columns, _columns(table), strict=True):
        longest = max((len(cell) for cell in cells), default=0)
        word = max((len(word) for cell in [heading, *cells] for word in cell.split()), default=0)
        is_shared = not one.is_number and longest > _SHORT and any(" " in cell for cell in cells)
        least.append(max(word, _SHORT) if is_shared else max(longest, word, len(heading) // 2 + 2))
        shared.append(min(longest, _MOST_SHARE) if is_shared else 0)
    left = max(0, _LETTERS - gaps - sum(least))
    return [width + left * part // (sum(shared) or 1) for width, part in zip(least, shared, strict=True)]


def _columns(table: Table) -> list[list[str]]:
    return [[column.label, *(row[at] for row in table.rows)] for at, column in enumerate(table.columns)]
