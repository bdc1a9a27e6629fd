"""What stands in the report and in which order: every key of the document, nothing in a wrong place."""

from __future__ import annotations

import copy
import dataclasses
import json
import re
from typing import Any

import pytest

from pipelines.apps.study_report import charts
from pipelines.apps.study_report.blocks import Figure, Report, Table
from pipelines.apps.study_report.contents import report_of
from pipelines.apps.study_report.pdf import _widths
from pipelines.apps.study_report.words import effect, interval, names_of, p_value, plural, usd
from tests.pipelines.apps.study_report.planted_documents import all_kinds, bare, full, refused, with_hidden_cells
from tests.pipelines.apps.study_report.test_document import leaves

ORDER = ["question", "detectable", "refusal", "flow", "balance", "contrast", "effects", "event-study", "cohorts"]
ORDER += ["secondary", "sensitivity", "subgroups", "cost", "spending", "evidence", "context", "limitations"]
ORDER += ["privacy", "methods"]

# not on the page, and why
UNSAID = {
    "contrast[].measure": "the column behind the label; in the workbook",
    "comparisons[].name": "the key behind the label",
}


def said(report: Report) -> str:
    return json.dumps(dataclasses.asdict(report), ensure_ascii=False)


def tables(report: Report) -> dict[str, Table]:
    found = {}
    for section in report.sections:
        for block in section.blocks:
            table = block.table if isinstance(block, Figure) else block
            if isinstance(table, Table):
                assert table.name not in found, "two tables of one name"
                found[table.name] = table
    return found


def test_report__says_every_key() -> None:
    """Each value is changed alone: each time the report says something else."""
    document = full()
    document["cost"]["plane"] = document["cost"]["plane"][:4]
    before = said(report_of(document))
    unsaid = set()
    tried = set()
    for path, value in leaves(document):
        plain = re.sub(r"\[\d+\]", "[]", path)
        if plain in tried or value is None:
            continue
        tried.add(plain)
        changed = copy.deepcopy(document)
        _put(changed, path, _other(value, plain))
        if said(report_of(changed)) == before:
            unsaid.add(plain)
    assert len(tried) > 250
    assert unsaid == set(UNSAID)


def test_report__has_its_sections_in_order() -> None:
    assert [section.name for section in report_of(refused()).sections] == ORDER
    assert [section.name for section in report_of(full()).sections] == [one for one in ORDER if one != "refusal"]


def test_report__leads_with_what_could_be_detected() -> None:
    report = report_of(refused())
    assert report.detectable == (
        "The smallest effect that this study could detect is 0.565 SD, with 27 earners and 270 comparison teachers."
    )
    assert list(report.__dataclass_fields__).index("detectable") < list(report.__dataclass_fields__).index("answer")


@pytest.mark.parametrize("kind", sorted(all_kinds()))
def test_report__every_section_says_something(kind: str) -> None:
    report = report_of(all_kinds()[kind])
    assert not re.search(r"\bNone\b|\bnan\b", said(report))
    for section in report.sections:
        assert section.blocks
        for block in section.blocks:
            if isinstance(block, Table):
                assert block.rows
                assert all(len(row) == len(block.columns) for row in block.rows)


@pytest.mark.parametrize(
    ("section", "empty"),
    [
        ("flow", "The flow of people is not reported: the document holds no steps."),
        ("balance", "Balance is not reported: no covariate was measured before treatment."),
        ("effects", "No effect could be estimated: the document holds none."),
        ("event-study", "There is none: no cohort has times before and after."),
        ("subgroups", "No subgroup was studied."),
        ("cost", "Costs are not reported: no cost data were given."),
        ("evidence", "The study is not rated: the document holds no rating."),
    ],
)
def test_report__says_why_a_section_is_empty(section: str, empty: str) -> None:
    found = next(one for one in report_of(bare()).sections if one.name == section)
    assert found.blocks[0].text == empty  # type: ignore[union-attr]


def test_report__hides_suppressed_cells() -> None:
    found = tables(report_of(with_hidden_cells()))
    row = next(row for row in found["subgroups"].rows if row[0] == "Practitioner")
    assert set(row[2:]) == {"hidden"}
    assert "hidden: fewer than 10, or hidden so that such a cell can't be worked out" in found["subgroups"].notes
    assert found["cohorts"].rows[0][1] == "hidden"
    assert found["flow"].rows[-1][1] == "hidden"


