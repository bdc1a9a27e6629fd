"""Licence renewal: what counts for a person, and who is short of what a licence needs.

Belongs here: the questions on the renewal tables of the leaders' release, each limited to what the
viewer may see. Does not belong here: which awards and hours count (dbt, models/intermediate/renewal),
the rules themselves (the seeds renewal_rules and renewal_policies), how answers are printed.

Renewal is personnel data: it takes the sight `band` or `score` of a person. Units by the level of
effectiveness would tell the level, so that the release holds neither them nor a sum with them.
"""

from __future__ import annotations

from datetime import date
from typing import TypedDict, cast

from pipelines.apps.access import AccessRefused, Viewer, visible_bands
from pipelines.apps.finder import (
    QuestionRefused,
    confirm_viewer,
    resolve_school,
    sight_parameters,
)
from pipelines.apps.release_reader import Release
from pipelines.apps.staff_directory import find_staff_member

_EVERY_BAND = visible_bands("band")

# people whose renewal the viewer may see; needs the parameters of `_parameters`
_VISIBLE = """
    case
        when
            $own_school is null
            or coalesce(cast(school_id as varchar) = $own_school, false)
            or coalesce(staff_key = $own_staff, false)
            then $sees_inside
        else $sees_outside
    end
"""
_NAMED = "(staff_name is not null or coalesce(staff_key = $own_staff, false))"
_STANDING_COLUMNS = """
    staff_key, coalesce(staff_name, 'you') as name, school_name as school, jurisdiction, licence_title as licence,
    purpose, begins_date, ends_date, is_current, days_left, unit_name, award_count,
    cast(award_units as double) as award_units, cast(pd_hours as double) as pd_hours,
    cast(pd_hours_within_awards as double) as pd_hours_within_awards, cast(pd_units as double) as pd_units,
    cast(needed_units as double) as needed_units, cast(missing_units as double) as missing_units,
    has_units_not_shown, standing, explanation
"""


class Standing(TypedDict):
    """One person and one renewal cycle; units and hours are None where nothing is on file."""

    staff_key: str
    name: str
    school: str | None
    jurisdiction: str
    licence: str | None
    purpose: str | None
    begins_date: date | None
    ends_date: date | None
    is_current: bool
    days_left: int | None
    unit_name: str | None
    award_count: int | None
    award_units: float | None
    pd_hours: float | None
    pd_hours_within_awards: float | None
    pd_units: float | None
    needed_units: float | None
    missing_units: float | None
    has_units_not_shown: bool
    standing: str
    explanation: str


class LedgerLine(TypedDict):
    """One award: counted or not, and why."""

    micro_credential: str | None
    issuer: str | None
    issued_date: date | None
    jurisdiction: str
    is_counted: bool
    units: float
    unit_name: str | None
    reason: str
    remark: str


class Rule(TypedDict):
    """A rule with where it stands; `verified_date` is None where nobody has said when it was compared."""

    jurisdiction: str
    rule_id: str
    unit_name: str | None
    effective_from_date: date | None
    effective_to_date: date | None
    citation: str
    verified_date: date | None
    remark: str | None


class PersonsRenewal(TypedDict):
    """A person's cycles, newest first, and every award with the reason why it counts or not."""

    name: str
    school: str | None
    cycles: list[Standing]
    awards: list[LedgerLine]
    rules: list[Rule]


class Renewals(TypedDict):
    """The cycles of all people in sight, soonest end first; of unnamed people the number only."""

    school: str | None
    people: list[Standing]
    unnamed_count: int
    rules: list[Rule]


class NoRenewalRules(QuestionRefused):
    """The district follows no renewal rules."""


def renewal_of_person(release: Release, viewer: Viewer, staff: str) -> PersonsRenewal:
    """A person's renewal (staff key, name or part of one).

    Raises NoRenewalRules, UnknownStaff, AmbiguousStaff, or AccessRefused where the viewer's sight of the
    person is less than `band`; the refusal is the same whatever there is to see.
    """
    confirm_viewer(release, viewer)
    _confirm_rules(release)
    person = find_staff_member(release, viewer, staff)
    if visible_bands(viewer.sight(person["school_id"], person["staff_key"])) != _EVERY_BAND:
        raise AccessRefused(f"licence renewal is personnel data, and {viewer} may not see it of this person")
    of_person = {"staff_key": person["staff_key"]}
    cycles = release.query(
        f"""
        select {_STANDING_COLUMNS}
        from renewal
        where staff_key = $staff_key
        order by ends_date desc nulls last, jurisdiction, renewal_key
        """,
        of_person,
    )
    awards = release.query(
        """
        select micro_credential_name as micro_credential, issuer_name as issuer, issued_date, jurisdiction,
            is_counted, cast(units as double) as units, unit_name, reason, remark
        from renewal_awards
        where staff_key = $staff_key
        order by issued_date desc nulls last, micro_credential_name, renewal_award_key
        """,
        of_person,
    )
    return {
        "name": person["name"] or "you",
        "school": person["school"],
        "cycles": cast(list[Standing], cycles),
        "awards": cast(list[LedgerLine], awards),
        "rules": _rules(release),
    }


def renewals(release: Release, viewer: Viewer, school: str | None = None) -> Renewals:
    """The renewal cycles of everybody in the viewer's sight, or of one school (id or name).

    Raises NoRenewalRules, UnknownSchool, or AccessRefused where the viewer may see the renewal of nobody
    there.
    """
    confirm_viewer(release, viewer)
    _confirm_rules(release)
    place = resolve_school(release, school) if school else None
    sees_inside = visible_bands(viewer.role.inside) == _EVERY_BAND
    sees_outside = visible_bands(viewer.role.outside) == _EVERY_BAND and viewer.role.scope != "district"
    is_own = place is None or viewer.role.scope == "self" or viewer.is_inside(place["school_id"])
    if not ((sees_inside and is_own) or sees_outside):
        where = f" at {place['school_name']}" if place else ""
        raise AccessRefused(f"licence renewal is personnel data, and {viewer} may not see it of anybody{where}")
    sight = sight_parameters(viewer)
    parameters = {
        "own_school": sight["own_school"],
        "own_staff": sight["own_staff"],
        "sees_inside": sees_inside,
        "sees_outside": sees_outside,
        "school_key": place["school_key"] if place else None,
    }
    in_sight = f"($school_key is null or school_key = $school_key) and {_VISIBLE}"
    people = release.query(
        f"""
        select {_STANDING_COLUMNS}
        from renewal
        where {in_sight} and {_NAMED}
        order by ends_date nulls last, missing_units desc nulls last, name, staff_key, renewal_key
        """,
        parameters,
    )
    (unnamed,) = release.query(
        f"select count(distinct staff_key) as people from renewal where {in_sight} and not {_NAMED}", parameters
    )
    return {
        "school": place["school_name"] if place else None,
        "people": cast(list[Standing], people),
        "unnamed_count": unnamed["people"],
        "rules": _rules(release),
    }


def _confirm_rules(release: Release) -> None:
    (known,) = release.query("select count(*) as rules from renewal_rules")
    if not known["rules"]:
        raise NoRenewalRules(
            "no renewal rules are set: put the district's id and its jurisdiction into the seed renewal_policies "
            "(the rules of each jurisdiction stand in renewal_rules), then run `expertise run`"
        )


def _rules(release: Release) -> list[Rule]:
    rows = release.query(
        """
        select jurisdiction, rule_id, unit_name, effective_from_date, effective_to_date, citation, verified_date,
            remark
        from renewal_rules
        order by jurisdiction, effective_from_date nulls first, rule_id
        """
    )
    return cast(list[Rule], rows)
