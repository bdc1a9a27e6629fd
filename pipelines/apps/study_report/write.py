"""Writes the report of a study into a folder: results.json, report.html, report.pdf, tables.xlsx.

Belongs here: which files there are, and that each appears whole or not at all. Does not belong here: what
stands in them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from pipelines.apps.study_report.document import checked

RESULTS, PAGE, PDF, WORKBOOK = "results.json", "report.html", "report.pdf", "tables.xlsx"


def write_report(document: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write the four files of the report; their paths in that order.

    Everything is drawn before anything is written. Raises document.DocumentError where the document is
    malformed or tells what it must not, export.ExportError where a file can't be written.
    """
    from pipelines.apps.export import ExportError, write_whole
    from pipelines.apps.study_report.charts import draw
    from pipelines.apps.study_report.contents import report_of
    from pipelines.apps.study_report.page import render_page
    from pipelines.apps.study_report.pdf import render_pdf
    from pipelines.apps.study_report.workbook import render_workbook

    results = checked(document)
    report = report_of(results)
    charts = draw(results, [figure.name for figure in report.figures])
    contents = {
        RESULTS: (json.dumps(results, ensure_ascii=False, indent=2) + "\n").encode(),
        PAGE: render_page(report, charts).encode(),
        PDF: render_pdf(report, charts, results["created_at"]),
        WORKBOOK: render_workbook(results, report),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"could not make the folder {folder}: {error.strerror}") from None
    for name, content in contents.items():
        write_whole(folder / name, partial(_write, content))
    return [folder / name for name in contents]


def _write(content: bytes, part: Path) -> None:
    part.write_bytes(content)
