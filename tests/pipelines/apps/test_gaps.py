"""Gaps and access: right numbers, largest first, the year before, and answers that help."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from pipelines.apps.access import AccessRefused, Viewer
from pipelines.apps.finder import UnknownCompetency, UnknownSchool
from pipelines.apps.gaps import UnknownGroup, UnknownYear, access, coverage, district_coverage, gaps, with_change
from pipelines.apps.release_reader import Release, open_release
from pipelines.publish.release import publish
from tests.pipelines.planted_coverage import GROUP_ID, GROUP_NAME
from tests.pipelines.planted_warehouse import KEY, ROLES, build_warehouse, key, release_info

LEADER = Viewer.parse("district_leader", ROLES)
PRINCIPAL = Viewer.parse("principal:103", ROLES)
COACH = Viewer.parse("coach:103", ROLES)
ASSISTANT = Viewer.parse("assistant:103", ROLES)


def test_coverage__gives_true_counts_inside_the_scope(release: Release) -> None:
    rows = {(row["school_id"], row["competency"]): row for row in coverage(release, LEADER)}
    assert len(rows) == 9
    assert rows["101", "Questioning"] == {
        "school_id": "101",
        "school": "Alder Elementary",
        "competency_code": "C-I06",
        "competency": "Questioning",
        "school_year": 2027,
        "is_current": True,
        "as_of_date": date(2026, 11, 20),
        "staff_count": 6,
        "evidence_staff_count": 5,
        "need_count": 1,
        "expert_count": 1,
        "strong_practice_count": 1,
        "demonstrated_count": 1,
        "developing_count": 1,
        "supply_count": 2,
        "gap_size": -1,
        "cover_ratio": 2.0,
        "no_evidence_share": pytest.approx(1 / 6),
        "has_single_expert_risk": False,
        "cover_state": "covered",
    }
    assert rows["101", "Managing Student Behavior"]["cover_state"] == "no evidence"
    assert rows["101", "Managing Student Behavior"]["gap_size"] is None


def test_coverage__tells_of_needs_only_where_bands_are_seen(release: Release) -> None:
    needs = {row["school_id"]: row["need_count"] for row in coverage(release, PRINCIPAL)}
    assert needs["103"] is not None
    assert (needs["101"], needs["102"]) == (None, None)
    assert {row["need_count"] for row in coverage(release, COACH)} == {None}
    assert {row["evidence_staff_count"] for row in coverage(release, COACH)} == {None}
    assert {row["school_id"] for row in coverage(release, ASSISTANT)} == {"103"}


def test_coverage__of_an_earlier_year_is_of_that_year(release: Release) -> None:
    rows = coverage(release, LEADER, 2026)
    assert {row["school_year"] for row in rows} == {2026}
    assert sum(row["need_count"] or 0 for row in rows) == 6


def test_district_coverage__counts_who_is_in_no_school(release: Release) -> None:
    questioning = next(row for row in district_coverage(release, LEADER) if row["competency"] == "Questioning")
    # three schools of six, one who declined to be named, one without a school
    assert (questioning["staff_count"], questioning["expert_count"], questioning["school_count"]) == (20, 5, 3)
    with pytest.raises(AccessRefused, match="nothing of the district as a whole"):
        district_coverage(release, ASSISTANT)


def test_gaps__of_a_school_are_the_roles_own_and_the_largest_stand_first(release: Release) -> None:
    found = gaps(release, PRINCIPAL)
    assert (found["scope"], found["school"], found["school_year"], found["is_current"]) == (
        "school",
        "Cedar High",
        2027,
        True,
    )
    # nothing known comes before what is known to be met, never among it
    assert [row["competency"] for row in found["rows"]] == [
        "Managing Student Behavior",
        "Questioning",
        "Academic Feedback",
    ]
    assert found["rows"] == gaps(release, LEADER, school="103")["rows"]
    assert found["as_of_date"] == date(2026, 11, 20) and found["message"] is None
    json.dumps(found, default=str)


def test_gaps__of_the_district_are_what_a_district_role_is_told(release: Release) -> None:
    found = gaps(release, LEADER)
    assert (found["scope"], found["school"], found["sees_need"]) == ("district", None, True)
    assert {row["competency"]: row["need_count"] for row in found["rows"]}["Questioning"] == 3


def test_gaps__of_a_competency_go_school_by_school(release: Release) -> None:
    found = gaps(release, PRINCIPAL, competency="questioning")
    assert found["scope"] == "schools" and found["sees_need"]
    assert {row["school_id"]: row["need_count"] for row in found["rows"]} == {"103": 1, "101": None, "102": None}
    alone = gaps(release, ASSISTANT, competency="questioning")
    assert [row["school_id"] for row in alone["rows"]] == ["103"] and not alone["sees_need"]


def test_gaps__a_large_gap_stands_before_a_small_one_and_before_no_evidence(tmp_path: Path) -> None:
    gap = "update pub_leaders__coverage set need_count = {0} + supply_count, gap_size = {0}, cover_state = 'gap'"
    warehouse = build_warehouse(
        tmp_path / "warehouse.duckdb",
        extra_sql=f"{gap.format(1)} where competency_key = '{key('C-I06')}';"
        f"{gap.format(4)} where competency_key = '{key('C-I07')}';",
    )
    publish(warehouse, tmp_path / "published", release_info("r1"), KEY)
    with open_release(tmp_path / "published", "leaders") as release:
        found = gaps(release, PRINCIPAL)
    assert [(row["competency"], row["gap_size"]) for row in found["rows"]] == [
        ("Academic Feedback", 4),
        ("Questioning", 1),
        ("Managing Student Behavior", None),
    ]


def test_gaps__tell_the_change_since_the_year_before(release: Release) -> None:
    changes = {row["competency"]: row["change"] for row in gaps(release, LEADER)["rows"]}
    assert changes == {"Questioning": -3, "Academic Feedback": 0, "Managing Student Behavior": None}
    before = gaps(release, LEADER, school_year=2026)
    assert not before["is_current"] and before["as_of_date"] == date(2026, 6, 30)
    assert {row["change"] for row in before["rows"]} == {None}, "of 2025 nothing is known"


def test_with_change__of_who_sees_strengths_is_the_supply(release: Release) -> None:
    row = {"school_id": "1", "competency_code": "C", "cover_state": None, "gap_size": None, "supply_count": 5}
    (changed,) = with_change([row], [row | {"supply_count": 3}])
    assert changed["change"] == 2
    known = row | {"cover_state": "gap", "gap_size": 4}
    assert with_change([known], [known | {"gap_size": 9}])[0]["change"] == -5
    assert with_change([known], [known | {"school_id": "2"}])[0]["change"] is None


@pytest.mark.parametrize("text", [GROUP_ID, GROUP_NAME, f" {GROUP_NAME.upper()}"])
def test_gaps__of_a_group_are_its_competencies(text: str, release: Release) -> None:
    found = gaps(release, LEADER, group=text)
    assert found["group"] == GROUP_NAME
    assert {row["competency_code"] for row in found["rows"]} == {"C-I06", "C-I07"}
    both = gaps(release, LEADER, group=text, competency="C-E02")
    assert both["rows"] == []


def test_gaps__suggest_close_matches(release: Release) -> None:
    with pytest.raises(UnknownCompetency, match=r"Did you mean Questioning \(C-I06\)"):
        gaps(release, LEADER, competency="Questionning")
    with pytest.raises(UnknownSchool, match=r"Did you mean Cedar High \(103\)"):
        gaps(release, LEADER, school="Ceder High")
    with pytest.raises(UnknownGroup, match=f"Did you mean {GROUP_NAME}"):
        gaps(release, LEADER, group="asking")
    with pytest.raises(UnknownGroup, match=f"no competency group 'nonsense'. Groups: {GROUP_NAME}"):
        gaps(release, LEADER, group="nonsense")
    with pytest.raises(UnknownYear, match=r"no coverage of the school year 2019; .* 2026 to 2027"):
        gaps(release, LEADER, school_year=2019)
    with pytest.raises(AccessRefused, match="may see nothing of Alder Elementary"):
        gaps(release, ASSISTANT, school="101")


@pytest.fixture
def sparse(tmp_path: Path) -> Iterator[Release]:
    """A release with a school without staff, and one of whose staff nothing is known."""
    warehouse = build_warehouse(
        tmp_path / "warehouse.duckdb",
        extra_sql="insert into pub_leaders__schools values (md5('109'), 109, 'Empty School');"
        "update pub_leaders__coverage set evidence_staff_count = 0, need_count = 0, expert_count = 0,"
        "strong_practice_count = 0, demonstrated_count = 0, developing_count = 0, supply_count = 0, gap_size = null,"
        "cover_ratio = null, no_evidence_share = 1, has_single_expert_risk = false, cover_state = 'no evidence'"
        "where school_key = md5('102')",
    )
    publish(warehouse, tmp_path / "published", release_info("r1"), KEY)
    with open_release(tmp_path / "published", "leaders") as opened:
        yield opened


def test_gaps__a_school_without_data_is_told_plainly(sparse: Release) -> None:
    empty = gaps(sparse, LEADER, school="Empty School")
    assert empty["rows"] == []
    assert empty["message"] == (
        "Empty School has no staff in 2027 that a roster tells of, so there is nothing to cover."
    )
    dark = gaps(sparse, LEADER, school="102")
    assert dark["message"] == (
        "Nothing is known of Birch Middle: none of its 6 staff members has an observed result or a micro-credential "
        "that counts here. That is no evidence, not no gap."
    )
    assert gaps(sparse, COACH, school="102")["message"] is None, "it would tell that there is no need"


def test_access__compares_groups_of_schools_with_a_sentence(release: Release) -> None:
    found = access(release, LEADER)
    assert found["subjects"] == [GROUP_NAME] and found["sees_need"]
    assert {row["staff_group"] for row in found["groups"]} == {"all staff", "teachers", "leaders and coaches"}
    line = next(line for line in found["comparisons"] if line["staff_group"] == "all staff")
    assert (line["most_group"], line["least_group"], line["reach_gap"]) == (
        "lowest-poverty half",
        "highest-poverty half",
        0.5,
    )
    assert line["sentence"].startswith("As of 2026-11-20, Asking and answering")
    assert access(release, LEADER, competency="Questioning")["subjects"] == ["Questioning"]
    assert access(release, LEADER, group=GROUP_ID, school_year=2026)["as_of_date"] == date(2026, 6, 30)
    json.dumps(found, default=str)


def test_access__outside_the_scope_tells_no_needs_and_nothing_of_fewer_than_ten(release: Release) -> None:
    found = access(release, PRINCIPAL)
    # Alder Elementary's six people are too few, so there is nothing to compare with either
    assert [(row["school_group"], row["staff_group"]) for row in found["groups"]] == [
        ("highest-poverty half", "all staff")
    ]
    assert {row["need_count"] for row in found["groups"]} == {None}
    assert {row["evidence_staff_count"] for row in found["groups"]} == {None}
    assert found["comparisons"] == []
    with pytest.raises(AccessRefused, match="access compares all of them"):
        access(release, ASSISTANT)


def test_access__nothing_to_compare_says_what_it_needs(tmp_path: Path) -> None:
    warehouse = build_warehouse(
        tmp_path / "warehouse.duckdb",
        extra_sql="delete from pub_leaders__equity; delete from pub_leaders__equity_gaps",
    )
    publish(warehouse, tmp_path / "published", release_info("r1"), KEY)
    with open_release(tmp_path / "published", "leaders") as release:
        found = access(release, LEADER)
    assert found["groups"] == [] and "it needs two schools" in str(found["message"])


def test_gaps__of_a_release_without_any_evidence(tmp_path: Path) -> None:
    warehouse = build_warehouse(
        tmp_path / "warehouse.duckdb",
        extra_sql="delete from pub_leaders__coverage; delete from pub_leaders__district_coverage",
    )
    publish(warehouse, tmp_path / "published", release_info("r1"), KEY)
    with open_release(tmp_path / "published", "leaders") as release:
        assert "has no staff in any year" in str(gaps(release, LEADER)["message"])
