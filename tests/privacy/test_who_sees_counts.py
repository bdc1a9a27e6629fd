"""Who sees which counts: role by school and table, on a real release.

The table is written out by hand: a change of the rules has to change it. `full` tells of needs,
`strengths` of who could share a competency, `none` nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.apps.access import AccessRefused, Viewer
from pipelines.apps.export_counts import visible_counts
from pipelines.apps.gaps import HIDDEN_FROM_STRENGTHS, access, coverage, district_coverage, gaps
from pipelines.apps.release_reader import Release, open_release
from pipelines.publish.release import publish
from tests.pipelines.planted_warehouse import KEY, ROLES, SCHOOLS, build_warehouse, key, release_info

# fmt: off
#   viewer              school 101   school 103   the district and equity of access
MATRIX = [
    ("district_leader", "full",      "full",      "full"),
    ("principal:103",   "strengths", "full",      "strengths"),
    ("principal:101",   "full",      "strengths", "strengths"),
    ("coach:103",       "strengths", "strengths", "strengths"),
    ("assistant:103",   "none",      "strengths", "none"),
    ("teacher:SELF",    "strengths", "strengths", "strengths"),
    ("novice:SELF",     "none",      "none",      "none"),
]
# fmt: on
SELF = key("103/need")
NEED = [name for name in HIDDEN_FROM_STRENGTHS if name not in ("gap_school_count", "no_evidence_school_count")]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    folder: Path = tmp_path_factory.mktemp("counts")
    publish(build_warehouse(folder / "warehouse.duckdb"), folder / "published", release_info("r1"), KEY)
    with open_release(folder / "published", "leaders") as opened:
        yield opened


def viewer_of(who: str) -> Viewer:
    return Viewer.parse(who.replace("SELF", SELF), ROLES)


def seen(rows: list[dict[str, Any]]) -> str:
    """What the rows tell: needs, strengths alone, or nothing."""
    if not rows:
        return "none"
    hidden = {name for row in rows for name in HIDDEN_FROM_STRENGTHS if row.get(name) is not None}
    return "full" if "need_count" in hidden else "strengths" if not hidden else f"leaks {sorted(hidden)}"


def test_matrix__covers_every_role_that_sees_anything() -> None:
    assert {viewer.partition(":")[0] for viewer, *_ in MATRIX} == set(ROLES) - {"visitor"}


@pytest.mark.parametrize(("who", "alder", "cedar", "district"), MATRIX, ids=[row[0] for row in MATRIX])
def test_counts__are_what_the_matrix_allows(who: str, alder: str, cedar: str, district: str, release: Release) -> None:
    viewer = viewer_of(who)
    for school_year in (None, 2026):
        rows = [dict(row) for row in coverage(release, viewer, school_year)]
        for school, allowed in (("101", alder), ("103", cedar)):
            assert seen([row for row in rows if row["school_id"] == school]) == allowed, (school, school_year)
        if district == "none":
            with pytest.raises(AccessRefused):
                district_coverage(release, viewer, school_year)
            with pytest.raises(AccessRefused):
                access(release, viewer, school_year=school_year)
        else:
            assert seen([dict(row) for row in district_coverage(release, viewer, school_year)]) == district
            assert seen(access(release, viewer, school_year=school_year)["groups"]) == district
    for school, allowed in (("101", alder), ("103", cedar)):
        if allowed == "none":
            with pytest.raises(AccessRefused):
                gaps(release, viewer, school=school)
        else:
            found = gaps(release, viewer, school=school)
            assert seen(found["rows"]) == allowed
            assert found["sees_need"] is (allowed == "full")
            if allowed == "strengths":
                assert [row["change"] for row in found["rows"]] == [0, 0, 0], "the change of a need is not told either"


@pytest.mark.parametrize(("who", "alder", "cedar", "district"), MATRIX, ids=[row[0] for row in MATRIX])
def test_export__takes_away_no_more(who: str, alder: str, cedar: str, district: str, release: Release) -> None:
    tables = {name: frame.to_dicts() for name, frame in visible_counts(release, viewer_of(who)).items()}
    for school, allowed in (("101", alder), ("103", cedar)):
        rows = [row for row in tables["coverage"] if row["school_id"] == school]
        assert seen(rows) == allowed
        if rows and viewer_of(who).is_inside(school):
            assert {row["is_suppressed"] for row in rows} == {False}
        else:
            assert all(row[name] is None for row in rows for name in (*NEED, "expert_count", "supply_count"))
    for name in ("district_coverage", "equity", "equity_gaps"):
        expected = {"full": "full" if name != "equity_gaps" else "strengths"}.get(district, "none")
        assert seen(tables[name]) == expected, name


def test_counts__refuse_who_may_see_nothing(release: Release) -> None:
    visitor = Viewer.parse("visitor", ROLES)
    for ask in (coverage, district_coverage, gaps, access):
        with pytest.raises(AccessRefused, match="may see nothing"):
            ask(release, visitor)


def test_counts__of_schools_name_nobody(release: Release) -> None:
    columns = release.query(
        "select column_name from duckdb_columns() where table_name in "
        "('coverage', 'district_coverage', 'equity', 'equity_gaps', 'competency_groups')"
    )
    assert columns
    assert not [row for row in columns if "staff_key" in row["column_name"] or "staff_name" in row["column_name"]]
    assert len(SCHOOLS) == 3
