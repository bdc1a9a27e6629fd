"""The four files: whole, the same each time, readable by a stranger's program, and silent where refused."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fastexcel
import polars as pl
import pypdf
import pytest

from pipelines.apps.export import ExportError
from pipelines.apps.study_report.contents import BANNER, report_of
from pipelines.apps.study_report.document import DocumentError, load
from pipelines.apps.study_report.workbook import sheets
from pipelines.apps.study_report.write import write_report
from tests.pipelines.apps.study_report.planted_documents import bare, full, refused
from tests.pipelines.apps.study_report.read_back import Element, page, pdf_tags, pdf_text, seen_text

FILES = ["results.json", "report.html", "report.pdf", "tables.xlsx"]
DRAWN = ["full", "refused", "cross_section", "bare"]
Written = Callable[[str], Path]


@pytest.mark.parametrize("kind", DRAWN)
def test_write_report__writes_all_four_whole(written: Written, kind: str) -> None:
    folder = written(kind)
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    assert load(folder / "results.json")["title"] == report_of(load(folder / "results.json")).title


def test_write_report__gives_the_same_bytes_again(written: Written, tmp_path: Path) -> None:
    paths = write_report(refused(), tmp_path)
    assert [path.name for path in paths] == FILES
    for path in paths:
        assert path.read_bytes() == (written("refused") / path.name).read_bytes(), path.name


def test_write_report__writes_nothing_of_what_may_not_be_told(tmp_path: Path) -> None:
    document = full() | {"refusal": refused()["refusal"]}
    with pytest.raises(DocumentError, match="the study is refused"):
        write_report(document, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_write_report__says_that_the_folder_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(ExportError, match="could not make the folder"):
        write_report(bare(), tmp_path / "out")


def test_write_report__is_imported_without_its_drawing_libraries() -> None:
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, pipelines.apps.study_report.write; heavy = {'altair', 'jinja2', 'msgspec', 'polars', 'typst'};"
            "print(sorted((heavy | {'vl_convert', 'xlsxwriter'}) & set(sys.modules)))",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == "[]"


def test_refused__no_effect_stands_in_any_file(written: Written) -> None:
    """Every effect, interval and ratio of the full study, as it would be written, is in none of the four files."""
    effects = _effects_as_written()
    assert {"0.148", "0.068 to 0.228", "$5,047"} <= effects
    folder = written("full")
    whole = seen_text(page(folder / "report.html"))
    assert all(one in whole for one in effects)
    folder = written("refused")
    read = [seen_text(page(folder / "report.html")), pdf_text(folder / "report.pdf")]
    for text in read:
        assert "0.565 SD" in text
        assert "no effect is given" in text
        assert not [one for one in effects if re.search(rf"(?<![\d.]){re.escape(one)}(?![\d])", text)]
    book = {sheet: frame for sheet, frame in _sheets(folder / "tables.xlsx").items() if sheet != "keys"}
    assert not {"att", "att_gt", "event_study", "estimates", "subgroups", "cost_plane", "cost_ratio"} & set(book)
    for name, frame in book.items():
        assert name == "mde" or not {"estimate", "ci_low", "ci_high", "p_value"} & set(frame.columns), name


@pytest.mark.parametrize("kind", DRAWN)
def test_page__loads_and_runs_nothing(written: Written, kind: str) -> None:
    text = (written(kind) / "report.html").read_text(encoding="utf-8")
    root = page(written(kind) / "report.html")
    for element in root.walk():
        assert element.tag not in ("script", "link", "iframe", "img", "object", "embed", "base", "form")
        for name, value in element.attributes.items():
            assert not name.startswith("on")
            if name in ("src", "href", "xlink:href", "action", "data", "srcset"):
                assert value.startswith("#"), (element.tag, name, value)
    assert "@import" not in text
    assert set(re.findall(r"url\(([^)]*)\)", text)) <= {f"#{one}" for one in re.findall(r'id="([^"]+)"', text)}


@pytest.mark.parametrize("kind", DRAWN)
def test_page__is_built_to_be_read_aloud(written: Written, kind: str) -> None:
    root = page(written(kind) / "report.html")
    document = load(written(kind) / "results.json")
    assert root.all("html")[0].attributes["lang"] == "en"
    assert document["title"] in root.all("title")[0].text
    assert [len(root.all(tag)) for tag in ("h1", "main", "header", "footer", "nav")] == [1] * 5
    levels = [int(one.tag[1]) for one in root.walk() if re.fullmatch(r"h[1-6]", one.tag)]
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    ids = [one.attributes["id"] for one in root.walk() if "id" in one.attributes]
    assert len(ids) == len(set(ids))
    links = [one.attributes["href"].removeprefix("#") for one in root.all("a")]
    referred = [one.attributes[name] for one in root.walk() for name in _REFERRING if name in one.attributes]
    assert set(links) | set(referred) <= set(ids)
    assert links[0] == "main"
    for table in root.all("table"):
        assert table.all("caption")[0].text
        assert all(one.attributes["scope"] == "col" for one in table.all("thead")[0].all("th"))
        for row in table.all("tbody")[0].all("tr"):
            assert next(cell.tag for cell in row.parts if isinstance(cell, Element)) == "th"
            assert row.all("th")[0].attributes["scope"] == "row"
    figures = report_of(document).figures
    assert len(root.all("figure")) == len(figures)
    for figure in root.all("figure"):
        assert figure.all("figcaption")[0].text
        assert figure.all("svg")[0].attributes["role"] == "img"
        assert figure.all("table")


_REFERRING = ("aria-labelledby", "aria-describedby")


def test_page__tells_first_what_could_be_detected(written: Written) -> None:
    text = seen_text(page(written("full") / "report.html"))
    assert text.index("0.287 SD") < text.index("0.148 SD")
    assert text.index(BANNER) < text.index("0.287 SD")


def test_page__shows_no_synthetic_banner_on_real_data(written: Written) -> None:
    assert BANNER not in (written("cross_section") / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", DRAWN)
def test_pdf__declares_pdf_ua_and_is_tagged(written: Written, kind: str) -> None:
    path = written(kind) / "report.pdf"
    reader = pypdf.PdfReader(path)
    document = load(written(kind) / "results.json")
    root = reader.trailer["/Root"]
    metadata = root["/Metadata"].get_data().decode()
    assert re.search(r"pdfuaid:part(=\"|>)1", metadata)
    assert document["title"] in metadata
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en-GB"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata is not None
    assert reader.metadata.creation_date is not None
    assert f"{reader.metadata.creation_date:%Y-%m-%dT%H:%M:%S}" == document["created_at"].removesuffix("Z")
    tags = pdf_tags(path)
    names = [tag for tag, _ in tags]
    report = report_of(document)
    assert names.count("H1") == len(report.sections)
    assert names.count("Title") == 1
    assert len([tag for tag, entries in tags if tag == "Figure" and entries.get("/Alt")]) == len(report.figures)
    alts = {str(entries["/Alt"]) for tag, entries in tags if tag == "Figure"}
    assert alts == {figure.alt for figure in report.figures}
    assert (names.count("Table") > 0) == (kind != "bare")
    assert names.count("TH") >= 2 * names.count("Table")


@pytest.mark.parametrize("kind", DRAWN)
def test_pdf__says_what_the_page_says(written: Written, kind: str) -> None:
    text = pdf_text(written(kind) / "report.pdf")
    report = report_of(load(written(kind) / "results.json"))
    for sentence in (report.detectable, report.answer, *(section.heading for section in report.sections)):
        assert _plain(sentence) in _plain(text)


def test_pdf__carries_its_fonts(written: Written) -> None:
    reader = pypdf.PdfReader(written("full") / "report.pdf")
    fonts = {
        str(font.get_object()["/BaseFont"])
        for one in reader.pages
        for font in one["/Resources"].get_object().get("/Font", {}).values()
    }
    assert fonts
    assert all("Libertinus" in font or "DejaVuSansMono" in font for font in fonts), fonts


def test_workbook__holds_every_table_unrounded(written: Written) -> None:
    book = _sheets(written("full") / "tables.xlsx")
    tables = sheets(full())
    assert list(book) == ["Read me", *tables]
    for name, rows in tables.items():
        frame = book[name]
        assert frame.height == len(rows), name
        for number, row in enumerate(rows):
            for key, value in row.items():
                if isinstance(value, int | float) and not isinstance(value, bool):
                    assert float(frame[key][number]) == pytest.approx(value, rel=1e-12), (name, key)
                elif isinstance(value, str) and not value.startswith(("=", "+", "-", "@")):
                    assert str(frame[key][number]) == value, (name, key)


def test_workbook__says_what_it_is(written: Written) -> None:
    readme = pl.read_excel(written("full") / "tables.xlsx", sheet_name="Read me", has_header=False)
    text = " ".join(str(value) for row in readme.rows() for value in row)
    assert BANNER in text
    assert full()["design"]["hash"] in text
    assert "expertise study --out study" in text


def test_report__reads_no_text_as_markup_or_formula(tmp_path: Path) -> None:
    document = bare() | {
        "title": '<script>alert(1)</script> #panic() $x^2$ *b* _i_ `c` @ref \\ "q"',
        "question": '=HYPERLINK("x")',
        "limitations": ["=1+1", "+cmd", "<img src=x onerror=alert(1)>", '#image("/etc/passwd")'],
    }
    write_report(document, tmp_path)
    assert "<script>" not in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert not page(tmp_path / "report.html").all("img")
    assert document["title"] in page(tmp_path / "report.html").all("h1")[0].text
    text = pdf_text(tmp_path / "report.pdf")
    assert "#panic() $x^2$ *b* _i_ `c` @ref" in text
    assert '#image("/etc/passwd")' in text
    rows = _sheets(tmp_path / "tables.xlsx")["limitations"]["text"].to_list()
    assert rows[:2] == ["'=1+1", "'+cmd"]


def _plain(text: str) -> str:
    return re.sub(r"[\s’']", "", text).replace("ﬁ", "fi").replace("ﬀ", "ff").replace("ﬃ", "ffi").replace("ﬂ", "fl")


def _sheets(path: Path) -> dict[str, pl.DataFrame]:
    names = fastexcel.read_excel(path).sheet_names
    return {name: pl.read_excel(path, sheet_name=name, infer_schema_length=None) for name in names}


def _effects_as_written() -> set[str]:
    """The estimates and intervals of the full study's tables, and its ratio, as the page writes them."""
    from pipelines.apps.study_report.words import effect, interval, usd

    document = full()
    rows: list[dict[str, Any]] = [*document["estimates"], *document["event_study"], *document["subgroups"]]
    rows += [document["att"][key] for key in ("simple", "group", "dynamic", "calendar")]
    known = [row for row in rows if row["estimate"] is not None]
    told = {interval(row["ci_low"], row["ci_high"]) for row in known}
    told |= {effect(row["estimate"]) for row in known if abs(row["estimate"]) > 0.07}
    # figures of balance that happen to read the same are no effects
    kept = json.dumps(refused(), ensure_ascii=False).replace("-", "−")
    told = {one for one in told if one.strip("−") not in kept}
    return told | {usd(document["cost"]["incremental"]["icer_usd_per_sd"])}
