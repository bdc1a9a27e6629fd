"""Any one source taken out: the rest still builds, and status says what is dark."""

from __future__ import annotations

import re

import pytest

from pipelines.status import read_status
from tests.homes import Home, release_rows


def take_out(home: Home, name: str) -> None:
    path = home.folder / "district.yml"
    text = re.sub(rf"  {name}:\n(    .*\n)+", "", path.read_text())
    path.write_text(text.replace("roster_sources: [hr, sis]", f"roster_sources: [{'sis' if name == 'hr' else 'hr'}]"))


@pytest.mark.parametrize(
    ("name", "entity", "feed"),
    [
        pytest.param("badges", "credential awards", "badgr.assertions", marks=pytest.mark.proof),
        ("sis", "licences", "edfi.credentials"),
        pytest.param("badge_files", "credential awards", "open_badges.credentials", marks=pytest.mark.proof),
        pytest.param("hr", "compensation", "files.compensation", marks=pytest.mark.proof),
    ],
)
def test_dark__one_source_out_and_the_rest_still_builds(own: Home, name: str, entity: str, feed: str) -> None:
    take_out(own, name)
    report = own.run()
    assert report.is_published, report.problems
    assert name not in {line.connection for line in report.streams}
    told = {status.entity: status for status in read_status(own.settings).entities}
    assert feed in told[entity].dark_feeds and told[entity].what_goes_dark
    has_another_feed = entity == "credential awards"
    assert told[entity].state == ("loaded" if has_another_feed else "dark")


def test_dark__without_a_roster_awards_build_and_nobody_is_named(own: Home) -> None:
    path = own.folder / "district.yml"
    text = re.sub(r"  (hr|sis):\n(    .*\n)+", "", path.read_text())
    path.write_text(text.replace("roster_sources: [hr, sis]", "roster_sources: []"))
    report = own.run()
    assert report.is_published, report.problems
    assert own.query("select count(*), count(staff_key) from fct_credential_awards")[0][0] > 0
    assert own.query("select count(staff_key) from fct_credential_awards")[0][0] == 0
    assert release_rows(own)["expertise"] == []
