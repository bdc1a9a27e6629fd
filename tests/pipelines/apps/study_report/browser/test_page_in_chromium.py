"""The report in a real browser: nothing against WCAG 2.2 AA, no request, nothing wider than a phone."""

from __future__ import annotations

import pytest

from pipelines.apps.study_report.charts import draw
from pipelines.apps.study_report.contents import report_of
from pipelines.apps.study_report.page import render_page
from tests.pipelines.apps.study_report.browser import chromium
from tests.pipelines.apps.study_report.browser.chromium import Visit
from tests.pipelines.apps.study_report.planted_documents import all_kinds

DESK, PHONE = 1100, 320
SEEN = (("with_hidden_cells", DESK), ("with_hidden_cells", PHONE), ("refused", PHONE))
FAULTY = "faulty"
_FAULTY_PAGE = """<html><body><main><img src="http://127.0.0.1:9/picture.png"><p style="color:#bbb">faint</p>
<div style="width: 900px">wide</div>
<div style="overflow-x:auto; width:100px"><p style="width:400px">out of reach</p></div></main></body></html>"""


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Visit:
    if reason := chromium.why_not():
        pytest.skip(reason)
    pages = {(FAULTY, PHONE): _FAULTY_PAGE}
    for kind, width in SEEN:
        document = all_kinds()[kind]
        document["cost"]["plane"] = document["cost"]["plane"][:20]  # each cell costs axe as much as the last
        report = report_of(document)
        pages[kind, width] = render_page(report, draw(document, [figure.name for figure in report.figures]))
    return chromium.visit(pages, tmp_path_factory.mktemp("browser"))


def test_browser__finds_the_faults_of_a_faulty_page(visit: Visit) -> None:
    found = visit.seen[FAULTY, PHONE]
    assert {"html-has-lang", "document-title", "image-alt", "color-contrast"} <= {one["id"] for one in found.violations}
    assert found.width > PHONE
    assert len(found.hard_to_scroll) == 1
    assert "http://127.0.0.1:9/picture.png" in visit.requests


@pytest.mark.parametrize(("kind", "width"), SEEN)
def test_page__has_no_axe_violation(visit: Visit, kind: str, width: int) -> None:
    seen = visit.seen[kind, width]
    assert not seen.violations
    assert seen.passes > 30


def test_page__asks_nothing_of_the_network(visit: Visit) -> None:
    assert visit.requests == ("http://127.0.0.1:9/picture.png",)  # the faulty page's


@pytest.mark.parametrize("kind", ["with_hidden_cells", "refused"])
def test_page__fits_a_phone(visit: Visit, kind: str) -> None:
    seen = visit.seen[kind, PHONE]
    assert seen.width <= PHONE
    assert not seen.hard_to_scroll
