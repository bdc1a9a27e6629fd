"""The report as one HTML file that loads nothing and runs nothing.

Belongs here: blocks as HTML. Does not belong here: what they say.

Tables are plain HTML, not great_tables: its titles are cells and no captions, and its ids (`title`, `stub-1`,
the columns' names) are the same in every table, so that on a page of thirty a cell's `headers` would point at
another table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import jinja2

from pipelines.apps.study_report.blocks import Report, Table

_TEMPLATE = "report.html.j2"
_SHORT = 10  # letters: a column of such texts is not broken into lines
_SHOWN_ROWS = 12  # a chart's table of more is folded away


def render_page(report: Report, charts: Mapping[str, str]) -> str:
    """The page. `charts` gives each figure's SVG by its name."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["classes"] = _classes
    environment.tests["shown"] = lambda table: len(table.rows) <= _SHOWN_ROWS
    inline = {name: _inline(name, svg) for name, svg in charts.items()}
    return environment.get_template(_TEMPLATE).render(report=report, charts=inline)


def _classes(table: Table) -> list[str]:
    """The class of each column: n for numbers, s for short texts."""
    return [
        "n" if column.is_number else "s" if all(len(row[at]) <= _SHORT for row in table.rows) else ""
        for at, column in enumerate(table.columns)
    ]


def _inline(name: str, svg: str) -> str:
    """The drawing as an image that its caption names and its paragraph describes; the page gives its size."""
    viewed = re.search(r'viewBox="[^"]+"', svg)
    if viewed is None:
        raise ValueError("a chart has no viewBox")
    return re.sub(
        r"^<svg[^>]*>",
        f'<svg xmlns="http://www.w3.org/2000/svg" {viewed.group()} role="img" '
        f'aria-labelledby="figure-{name}" aria-describedby="seen-{name}">',
        svg,
        count=1,
    )