def test_report__gives_no_ratio_where_the_effect_may_be_zero() -> None:
    document = full()
    document["cost"]["incremental"] |= {"icer_usd_per_sd": None, "cost_per_tenth_sd_usd": None, "fieller": None}
    text = said(report_of(document))
    assert "No cost-effectiveness ratio is given. The interval of the effect includes 0" in text
    assert "5,047" not in text
    assert "Net benefit" in text


def test_report__speaks_of_treated_units_in_a_panel() -> None:
    document = full() | {"kind": "panel", "unit_label": "county"}
    text = said(report_of(document))
    assert "treated counties" in text
    assert "earners" not in re.sub(r"never-earners|earners’|[Ee]arners|earn ", "", report_of(document).detectable)
    assert "2021–22" not in json.dumps(dataclasses.asdict(tables(report_of(document))["cohorts"]))


def test_charts__are_drawn_for_each_figure_and_told_by_shape() -> None:
    report = report_of(full())
    assert {figure.name for figure in report.figures} == set(charts._CHARTS)
    for figure in report.figures:
        assert figure.table is not None
        assert len(figure.alt) > 60 or figure.name == "cohorts"
        spec = charts._CHARTS[figure.name](full(), names_of(full())).to_dict()
        axes = [axis for axis in _axes(spec) if axis.get("title")]
        assert axes, figure.name
        # what colour tells, shape or width tells too
        if "'color': {'field'" in str(spec):
            assert "'shape': {'field'" in str(spec), figure.name


def test_charts__rows_that_share_a_label_stand_apart() -> None:
    document = full()
    document["estimates"] = document["estimates"][:2]
    document["balance"]["rows"] = document["balance"]["rows"][:2]
    for row in [*document["estimates"], *document["balance"]["rows"]]:
        row["label"] = "The same"
    names = names_of(document)
    for chart, told in (("estimators", {"all others", "matched teachers"}), ("love", {"score_1", "score_2"})):
        data = json.dumps(charts._CHARTS[chart](document, names).to_dict())
        assert {f"The same ({one})" for one in told} <= {
            text.replace("\\n", " ") for text in re.findall(r'"label": "([^"]*)"', data)
        }
    assert tables(report_of(document))["balance"].rows[1][0] == "The same (score_2)"


@pytest.mark.parametrize("kind", sorted(all_kinds()))
def test_pdf__no_word_is_wider_than_its_column(kind: str) -> None:
    for table in tables(report_of(all_kinds()[kind])).values():
        widths = _widths(table)
        assert sum(widths) + 2 * len(widths) <= 104 / 0.8  # the smallest letters: four fifths of the usual
        for at, width in enumerate(widths):
            for text in [table.columns[at].label, *(row[at] for row in table.rows)]:
                longest = len(text) if table.columns[at].is_number and text != table.columns[at].label else 0
                assert max([longest, *map(len, text.split())]) <= width, (table.name, text)


@pytest.mark.parametrize(
    ("written", "number"),
    [("−0.040", -0.03995), ("0.0002", 0.0002), ("2e-07", 2e-7), ("0.000", 0.0), ("5,047", 5047.1), ("−12.35", -12.349)],
)
def test_effect__has_three_decimals_below_ten(written: str, number: float) -> None:
    assert effect(number) == written


def test_words() -> None:
    assert [usd(59.298), usd(964.47), usd(-1234.5), usd(None)] == ["$59.30", "$964.47", "−$1,234", "–"]
    assert [p_value(0.0004), p_value(0.0312)] == ["< 0.001", "0.031"]
    assert interval(-0.1, 0.2) == "−0.100 to 0.200"
    assert [plural("teacher"), plural("county"), plural("class")] == ["teachers", "counties", "classes"]
    assert names_of(full()).time(2025) == "2024–25"
    assert names_of(full()).time(2000) == "1999–00"


def _axes(spec: Any) -> list[dict[str, Any]]:
    if isinstance(spec, dict):
        own = [spec["encoding"][axis] for axis in ("x", "y") if axis in spec.get("encoding", {})]
        return own + [axis for value in spec.values() for axis in _axes(value)]
    return [axis for value in spec for axis in _axes(value)] if isinstance(spec, list) else []


def _put(document: Any, path: str, value: Any) -> None:
    *steps, last = re.findall(r"[^.\[\]]+", path)
    for step in steps:
        document = document[int(step)] if isinstance(document, list) else document[step]
    document[int(last) if isinstance(document, list) else last] = value


def _other(value: Any, path: str) -> Any:
    if path == "kind":
        return "panel"
    if path == "created_at":
        return "2025-01-02T03:04:05Z"
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + (1 if isinstance(value, int) else 0.01 + abs(value) / 3)
    return f"{value} ⁂"
