"""Leaders of learning: who is proposed, why, who could come, who may assess, and what stays unseen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.apps.access import AccessRefused, Viewer
from pipelines.apps.finder import QuestionRefused, UnknownCompetency, UnknownSchool
from pipelines.apps.leaders_of_learning import UnknownGroup, UnknownStack, lead
from pipelines.apps.release_reader import Release, open_release
from pipelines.publish.release import publish
from tests.pipelines.planted_coverage import GROUP_ID, GROUP_NAME
from tests.pipelines.planted_warehouse import (
    DECLINED,
    KEY,
    LEFT,
    NO_SCHOOL,
    ROLES,
    SCHOOLS,
    build_warehouse,
    key,
    name_of,
    release_info,
)

LEADER = Viewer.parse("district_leader", ROLES)


@pytest.fixture(scope="module")
def uneven(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    """Nobody of Birch Middle is strong in Questioning, and Alder Elementary has middle grades."""
    folder: Path = tmp_path_factory.mktemp("uneven")
    warehouse = build_warehouse(
        folder / "warehouse.duckdb",
        extra_sql="""
            update pub_leaders__expertise set band = 'developing', band_order = 4
            where school_id = 102 and competency_code = 'C-I06' and band <> 'need';
            update pub_leaders__expertise set grade_band = 'middle' where school_id = 101;
            update pub_leaders__staff set grade_band = 'middle' where school_id in (101, 102);
        """,
    )
    publish(warehouse, folder / "published", release_info("r1"), KEY)
    with open_release(folder / "published", "leaders") as opened:
        yield opened


def test_lead__one_competency_gives_the_best_placed_of_each_school(release: Release) -> None:
    answer = lead(release, LEADER, ["Questioning"])

    assert [(one["rank"], one["name"]) for one in answer["leaders"]] == [
        (1, name_of("101", "expert")),
        (2, name_of("102", "expert")),
        (3, name_of("103", "expert")),
    ]
    assert answer["leaders"][0]["brings"] == [
        {
            "competency_code": "C-I06",
            "competency": "Questioning",
            "band": "expert",
            "explanation": "Observed 4 times by 2 raters; one micro-credential.",
        }
    ]
    assert answer["leaders"][0]["why"] == "First of 3 at this school, by band and evidence."
    assert (answer["pairs_wanted"], answer["pairs_covered"], answer["lacking"]) == (3, 3, [])
    assert answer["is_proven_best"]
    json.dumps(answer)


def test_lead__a_set_takes_who_brings_all_of_it(release: Release) -> None:
    answer = lead(release, LEADER, ["Questioning", "c-i07"])
    assert len(answer["leaders"]) == len(SCHOOLS)
    assert {len(one["brings"]) for one in answer["leaders"]} == {2}
    assert answer["leaders"][0]["why"] == "Strong in all of it: this school needs nobody else."


def test_lead__a_stack_and_a_group_stand_for_their_competencies(release: Release) -> None:
    by_set = lead(release, LEADER, ["Questioning", "Academic Feedback"])
    assert lead(release, LEADER, stack="questioning ") == by_set
    assert lead(release, LEADER, group=GROUP_ID) == by_set
    assert lead(release, LEADER, group=GROUP_NAME.upper()) == by_set
    assert lead(release, LEADER, ["Questioning"], group=GROUP_ID) == by_set


def test_lead__per_school_asks_for_more_and_says_who_has_too_few(release: Release) -> None:
    answer = lead(release, LEADER, ["Questioning"], schools=["103"], per_school=3)
    assert [one["name"] for one in answer["leaders"]] == [
        name_of("103", band) for band in ("expert", "strong practice", "demonstrated")
    ]
    assert answer["leaders"][0]["why"] == ("Few at this school are strong in Questioning, and all of them are needed.")
    assert answer["lacking"] == []

    (short,) = lead(release, LEADER, ["Questioning"], schools=["103"], per_school=4)["lacking"]
    assert (short["has_nobody"], short["has_too_few"]) == ([], ["Questioning"])
    assert "Cedar High" not in {helper["school"] for helper in short["helpers"]}


def test_lead__a_school_without_anybody_is_shown_the_nearest_help(uneven: Release) -> None:
    answer = lead(uneven, LEADER, ["Questioning"])

    assert {one["school"] for one in answer["leaders"]} == {"Alder Elementary", "Cedar High"}
    (lacking,) = answer["lacking"]
    assert (lacking["school"], lacking["has_nobody"]) == ("Birch Middle", ["Questioning"])
    assert [helper["grade_band"] for helper in lacking["helpers"]] == ["middle"] * 3
    assert {helper["school"] for helper in lacking["helpers"]} == {"Alder Elementary"}
    assert (answer["pairs_wanted"], answer["pairs_covered"]) == (3, 2)


def test_lead__a_competency_that_nobody_is_strong_in(release: Release) -> None:
    answer = lead(release, LEADER, ["Managing Student Behavior"])
    assert (answer["leaders"], answer["assessors"], answer["pairs_covered"]) == ([], [], 0)
    assert [school["helpers"] for school in answer["lacking"]] == [[], [], []]


def test_lead__may_assess_who_holds_it_and_is_strong_in_it(release: Release) -> None:
    assessors = lead(release, LEADER, ["Questioning", "Academic Feedback"])["assessors"]
    assert {(one["name"], one["competency"]) for one in assessors} == {
        *((name_of(school, "expert"), "Questioning") for school in SCHOOLS),
        ("Itinerant Specialist", "Questioning"),
    }


@pytest.mark.parametrize("who", ["district_leader", "principal:103", "coach:101", f"teacher:{key(DECLINED)}"])
def test_lead__proposes_nobody_who_declined_left_or_is_in_need(who: str, release: Release) -> None:
    answer = lead(release, Viewer.parse(who, ROLES), ["Questioning"], per_school=9)
    named = {one["staff_key"] for one in answer["leaders"]} | {one["staff_key"] for one in answer["assessors"]}
    assert key("103/expert") in named
    assert not named & {key(DECLINED), key(LEFT)}
    assert {strength["band"] for one in answer["leaders"] for strength in one["brings"]} <= {
        "expert",
        "strong practice",
        "demonstrated",
    }


def test_lead__stays_inside_what_the_role_may_see(release: Release) -> None:
    answer = lead(release, Viewer.parse("assistant:103", ROLES), ["Questioning"], per_school=9)
    assert answer["school_count"] == 1
    assert {one["school"] for one in answer["leaders"]} == {"Cedar High"}
    assert answer["lacking"][0]["helpers"] == []
    assert key(NO_SCHOOL) not in {one["staff_key"] for one in answer["assessors"]}
    with pytest.raises(AccessRefused, match="may see nothing"):
        lead(release, Viewer.parse("visitor", ROLES), ["Questioning"])


def test_lead__says_what_is_wrong(release: Release) -> None:
    with pytest.raises(QuestionRefused, match="say what shall be led"):
        lead(release, LEADER)
    with pytest.raises(QuestionRefused, match="at least one person"):
        lead(release, LEADER, ["Questioning"], per_school=0)
    with pytest.raises(UnknownCompetency, match=r"Did you mean Questioning \(C-I06\)"):
        lead(release, LEADER, ["Questionning"])
    with pytest.raises(UnknownStack, match=r"no stack 'Questionin' among the 1 .*Did you mean Questioning\?"):
        lead(release, LEADER, stack="Questionin")
    with pytest.raises(UnknownGroup, match=rf"no group 'asking' among the 1 .*Did you mean {GROUP_ID}\?"):
        lead(release, LEADER, group="asking")
    with pytest.raises(UnknownSchool, match=r"Did you mean Cedar High \(103\)"):
        lead(release, LEADER, ["Questioning"], schools=["Ceder High"])


def test_lead__all_is_every_school(release: Release) -> None:
    assert lead(release, LEADER, ["Questioning"], schools=["All"]) == lead(release, LEADER, ["Questioning"])
