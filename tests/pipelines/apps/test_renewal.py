"""Renewal: what a viewer may see of it, and nothing of the level of effectiveness."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.apps.access import AccessRefused, Role, Viewer
from pipelines.apps.finder import AmbiguousStaff, UnknownSchool, UnknownStaff
from pipelines.apps.release_reader import Release, open_release
from pipelines.apps.renewal import NoRenewalRules, renewal_of_person, renewals
from pipelines.publish.release import publish
from tests.pipelines.planted_warehouse import KEY, ROLES, build_warehouse, key, name_of, release_info

LEADER = Viewer.parse("district_leader", ROLES)
PRINCIPAL = Viewer.parse("principal:103", ROLES)
COACH = Viewer.parse("coach:103", ROLES)
TEACHER = Viewer.parse(f"teacher:{key('103/need')}", ROLES)


def test_renewal_of_person__cycle_ledger_and_rule(release: Release) -> None:
    found = renewal_of_person(release, LEADER, name_of("101", "need"))
    (cycle,) = found["cycles"]
    assert (cycle["standing"], cycle["award_units"], cycle["pd_units"], cycle["needed_units"]) == ("behind", 6, 2, 60)
    assert cycle["missing_units"] == 52
    assert [(award["reason"], award["is_counted"], award["units"]) for award in found["awards"]] == [
        ("counts", True, 6),
        ("revoked", False, 0),
    ]
    assert [rule["citation"] for rule in found["rules"]] == ["Policy 5.502"]


def test_renewal_of_person__who_has_no_licence_is_told_so(release: Release) -> None:
    (cycle,) = renewal_of_person(release, LEADER, name_of("101", "not enough evidence"))["cycles"]
    assert (cycle["standing"], cycle["ends_date"], cycle["explanation"]) == ("no cycle", None, "No licence is on file.")


@pytest.mark.parametrize(
    ("viewer", "person"),
    [(PRINCIPAL, name_of("101", "expert")), (COACH, name_of("103", "expert")), (TEACHER, name_of("103", "expert"))],
)
def test_renewal_of_person__takes_band_sight_of_the_person(release: Release, viewer: Viewer, person: str) -> None:
    with pytest.raises(AccessRefused, match="personnel data") as refused:
        renewal_of_person(release, viewer, person)
    assert person not in str(refused.value)


def test_renewal_of_person__everybody_sees_their_own(release: Release) -> None:
    assert renewal_of_person(release, TEACHER, key("103/need"))["name"] == name_of("103", "need")
    strengths_only = Viewer.parse(f"novice:{key('103/need')}", ROLES)
    with pytest.raises(AccessRefused):
        renewal_of_person(release, strengths_only, key("103/need"))


def test_renewal_of_person__who_declined_to_be_named_is_found_by_themselves_alone(release: Release) -> None:
    own = Viewer.parse(f"teacher:{key('declined')}", ROLES)
    assert renewal_of_person(release, own, key("declined"))["name"] == "you"
    with pytest.raises(UnknownStaff):
        renewal_of_person(release, LEADER, key("declined"))


def test_renewal_of_person__unknown_ambiguous_or_gone(release: Release) -> None:
    for nobody in ("nobody of that name", " ", "Gone Elsewhere"):
        with pytest.raises(UnknownStaff, match="no active staff member fits"):
            renewal_of_person(release, LEADER, nobody)
    with pytest.raises(AmbiguousStaff, match="3 staff members fit") as several:
        renewal_of_person(release, PRINCIPAL, "Developing")
    assert name_of("103", "developing") in str(several.value)
    assert name_of("101", "developing") not in str(several.value)


def test_renewals__soonest_end_first_and_no_licence_last(release: Release) -> None:
    found = renewals(release, LEADER, "101")
    standings = [person["standing"] for person in found["people"]]
    assert standings[0] == "ended"
    assert sorted(standings[1:4]) == ["behind", "on pace", "on pace"]
    assert standings[4:] == ["enough", "no cycle"]
    assert found["school"] == "Alder Elementary"


def test_renewals__a_principal_sees_the_own_school(release: Release) -> None:
    everybody = renewals(release, PRINCIPAL)["people"]
    assert {person["school"] for person in everybody} == {"Cedar High"}
    assert len(everybody) == 6
    with pytest.raises(AccessRefused, match="of anybody at Alder Elementary"):
        renewals(release, PRINCIPAL, "101")


def test_renewals__a_leader_sees_all_and_unnamed_people_are_a_number(release: Release) -> None:
    found = renewals(release, LEADER)
    assert len(found["people"]) == 19
    assert found["unnamed_count"] == 1
    assert "Itinerant Specialist" in {person["name"] for person in found["people"]}
    assert "Gone Elsewhere" not in {person["name"] for person in found["people"]}


def test_renewals__a_setting_may_open_other_schools(release: Release) -> None:
    roles = {"trustee": Role(scope="school", inside="band", outside="band")}
    assert len(renewals(release, Viewer.parse("trustee:103", roles))["people"]) == 19


def test_renewals__of_a_teacher_is_the_own(release: Release) -> None:
    assert [person["staff_key"] for person in renewals(release, TEACHER)["people"]] == [key("103/need")]


@pytest.mark.parametrize("who", ["coach:103", "assistant:103", "visitor"])
def test_renewals__strengths_are_not_enough(release: Release, who: str) -> None:
    with pytest.raises(AccessRefused):
        renewals(release, Viewer.parse(who, ROLES))


def test_renewals__an_unknown_school_offers_close_ones(release: Release) -> None:
    with pytest.raises(UnknownSchool, match="Did you mean Alder Elementary"):
        renewals(release, LEADER, "Alder Elementry")


def test_renewals__without_rules_the_answer_says_what_to_do(tmp_path: Path) -> None:
    warehouse = build_warehouse(
        tmp_path / "warehouse.duckdb",
        extra_sql="delete from pub_leaders__renewal; delete from pub_leaders__renewal_awards; "
        "delete from pub_leaders__renewal_rules",
    )
    publish(warehouse, tmp_path / "published", release_info("r1"), KEY)
    with open_release(tmp_path / "published", "leaders") as opened:
        for ask in (lambda: renewals(opened, LEADER), lambda: renewal_of_person(opened, LEADER, "Expert")):
            with pytest.raises(NoRenewalRules, match="seed renewal_policies"):
                ask()


def test_release__no_column_of_renewal_holds_units_by_effectiveness(release: Release) -> None:
    columns = release.query(
        "select column_name from duckdb_columns() where table_name in ('renewal', 'renewal_awards', 'renewal_rules')"
    )
    assert columns
    assert [row for row in columns if "effect" in row["column_name"] and "effective_" not in row["column_name"]] == []
