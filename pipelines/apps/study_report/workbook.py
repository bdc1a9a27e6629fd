"""Every table of the study as one Excel workbook, with numbers as numbers.

Belongs here: which sheets there are, from the results document. Does not belong here: tables as they are
read (the sections): here nothing is rounded or put into words.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipelines.apps.study_report.blocks import Report
from pipelines.apps.study_report.keys import documented_keys
from pipelines.apps.study_report.words import instant

README = "Read me"
KEYS = "keys"
_LISTS = (
    "records",
    "flow",
    "contrast",
    "att_gt",
    "event_study",
    "cohorts",
    "estimates",
    "secondary",
    "subgroups",
    "limitations",
    "context",
)
_LISTS_OF_COST = (
    "rows",
    "per",
    "plane",
    "acceptability",
    "net_benefit",
    "discount_sensitivity",
    "benchmarks",
    "spending",
)


def sheets(document: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The rows of each sheet by its name; a table without rows has no sheet."""
    return {name: rows for name, rows in _sheets(document) if rows}


def _sheets(document: Mapping[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    design = document["design"]
    yield "mde", _facts(document["mde"])
    yield "design", _facts({key: value for key, value in design.items() if not isinstance(value, dict)})
    yield "covariates", list(design.get("covariates") or [])
    yield "dropped_covariates", list(design.get("dropped_covariates") or [])
    yield "propensity", list((design.get("propensity") or {}).get("coefficients") or [])
    yield "matched", _facts(document.get("matched") or {})
    yield "unmatched", list((document.get("matched") or {}).get("unmatched") or [])
    yield "balance", list((document.get("balance") or {}).get("rows") or [])
    yield "att", _averages(document.get("att") or {})
    for key in _LISTS:
        rows = document.get(key) or []
        yield key, [row if isinstance(row, dict) else {"text": row} for row in rows]
    yield from _sensitivity(document.get("sensitivity") or {})
    cost = document.get("cost") or {}
    for key in _LISTS_OF_COST:
        yield ("cost" if key == "rows" else f"cost_{key}"), list(cost.get(key) or [])
    incremental = cost.get("incremental") or {}
    yield (
        "cost_incremental",
        [{"figure": key, **incremental[key]} for key in ("cost_usd", "effect") if incremental.get(key)],
    )
    ratio = {key: value for key, value in incremental.items() if not isinstance(value, dict)}
    yield "cost_ratio", _facts(ratio | {f"fieller_{k}": v for k, v in (incremental.get("fieller") or {}).items()})
    yield "cost_unmapped", _facts(cost.get("unmapped") or {})
    tier = document.get("evidence_tier") or {}
    yield "evidence_tier", _facts({key: value for key, value in tier.items() if key != "conditions"})
    yield "conditions", list(tier.get("conditions") or [])
    yield "disclosure", list((document.get("disclosure") or {}).get("tables") or [])
    yield (
        "versions",
        [
            {"package": name, "version": version}
            for name, version in sorted(((document.get("methods") or {}).get("versions") or {}).items())
        ],
    )
    yield KEYS, [{"key": path, "type": kind, "meaning": meaning} for path, kind, meaning in documented_keys()]


def _facts(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row of the plain values; lists of texts are joined, lists of rows have a sheet of their own."""
    row = {
        key: "; ".join(value) if isinstance(value, list) else value
        for key, value in given.items()
        if not isinstance(value, dict) and not (isinstance(value, list) and value and isinstance(value[0], dict))
    }
    return [row] if any(value is not None for value in row.values()) else []


def _averages(att: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for average, row in att.items():
        if row:
            rows.append({"average": average, **{key: value for key, value in row.items() if key != "by"}})
            rows += [{"average": f"{average}, by", **one} for one in row.get("by") or []]
    return rows


def _sensitivity(found: Mapping[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    bacon = found.get("bacon") or {}
    effects = {
        "placebo": found.get("placebo"),
        "non_aligned": found.get("non_aligned"),
        "two_way_fixed_effects": bacon.get("two_way_fixed_effects"),
    }
    figures: dict[str, Any] = {"breakdown_m": found.get("breakdown_m")}
    for key in ("e_value", "rosenbaum_gamma", "mean_reversion"):
        figures |= {f"{key}_{inner}": value for inner, value in (found.get(key) or {}).items()}
    figures |= {key: value for key, value in found.items() if key.endswith("_note")}
    yield "sensitivity", _facts(figures)
    yield "sensitivity_effects", [{"check": name, **row} for name, row in effects.items() if row]
    yield "smoothness", list(found.get("smoothness") or [])
    yield "bacon", list(bacon.get("rows") or [])


def render_workbook(document: Mapping[str, Any], report: Report) -> bytes:
    """The workbook: `Read me` first, then a sheet per table."""
    import xlsxwriter  # type: ignore[import-untyped,unused-ignore]

    tables = sheets(document)
    content = io.BytesIO()
    # text stays text: nothing in a cell is run or followed
    workbook = xlsxwriter.Workbook(
        content,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    workbook.set_properties(
        {
            "title": report.title,
            "created": instant(document["created_at"]).replace(tzinfo=None),
            "author": "Expertise Warehouse",
        }
    )
    _write_readme(workbook, document, report, tables)
    header = workbook.add_format({"bold": True, "bg_color": "#17406D", "font_color": "#FFFFFF"})
    for name, rows in tables.items():
        sheet = workbook.add_worksheet(name)
        if report.banner:
            sheet.set_header('&C&"Calibri,Bold"SYNTHETIC DATA')
        _write_table(sheet, rows, header)
    workbook.close()
    return content.getvalue()


def _write_readme(workbook: Any, document: Mapping[str, Any], report: Report, tables: Mapping[str, Any]) -> None:
    sheet = workbook.add_worksheet(README)
    warning = workbook.add_format({"bold": True, "font_size": 14, "font_color": "#8A1230", "text_wrap": True})
    title = workbook.add_format({"bold": True, "font_size": 16})
    bold = workbook.add_format({"bold": True, "valign": "top"})
    wrapped = workbook.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 100)
    lines: list[tuple[str, str, Any]] = [(report.title, "", title)]
    if report.banner:
        lines.append((report.banner, "", warning))
    methods = document.get("methods") or {}
    lines += [
        (label, value, bold)
        for label, value in (
            ("", report.about),
            ("What it could detect", report.detectable),
            ("Answer", report.answer),
            ("Question", document["question"]),
            ("Outcome", f"{document['outcome']['label']}, in {document['outcome']['unit']}"),
            ("Design hash", document["design"].get("hash") or "none"),
            ("Run it again with", methods.get("command") or "not reported"),
            (
                "Numbers",
                "as computed, not rounded; an empty cell could not be had, or is hidden where is_suppressed says so",
            ),
            ("Sheets", ", ".join(name for name in tables)),
            ("Keys", f"the sheet `{KEYS}` says what each column is; the whole document is results.json"),
        )
        if value
    ]
    for row, (label, value, style) in enumerate(lines):
        sheet.write_string(row, 0, guarded(label), style)
        if value:
            sheet.write_string(row, 1, guarded(value), wrapped)


def _write_table(sheet: Any, rows: Sequence[Mapping[str, Any]], header: Any) -> None:
    columns = list(dict.fromkeys(key for row in rows for key in row if not isinstance(row[key], list | dict)))
    for at, name in enumerate(columns):
        longest = max(len(name), *(len(str(row.get(name) or "")) for row in rows[:200]))
        sheet.set_column(at, at, min(60, longest + 3))
        sheet.write_string(0, at, name, header)
    for number, row in enumerate(rows, start=1):
        for at, name in enumerate(columns):
            value = row.get(name)
            if isinstance(value, bool):
                sheet.write_boolean(number, at, value)
            elif isinstance(value, int | float):
                sheet.write_number(number, at, value)
            elif value is not None:
                sheet.write_string(number, at, guarded(str(value)))
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(rows), len(columns) - 1)


def guarded(text: str) -> str:
    """Text that a spreadsheet would run as a formula gets an apostrophe before it, as in other exports."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
