"""Whom a question is about: the active staff member of a key, a name or a part of a name.

Belongs here: finding one person in the release's list of active staff, with evidence or without. Does not
belong here: what is asked of the person, and who may see it (each app's question).
"""

from __future__ import annotations

from typing import TypedDict, cast

from pipelines.apps.access import Viewer
from pipelines.apps.finder import AmbiguousStaff, UnknownStaff
from pipelines.apps.release_reader import Release

_SHOWN = 10


class StaffMember(TypedDict):
    """An active staff member; `name` is None for who declined to be named."""

    staff_key: str
    name: str | None
    school_id: str | None
    school: str | None


def find_staff_member(release: Release, viewer: Viewer, text: str) -> StaffMember:
    """The one active staff member who is meant. Who declined to be named is found by nobody but themselves.

    Raises UnknownStaff, or AmbiguousStaff, which lists those of several who are inside the viewer's scope.
    """
    wanted = text.strip()
    people = release.query(
        """
        select staff_key, staff_name as name, cast(school_id as varchar) as school_id, school_name as school,
            staff_key = $text as is_key, strip_accents(lower(staff_name)) = strip_accents(lower($text)) as is_name
        from staff
        where is_active
            and (staff_name is not null or coalesce(staff_key = $own_staff, false))
            and (staff_key = $text or contains(strip_accents(lower(staff_name)), strip_accents(lower($text))))
        order by staff_name, school_name, staff_key
        """,
        {"text": wanted, "own_staff": viewer.staff_key},
    )
    if not wanted or not people:
        raise UnknownStaff("no active staff member fits; give a staff key, a full name, or a part of one")
    for exactly in ("is_key", "is_name"):
        fitting = [person for person in people if person[exactly]]
        if fitting:
            people = fitting
            break
    if len(people) > 1:
        inside = [person for person in people if viewer.is_inside(person["school_id"], person["staff_key"])]
        shown = [f"{one['name']} ({one['school'] or 'no school'}, {one['staff_key']})" for one in inside[:_SHOWN]]
        if more := len(people) - len(shown):
            shown.append(f"{more} more" if shown else f"{more} outside your scope")
        raise AmbiguousStaff(
            f"{len(people)} staff members fit: {'; '.join(shown)}. Give the staff key or the full name."
        )
    return cast(StaffMember, {name: people[0][name] for name in StaffMember.__annotations__})
