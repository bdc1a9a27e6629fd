"""Any one source taken out: the rest still builds, and status says what is dark."""

from __future__ import annotations

import re

import pytest

from pipelines.status import read_status
from tests.end_to_end.conftest import Home, release_rows


def take_out(home: Home, name: str) -> None:
    path = home.folder / "district.yml"
    text = re.sub(rf"  {name}:\n(    .*\n)+", "", path.read_text())
    path.write_text(text.replace("roster_sources: [hr, sis]", f"roster_sources: [{'sis' if name == 'hr' else 'hr'}]"))


@pytest.mark.parametrize(
    ("name", "dark_entity"),
    [("badges", "issuers"), ("sis", "licences"), ("badge_files", None), ("hr", "pd_spending")],
)
def test_dark__one_source_out_and_the_rest_still_builds(own: Home, name: str, dark_entity: str | None) -> None:
    take_out(own, name)
    report = own.run()
    assert report.is_published, report.problems
    assert name not in {line.connection for line in report.streams}
    dark = {entity.entity: entity for entity in read_status(own.settings).entities if entity.state == "dark"}
    if dark_entity is not None:
        assert dark_entity in dark and dark[dark_entity].what_goes_dark


def test_dark__without_a_roster_awards_build_and_nobody_is_named(own: Home) -> None:
    path = own.folder / "district.yml"
    text = re.sub(r"  (hr|sis):\n(    .*\n)+", "", path.read_text())
    path.write_text(text.replace("roster_sources: [hr, sis]", "roster_sources: []"))
    report = own.run()
    assert report.is_published, report.problems
    assert own.query("select count(*), count(staff_key) from fct_credential_awards")[0][0] > 0
    assert own.query("select count(staff_key) from fct_credential_awards")[0][0] == 0
    assert release_rows(own)["expertise"] == []
