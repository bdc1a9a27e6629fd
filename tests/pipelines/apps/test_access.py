"""Roles: what is not clearly granted is refused, in words that help."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.apps.access import BANDS, AccessRefused, Role, Viewer, check_may_study, visible_bands
from pipelines.apps.finder import NO_SCHOOL, own_school
from tests.pipelines.planted_warehouse import ROLES


@pytest.mark.parametrize("text", [None, "", "  ", ":103"])
def test_parse__without_a_role_is_refused(text: str | None) -> None:
    with pytest.raises(AccessRefused, match=r"no role was given.*district_leader, principal:SCHOOL_ID"):
        Viewer.parse(text, ROLES)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("principle:103", "the role 'principle' is not in district.yml.*Did you mean principal\\? Roles: district_lea"),
        ("nobody", "the role 'nobody' is not in district.yml"),
        ("Principal:103", "is not in district.yml"),
        ("principal", "belongs to a school: write principal:SCHOOL_ID"),
        ("principal:", "belongs to a school: write principal:SCHOOL_ID"),
        ("teacher", "is one staff member's: write teacher:STAFF_KEY"),
        ("teacher: ", "is one staff member's: write teacher:STAFF_KEY"),
        ("district_leader:103", "sees the whole district: write district_leader without"),
    ],
)
def test_parse__what_is_not_clearly_granted_is_refused(text: str, message: str) -> None:
    with pytest.raises(AccessRefused, match=message):
        Viewer.parse(text, ROLES)


def test_parse__no_roles_at_all_grant_nothing() -> None:
    with pytest.raises(AccessRefused, match=r"add some to district.yml"):
        Viewer.parse("principal:103", {})


def test_parse__reads_role_and_school() -> None:
    viewer = Viewer.parse(" principal : 103 ", ROLES)
    assert (viewer.role_name, viewer.school_id, str(viewer)) == ("principal", "103", "principal:103")
    assert str(Viewer.parse("district_leader", ROLES)) == "district_leader"


def test_parse__a_person_is_no_school_and_a_school_no_person() -> None:
    teacher, principal = Viewer.parse("teacher:abc", ROLES), Viewer.parse("principal:abc", ROLES)
    assert (teacher.staff_key, teacher.school_id, str(teacher)) == ("abc", None, "teacher:abc")
    assert (principal.staff_key, principal.school_id) == (None, "abc")


@given(
    school=st.none() | st.text(max_size=3), staff=st.none() | st.text(max_size=3), own=st.text(min_size=1, max_size=3)
)
def test_is_inside__of_one_person_holds_that_person_only(school: str | None, staff: str | None, own: str) -> None:
    viewer = Viewer("teacher", Role(scope="self", inside="band"), staff_key=own)
    assert viewer.is_inside(school, staff) is (staff == own)
    assert viewer.is_inside(school) is False
    assert own_school(viewer) == NO_SCHOOL


def test_own_school__is_the_scope_of_the_role() -> None:
    assert own_school(Viewer.parse("district_leader", ROLES)) is None
    assert own_school(Viewer.parse("principal:103", ROLES)) == "103"
    assert own_school(Viewer("principal", ROLES["principal"])) == NO_SCHOOL


def test_role__outside_its_scope_sees_strengths_unless_told_otherwise() -> None:
    assert Role(scope="school", inside="band").outside == "strengths"


@pytest.mark.parametrize("wrong", [{"scope": "state"}, {"inside": "all"}, {"outside": "bands"}])
def test_role__refuses_unknown_words(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="must be one of"):
        Role(**({"scope": "school", "inside": "band", "outside": "none"} | wrong))


def test_visible_bands__an_unknown_sight_shows_nothing() -> None:
    assert visible_bands("everything") == frozenset()
    assert visible_bands("score") == visible_bands("band") == frozenset(BANDS)


@pytest.mark.parametrize("who", ["principal:103", "coach:101", "teacher:key"])
def test_check_may_study__the_study_is_of_the_whole_district(who: str) -> None:
    with pytest.raises(AccessRefused, match="the study tells of the whole district"):
        check_may_study(Viewer.parse(who, ROLES))


def test_check_may_study__who_reaches_the_district_may() -> None:
    check_may_study(Viewer.parse("district_leader", ROLES))
