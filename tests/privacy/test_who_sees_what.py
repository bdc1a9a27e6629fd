"""Who sees what: role by inside or outside by band, on a real release.

The table is written out by hand: a change of the rules has to change it. A role of one staff member is
written with that person as the planted warehouse calls them, `teacher:103/need`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from pipelines.apps.access import BANDS, AccessRefused, Viewer
from pipelines.apps.export import visible_tables
from pipelines.apps.finder import explain, find
from pipelines.apps.gaps import coverage
from pipelines.apps.release_reader import Release, open_release
from pipelines.publish.release import publish
from tests.pipelines.planted_warehouse import (
    DECLINED,
    KEY,
    LEFT,
    ROLES,
    SCHOOLS,
    build_warehouse,
    key,
    name_of,
    release_info,
)

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
    ("teacher:103/need",                "103", (True,  True,  True,  True,  False, False)),
    ("teacher:103/need",                "101", (False, True,  True,  True,  False, False)),
    ("teacher:103/developing",          "103", (False, True,  True,  True,  True,  False)),
    ("teacher:103/developing",          "102", (False, True,  True,  True,  False, False)),
    ("teacher:103/not enough evidence", "103", (False, True,  True,  True,  False, True)),
    ("teacher:103/expert",              "103", (False, True,  True,  True,  False, False)),
    ("novice:103/need",                 "103", (False, False, False, False, False, False)),
    ("novice:103/expert",               "103", (False, True,  False, False, False, False)),
    ("novice:103/expert",               "101", (False, False, False, False, False, False)),
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


def viewer_of(who: str) -> Viewer:
    """The viewer of a row; a person is written as planted and asked as their staff key."""
    name, _, whose = who.partition(":")
    return Viewer.parse(f"{name}:{key(whose)}" if ROLES[name].scope == "self" else who, ROLES)


def test_matrix__covers_every_role() -> None:
    assert {viewer.partition(":")[0] for viewer, _, _ in MATRIX} == set(ROLES)


@pytest.mark.parametrize(("who", "school", "band", "visible"), CASES)
def test_viewer__sees(who: str, school: str, band: str, visible: bool) -> None:
    assert viewer_of(who).sees(band, school, key(f"{school}/{band}")) is visible


@pytest.mark.parametrize(("who", "school", "band", "visible"), CASES)
def test_explain__shows(who: str, school: str, band: str, visible: bool, release: Release) -> None:
    viewer = viewer_of(who)
    if visible:
        assert explain(release, viewer, name_of(school, band), "Questioning")["band"] == band
    else:
        with pytest.raises(AccessRefused):
            explain(release, viewer, name_of(school, band), "Questioning")


@pytest.mark.parametrize("who", sorted({viewer for viewer, _, _ in MATRIX} - {"visitor"}))
def test_find_and_export__list_exactly_what_the_matrix_allows(who: str, release: Release) -> None:
    viewer = viewer_of(who)
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


def test_one_person__sees_no_schools_need_counts_nor_small_counts(release: Release) -> None:
    viewer = viewer_of("teacher:103/need")
    assert {row["school_id"] for row in coverage(release, viewer)} == set(SCHOOLS)
    assert {row["need_count"] for row in coverage(release, viewer)} == {None}
    assert {row["evidence_staff_count"] for row in coverage(release, viewer)} == {None}
    exported = visible_tables(release, viewer)["coverage"]
    assert set(exported["school_id"]) == set(SCHOOLS)
    for column in ("need_count", "evidence_staff_count", "staff_count", "expert_count", "strong_practice_count"):
        assert exported[column].null_count() == exported.height, column
    assert coverage(release, viewer_of("novice:103/expert")) == []


def test_one_person__takes_away_own_evidence_in_full_and_what_counts_of_others(release: Release) -> None:
    evidence = visible_tables(release, viewer_of("teacher:103/need"))["evidence"]
    assert set(evidence.filter(~pl.col("counts"))["staff_key"]) == {key("103/need")}
    shown = explain(release, viewer_of("teacher:103/need"), key("103/need"), "Questioning")["evidence"]
    assert {item["counts"] for item in shown} == {True, False}
    others = explain(release, viewer_of("teacher:103/need"), key("103/expert"), "Questioning")["evidence"]
    assert {item["counts"] for item in others} == {True}


def test_who_declined_to_be_named__sees_themselves_and_is_seen_by_nobody(release: Release) -> None:
    itself = viewer_of(f"teacher:{DECLINED}")
    assert [row["name"] for row in find(release, itself, "Questioning") if row["staff_key"] == key(DECLINED)] == ["you"]
    assert explain(release, itself, key(DECLINED), "Questioning")["band"] == "expert"
    for who in sorted({viewer for viewer, _, _ in MATRIX} - {"visitor"}):
        assert key(DECLINED) not in {row["staff_key"] for row in find(release, viewer_of(who), "Questioning")}
        assert key(DECLINED) not in set(visible_tables(release, viewer_of(who))["expertise"]["staff_key"])


@pytest.mark.parametrize("who", sorted({viewer for viewer, _, _ in MATRIX} - {"visitor"}))
def test_export__holds_no_practice_goals_or_lapsed_credentials_of_persons(who: str, release: Release) -> None:
    personal = {"practice", "growth_goals", "held_micro_credentials", "staff"}
    assert personal <= set(release.tables())
    assert not personal & set(visible_tables(release, viewer_of(who)))


@pytest.mark.parametrize("whose", [LEFT, "never was", "103/NEED"])
def test_one_person__who_is_not_there_is_refused_in_the_same_words(whose: str, release: Release) -> None:
    said = set()
    for ask in (
        lambda viewer: find(release, viewer, "Questioning"),
        lambda viewer: explain(release, viewer, "Expert Personof101", "Questioning"),
        lambda viewer: coverage(release, viewer),
        lambda viewer: visible_tables(release, viewer),
    ):
        with pytest.raises(AccessRefused) as refused:
            ask(viewer_of(f"teacher:{whose}"))
        said.add(str(refused.value))
    assert said == {
        "the role teacher is one active staff member's, and this release has none of the key given, so nothing is "
        "shown. Write teacher:STAFF_KEY with the key in full"
    }


def test_leaders_release__holds_no_column_of_scores(release: Release) -> None:
    columns = {
        row["column_name"] for row in release.query("select column_name from duckdb_columns() where not internal")
    }
    assert columns
    assert not {column for column in columns if any(word in column for word in ("score", "mean", "rating", "level"))}


@pytest.mark.parametrize("viewer", ["principal:103", "coach:101", "assistant:101"])
def test_strengths__do_not_tell_that_who_demonstrated_it_was_observed_below_expert(
    release: Release, viewer: str
) -> None:
    """Observed and yet `demonstrated` can only mean: not at expert level. So there is nothing of observations."""
    sight = Viewer.parse(viewer, ROLES)
    name = name_of("101", "demonstrated")
    found = {person["name"]: person for person in find(release, sight, "Questioning", "101")}
    answer = explain(release, sight, name, "Questioning")
    assert found[name]["observation_count"] is None and answer["observation_count"] is None
    assert [item["evidence_type"] for item in answer["evidence"]] == ["award"]
    tables = visible_tables(release, sight)
    row = tables["expertise"].row(
        by_predicate=(pl.col("staff_name") == name) & (pl.col("competency_code") == "C-I06"), named=True
    )
    assert (row["observation_count"], row["rater_count"], row["latest_observation_date"]) == (None, None, None)
    evidence = tables["evidence"].filter(staff_key=row["staff_key"], competency_key=row["competency_key"])
    assert evidence["evidence_type"].to_list() == ["award"]


def test_strengths__tell_of_observations_where_they_came_to_expert_level(release: Release) -> None:
    answer = explain(release, Viewer.parse("coach:103", ROLES), name_of("103", "strong practice"), "Questioning")
    assert answer["observation_count"] == 4
    assert "observation" in [item["evidence_type"] for item in answer["evidence"]]
