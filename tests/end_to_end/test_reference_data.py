"""Public reference data through the whole line: an Ed-Fi sample over HTTP, and badge files.

The sample's own defects are told as warnings of its delivery, and its rows are kept.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.sandbox.server import Sandbox
from pipelines.run import RunReport
from tests.homes import Home, release_rows

REFERENCE = os.environ.get("EXPERTISE_REFERENCE_DATA")
pytestmark = pytest.mark.skipif(
    not REFERENCE, reason="EXPERTISE_REFERENCE_DATA names no folder of public reference data"
)

DISTRICT_YML = """
district: {{id: reference, name: Reference sample, timezone: America/Chicago}}
sources:
  sis: {{platform: edfi, base_url: {edfi}}}
  badge_files: {{platform: open_badges, folder: {badges}, max_reject_share: 0.5}}
"""


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, RunReport]]:
    assert REFERENCE is not None
    with Sandbox.start_reference(Path(REFERENCE)) as sandbox:
        folder = tmp_path_factory.mktemp("reference")
        text = DISTRICT_YML.format(edfi=sandbox.edfi_url, badges=Path(REFERENCE) / "open_badges")
        (folder / "district.yml").write_text(text)
        home = Home(folder, sandbox)
        yield home, home.run()


def test_reference__the_sample_goes_through_the_whole_line(sample: tuple[Home, RunReport]) -> None:
    home, report = sample
    assert report.is_published, report.problems
    landed = {line.stream: line.records_landed for line in report.streams if line.connection == "sis"}
    assert landed["people"] == 999 and landed["credentials"] == 999
    assert landed["performance_evaluation_ratings"] == 50 and landed["evaluation_element_ratings"] == 350
    assert home.query("select count(*) from fct_evaluation_scores")[0][0] == 350
    assert home.query("select count(*) from fct_licences")[0][0] == 999


def test_reference__every_rated_person_joins_to_exactly_one_licence(sample: tuple[Home, RunReport]) -> None:
    home, _ = sample
    joined = home.query(
        "select rated.person_key, count(licences.licence_key) from fct_evaluation_summaries as rated"
        " left join fct_licences as licences using (person_key)"
        " where rated.measure = 'performance_evaluation' group by 1"
    )
    assert len(joined) == 50 and {count for _, count in joined} == {1}


def test_reference__the_samples_defects_are_reported_as_warnings(sample: tuple[Home, RunReport]) -> None:
    home, report = sample
    assert not [problem for problem in report.problems if problem.severity == "error"]
    findings = home.query("select check_name, severity, record_count from pub_analysts__findings")
    assert all(severity == "warning" for _, severity, _ in findings)
    counts = {name: count for name, _, count in findings}
    assert counts["evaluation_date_is_in_its_school_year"] == 50
    assert counts["level_agrees_with_result_title"] == 11
    assert counts["rating_above_declared_scale"] == 50


def test_reference__badge_files_are_read_and_broken_ones_rejected_with_their_reason(
    sample: tuple[Home, RunReport],
) -> None:
    home, report = sample
    (line,) = [line for line in report.streams if line.connection == "badge_files"]
    assert line.records_received == line.records_landed + line.records_rejected
    reasons = " ".join(str(row) for row in release_rows(home, "analysts")["rejects"])
    for broken in ("basic-assertion-invalid-type.json", "simple-err-type.json", "simple-err-issuer.json"):
        assert broken in reasons
    # their hosts are reserved names: what only a host could tell stays unknown
    assert home.query("select distinct verification from stg_open_badges__credentials order by 1") == [
        ("invalid",),
        ("unknown",),
    ]
    assert home.query("select count(*) from fct_credential_awards where is_demonstrated")[0][0] == 0


def test_reference__without_a_roster_nobody_is_named(sample: tuple[Home, RunReport]) -> None:
    home, _ = sample
    assert release_rows(home)["expertise"] == []
