"""Next steps: what is suggested, to whom it is told, and that nobody else is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from pipelines.apps.access import BANDS, AccessRefused, Viewer
from pipelines.apps.finder import AmbiguousStaff, QuestionRefused, UnknownStaff
from pipelines.apps.next_steps import NO_RENEWAL_VALUE, next_steps
from pipelines.apps.release_reader import Release, open_release
from pipelines.publish.release import publish
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

NEEDY = key("103/need")
ITSELF = Viewer.parse(f"teacher:{NEEDY}", ROLES)
RENEWAL = f"""
    create or replace table pub_leaders__renewal_values as
    select '{key("q-1")}' as micro_credential_key, 'Tennessee' as jurisdiction, cast(6 as decimal(18, 2)) as units,
        'point' as unit_name, 'Earns 6 points towards renewal in Tennessee.' as sentence;
"""


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    folder: Path = tmp_path_factory.mktemp("next_steps")
    warehouse = build_warehouse(folder / "warehouse.duckdb", extra_sql=RENEWAL)
    publish(warehouse, folder / "published", release_info("r1"), KEY)
    with open_release(folder / "published", "leaders") as opened:
        yield opened


def test_next_steps__needs_come_first_then_what_is_developing(release: Release) -> None:
    answer = next_steps(release, ITSELF)

    assert [(step["element"], step["observed_result"]) for step in answer["steps"]] == [
        ("Questioning", "need"),
        ("Unaligned Element", "need"),
        ("Managing Student Behavior", "developing"),
        ("Academic Feedback", "developing"),
    ]
    assert (answer["name"], answer["school"]) == (name_of("103", "need"), "Cedar High")
    assert answer["observed_element_count"] == 4
    assert next_steps(release, ITSELF, NEEDY) == next_steps(release, ITSELF, "need personof103 ") == answer
    assert json.dumps(answer, default=str)


def test_next_steps__a_growth_goal_puts_an_element_first_among_its_equals(release: Release) -> None:
    """In the rubric Academic Feedback stands before Managing Student Behavior."""
    viewer = Viewer.parse("district_leader", ROLES)
    goals = next_steps(release, ITSELF)["steps"][2]["goals"]
    assert [(goal["goal"], goal["school_year"], goal["status"]) for goal in goals] == [
        ("Managing Student Behavior", 2027, "in progress")
    ]
    assert [(goal["goal"], goal["is_open"]) for goal in next_steps(release, ITSELF)["goals"]] == [
        ("Managing Student Behavior", True),
        ("C-ODD", False),
    ]
    assert next_steps(release, viewer, name_of("103", "developing"))["goals"] == []


def test_next_steps__micro_credentials_in_the_order_of_their_stack(release: Release) -> None:
    offers = next_steps(release, ITSELF)["steps"][0]["micro_credentials"]

    assert [(offer["name"], offer["standing"], offer["is_next"]) for offer in offers] == [
        ("Questioning: Foundations", "expired", True),
        ("Questioning: In Practice", "not started", False),
        ("Questioning: Coaching Peers", "not started", False),
        ("Ask Away", "not started", False),
    ]
    first, last = offers[0], offers[-1]
    assert (first["stack"], first["stack_step"], first["stack_size"], first["hours_to_earn"]) == (
        "Questioning",
        1,
        3,
        10.0,
    )
    assert (first["issued_date"], first["expires_date"]) == (date(2024, 2, 1), date(2026, 2, 1))
    assert first["renewal"] == [
        {
            "jurisdiction": "Tennessee",
            "units": 6.0,
            "unit_name": "point",
            "sentence": "Earns 6 points towards renewal in Tennessee.",
        }
    ]
    assert first["why_no_renewal"] is None
    assert (last["is_approved"], last["renewal"], last["why_no_renewal"]) == (False, None, NO_RENEWAL_VALUE)


def test_next_steps__what_is_held_leads_to_the_step_after_it(release: Release) -> None:
    viewer = Viewer.parse(f"teacher:{key('103/developing')}", ROLES)
    offers = next_steps(release, viewer)["steps"][0]["micro_credentials"]
    assert [(offer["name"], offer["standing"]) for offer in offers if offer["is_next"]] == [
        ("Questioning: In Practice", "not started")
    ]
    assert offers[0]["standing"] == "held"


def test_next_steps__recent_activities_once_per_title(release: Release) -> None:
    (activity,) = next_steps(release, ITSELF)["steps"][0]["activities"]
    assert (activity["title"], activity["latest_date"], activity["hours"]) == ("Questioning Lab", date(2026, 3, 1), 6.0)


def test_next_steps__colleagues_of_the_same_school_first_and_only_the_named(release: Release) -> None:
    colleagues = next_steps(release, ITSELF)["steps"][0]["colleagues"]
    assert [(one["name"], one["band"], one["is_same_school"]) for one in colleagues] == [
        (name_of("103", band), band, True) for band in ("expert", "strong practice", "demonstrated")
    ]
    for school in SCHOOLS:
        answer = next_steps(release, Viewer.parse(f"principal:{school}", ROLES), name_of(school, "need"))
        listed = {one["staff_key"] for step in answer["steps"] for one in step["colleagues"]}
        assert not listed & {key(DECLINED), key(LEFT), answer["staff_key"]}


def test_next_steps__who_has_no_evidence_is_told_so(release: Release) -> None:
    answer = next_steps(release, Viewer.parse("district_leader", ROLES), "Itinerant")
    assert answer["expert_elements"] == ["Questioning"]
    assert [step["observed_result"] for step in answer["steps"]] == ["developing"]


def test_next_steps__an_element_without_alignment_suggests_nothing(release: Release) -> None:
    step = next_steps(release, ITSELF)["steps"][1]
    assert (step["competencies"], step["micro_credentials"], step["activities"], step["colleagues"]) == ([], [], [], [])


# fmt: off
#   viewer                    own school's person   another school's person
MATRIX = [
    ("district_leader",       True,                 True),
    ("principal:103",         True,                 False),
    ("coach:103",             False,                False),
    ("assistant:103",         False,                False),
    (f"teacher:{NEEDY}",      False,                False),
    (f"novice:{NEEDY}",       False,                False),
]
# fmt: on


@pytest.mark.parametrize(("who", "inside", "outside"), MATRIX)
@pytest.mark.parametrize("band", sorted(set(BANDS) - {"need"}))
def test_next_steps__are_told_inside_a_sight_of_every_band_only(
    who: str, inside: bool, outside: bool, band: str, release: Release
) -> None:
    for school, told in (("103", inside), ("101", outside)):
        viewer = Viewer.parse(who, ROLES)
        if told:
            assert next_steps(release, viewer, name_of(school, band))["name"] == name_of(school, band)
        else:
            with pytest.raises(AccessRefused):
                next_steps(release, viewer, name_of(school, band))


@pytest.mark.parametrize("staff", [name_of("103", "expert"), "Nobody At All", "Personof", None])
@pytest.mark.parametrize("who", ["coach:103", "assistant:103", f"novice:{NEEDY}"])
def test_next_steps__who_sees_nobodys_needs_learns_not_even_who_is_there(
    who: str, staff: str | None, release: Release
) -> None:
    with pytest.raises(AccessRefused, match="may not see that of this person"):
        next_steps(release, Viewer.parse(who, ROLES), staff)


def test_next_steps__matrix_covers_every_role_that_sees_anything() -> None:
    assert {who.partition(":")[0] for who, _, _ in MATRIX} == set(ROLES) - {"visitor"}


def test_next_steps__of_oneself_need_the_sight_of_ones_own_bands(release: Release) -> None:
    with pytest.raises(AccessRefused, match="may not see that of this person"):
        next_steps(release, Viewer.parse(f"novice:{NEEDY}", ROLES))


@pytest.mark.parametrize("staff", [name_of("103", "expert"), "Nobody At All", key(LEFT), "Personof", ""])
def test_next_steps__one_person_is_refused_others_in_the_same_words(staff: str, release: Release) -> None:
    with pytest.raises(AccessRefused) as refused:
        next_steps(release, ITSELF, staff)
    assert str(refused.value) == "the role teacher sees the next steps of one person, and these are not theirs"


def test_next_steps__who_declined_to_be_named_asks_for_themselves_only(release: Release) -> None:
    assert next_steps(release, Viewer.parse(f"teacher:{key(DECLINED)}", ROLES))["name"] == "you"
    for who in ("district_leader", "principal:103"):
        with pytest.raises(UnknownStaff):
            next_steps(release, Viewer.parse(who, ROLES), key(DECLINED))


def test_next_steps__says_what_is_wrong(release: Release) -> None:
    leader, principal = (Viewer.parse(who, ROLES) for who in ("district_leader", "principal:103"))
    with pytest.raises(QuestionRefused, match="say whose next steps"):
        next_steps(release, leader)
    with pytest.raises(UnknownStaff, match="no active staff member fits"):
        next_steps(release, leader, key(LEFT))
    with pytest.raises(AmbiguousStaff, match=r"18 staff members fit: .*; 8 more\. Give the staff key"):
        next_steps(release, leader, "personof")
    with pytest.raises(AmbiguousStaff, match="18 staff members fit") as told:
        next_steps(release, principal, "personof")
    assert "101" not in str(told.value)
    assert next_steps(release, leader, NO_SCHOOL and key(NO_SCHOOL))["school"] is None
