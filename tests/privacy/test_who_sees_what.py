"""Who sees what: role by inside or outside by band, on a real release.

The table is written out by hand: a change of the rules has to change it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from pipelines.apps.access import BANDS, AccessRefused, Viewer
from pipelines.apps.export import visible_tables
from pipelines.apps.finder import explain, find
from pipelines.apps.release_reader import Release, open_release
from pipelines.publish.release import publish
from tests.pipelines.planted_warehouse import KEY, ROLES, SCHOOLS, build_warehouse, name_of, release_info

# fmt: off
#   viewer              school   need   expert strong demon. devel. not enough evidence
MATRIX = [
    ("district_leader", "101",  (True,  True,  True,  True,  True,  True)),
    ("district_leader", "103",  (True,  True,  True,  True,  True,  True)),
    ("principal:103",   "103",  (True,  True,  True,  True,  True,  True)),
    ("principal:103",   "101",  (False, True,  True,  True,  False, False)),
    ("principal:103",   "102",  (False, True,  True,  True,  False, False)),
    ("principal:101",   "103",  (False, True,  True,  True,  False, False)),
    ("coach:103",       "103",  (False, True,  True,  True,  False, False)),
    ("coach:103",       "101",  (False, True,  True,  True,  False, False)),
    ("assistant:103",   "103",  (False, True,  True,  True,  False, False)),
    ("assistant:103",   "101",  (False, False, False, False, False, False)),
    ("visitor",         "101",  (False, False, False, False, False, False)),
]
# fmt: on
CASES = [
    pytest.param(viewer, school, band, visible, id=f"{viewer} {school} {band}")
    for viewer, school, row in MATRIX
    for band, visible in zip(BANDS, row, strict=True)
]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    folder: Path = tmp_path_factory.mktemp("privacy")
    publish(build_warehouse(folder / "warehouse.duckdb"), folder / "published", release_info("r1"), KEY)
    with open_release(folder / "published", "leaders") as opened:
        yield opened


def test_matrix__covers_every_role() -> None:
    assert {viewer.partition(":")[0] for viewer, _, _ in MATRIX} == set(ROLES)


@pytest.mark.parametrize(("who", "school", "band", "visible"), CASES)
def test_viewer__sees(who: str, school: str, band: str, visible: bool) -> None:
    assert Viewer.parse(who, ROLES).sees(band, school) is visible


@pytest.mark.parametrize(("who", "school", "band", "visible"), CASES)
def test_explain__shows(who: str, school: str, band: str, visible: bool, release: Release) -> None:
    viewer = Viewer.parse(who, ROLES)
    if visible:
        assert explain(release, viewer, name_of(school, band), "Questioning")["band"] == band
    else:
        with pytest.raises(AccessRefused):
            explain(release, viewer, name_of(school, band), "Questioning")


@pytest.mark.parametrize("who", sorted({viewer for viewer, _, _ in MATRIX} - {"visitor"}))
def test_find_and_export__list_exactly_what_the_matrix_allows(who: str, release: Release) -> None:
    viewer = Viewer.parse(who, ROLES)
    allowed = {
        name_of(school, band)
        for case_viewer, school, row in MATRIX
        for band, visible in zip(BANDS, row, strict=True)
        if case_viewer == who and visible
    }
    schools = {school for case_viewer, school, _ in MATRIX if case_viewer == who}
    asked = {name_of(school, band) for school in schools for band in BANDS}

    found = {expert["name"] for expert in find(release, viewer, "Questioning")}
    exported = visible_tables(release, viewer)["expertise"].filter(pl.col("competency_code") == "C-I06")

    assert found & asked == allowed
    assert set(exported["staff_name"]) & asked == allowed
    for school in schools & set(SCHOOLS):
        inside = {expert["name"] for expert in find(release, viewer, "Questioning", school)}
        assert inside & asked == {name for name in allowed if name.endswith(school)}


def test_find__refuses_who_may_see_nothing(release: Release) -> None:
    with pytest.raises(AccessRefused, match="may see nothing"):
        find(release, Viewer.parse("visitor", ROLES), "Questioning")


def test_someone_without_a_school__is_outside_every_school(release: Release) -> None:
    viewer = Viewer.parse("assistant:103", ROLES)
    assert "Itinerant Specialist" not in {expert["name"] for expert in find(release, viewer, "Questioning")}
    assert not viewer.is_inside(None)


def test_leaders_release__holds_no_column_of_scores(release: Release) -> None:
    columns = {
        row["column_name"] for row in release.query("select column_name from duckdb_columns() where not internal")
    }
    assert columns
    assert not {column for column in columns if any(word in column for word in ("score", "mean", "rating", "level"))}
