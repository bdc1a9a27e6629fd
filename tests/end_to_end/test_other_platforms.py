"""The same district through other platforms: what its marts say must not depend on who told it.

One home hears of the synthetic district from Badgr, Ed-Fi 5.x and files (`loaded`), another from
OneRoster, Grow, Credly, CASE and Ed-Fi 6.0. Where both tell the same thing, the marts agree.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest

from connectors.sandbox import credly_server, edfi_six_documents, grow_documents
from connectors.sandbox.district import District
from connectors.sandbox.server import Sandbox
from pipelines.new_district import write_dagster_home
from pipelines.run import RunReport
from tests.homes import Home

DISTRICT_YML = """\
district:
  id: cedar-valley
  name: Cedar Valley Schools (SYNTHETIC)
  timezone: America/Chicago
  is_synthetic: true

roster_sources: [roster]

sources:
  roster: {{platform: oneroster, base_url: {oneroster}, requests_per_second: 500, last_school_year: 2026}}
  observe: {{platform: grow, base_url: {grow}, district: {in_grow}, requests_per_second: 500, last_school_year: 2026}}
  credly: {{platform: credly, base_url: {credly}, organization: {in_credly}, requests_per_second: 500}}
  frameworks: {{platform: case, base_url: {case}, requests_per_second: 500}}
  sis6: {{platform: edfi, base_url: {edfi6}, requests_per_second: 500, last_school_year: 2026}}

cli:
  as: district_leader
"""


@pytest.fixture(scope="module")
def wide(district: District, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, RunReport]]:
    """A home that hears of the same district from the other platforms, after one run."""
    with Sandbox.start(district) as sandbox:
        folder = tmp_path_factory.mktemp("wide") / "home"
        folder.mkdir()
        urls = {name: sandbox.url_of(name) for name in ("oneroster", "grow", "credly", "case", "edfi6")}
        text = DISTRICT_YML.format(**urls, in_grow=grow_documents.DISTRICT_ID, in_credly=credly_server.ORGANIZATION)
        (folder / "district.yml").write_text(text)
        write_dagster_home(folder)
        home = Home(folder, sandbox)
        yield home, home.run()


@pytest.fixture(scope="module")
def homes(wide: tuple[Home, RunReport], loaded: tuple[Home, RunReport]) -> tuple[Home, Home]:
    """The home of the other platforms, and that of the usual ones."""
    return wide[0], loaded[0]


def counted(home: Home, sql: str) -> Counter[tuple[Any, ...]]:
    return Counter(home.query(sql))


def test_other_platforms__a_run_publishes_all_of_them(wide: tuple[Home, RunReport]) -> None:
    _, report = wide
    assert report.is_published, report.problems
    assert {line.connection for line in report.streams} == {"roster", "observe", "credly", "frameworks", "sis6"}
    assert not [line for line in report.streams if line.fault]


def test_other_platforms__the_roster_names_the_same_people(homes: tuple[Home, Home]) -> None:
    people = "select alias_value from bridge_staff_aliases where alias_kind = 'employee_id' and not is_ambiguous"
    other, usual = (counted(home, people) for home in homes)
    assert other and other == usual


def test_other_platforms__observed_scores_are_the_same_and_count_once(homes: tuple[Home, Home]) -> None:
    other, usual = homes
    scores = "select element_code, observed_date, score from fct_evaluation_scores where is_within_scale and is_final"
    expected = counted(usual, f"{scores} and source_system = 'edfi'")
    assert len(expected) > 500 and expected.total() > 10_000
    assert counted(other, f"{scores} and source_system = 'grow'") == expected
    assert counted(other, f"{scores} and source_system = 'edfi'") == expected
    # both platforms tell of the same observations: of whom both know, one of the two is averaged
    ((known, averaged),) = other.query(
        "select count(distinct (staff_key, element_code, observed_date)), count(*) filter (is_usable)"
        " from fct_evaluation_scores where is_within_scale and is_final and staff_key is not null"
    )
    assert known <= averaged < 1.01 * known


def test_other_platforms__every_observed_person_is_found_by_the_staff_id(homes: tuple[Home, Home]) -> None:
    ((scores, found),) = homes[0].query(
        "select count(*), count(staff_key) from fct_evaluation_scores where source_system = 'grow'"
    )
    assert scores == found


def test_other_platforms__awards_are_the_same(homes: tuple[Home, Home]) -> None:
    awards = (
        "select micro_credential_name, issued_date, is_revoked from int_credentials__awards_unioned as awards"
        " join dim_micro_credentials using (micro_credential_key) where awards.source_system = "
    )
    expected = counted(homes[1], f"{awards} 'badgr'")
    assert len(expected) > 50
    assert counted(homes[0], f"{awards} 'credly'") == expected


def test_other_platforms__hours_of_development_are_those_of_the_events(
    homes: tuple[Home, Home], district: District
) -> None:
    """Ed-Fi knows the hours of an event, not those of a person: each counts once per person who was there."""
    hours = "select activity_title, sum(attended_hours) from fct_pd_participation group by all"
    told = {title: total for title, total in homes[0].query(hours) if total}
    present = edfi_six_documents.attendances(district).filter(pl.col("category").is_in(["In Attendance", "Tardy"]))
    planted = (
        present.unique(["person_id", "title"])
        .join(edfi_six_documents.events(district).select("title", "total_hours"), on="title")
        .group_by("title")
        .agg(pl.col("total_hours").sum())
    )
    assert told == dict(planted.iter_rows())


def test_other_platforms__money_is_counted_once_although_balances_are_cumulative(homes: tuple[Home, Home]) -> None:
    money = "select fiscal_year, pd_category, sum(amount_usd) from fct_pd_spending group by all"
    other, usual = (counted(home, money) for home in homes)
    assert other and other == usual


def test_other_platforms__frameworks_bring_competencies_with_their_identifiers(homes: tuple[Home, Home]) -> None:
    codes = "select competency_code from dim_competencies where framework = 'District Teaching Competencies'"
    other, usual = (counted(home, codes) for home in homes)
    assert other == usual
    ((with_identifier, frameworks),) = homes[0].query(
        "select count(case_identifier), count(distinct framework) from dim_competencies"
    )
    assert with_identifier >= 23 and frameworks == 2


@pytest.mark.proof
def test_other_platforms__a_second_run_changes_nothing(wide: tuple[Home, RunReport]) -> None:
    from tests.homes import mart_hashes

    home, _ = wide
    before = mart_hashes(home)
    report = home.run()
    assert report.is_published, report.problems
    assert mart_hashes(home) == before
