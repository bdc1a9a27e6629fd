"""Who sees what: roles, their scope, and the bands that each may see.

Belongs here: the meaning of a role's settings and the answer "may this viewer see this band of a
person in this school". Does not belong here: reading settings from a file, or the rows (finder).

Evaluation results are personnel records: whoever is not granted a sight of them is denied. A role's
`inside` holds in its own scope and `outside` elsewhere:

    none       nothing
    strengths  expert, strong practice, demonstrated
    band       every band, `need` too
    score      as `band`: the leaders' release holds no scores

A role's scope is the whole `district`, one `school`, or `self`: one person and what is known of them.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

BANDS = ("need", "expert", "strong practice", "demonstrated", "developing", "not enough evidence")
STRENGTHS = frozenset({"expert", "strong practice", "demonstrated"})
SIGHTS = ("none", "strengths", "band", "score")
SCOPES = ("district", "school", "self")


class AccessRefused(Exception):
    """The viewer is unknown, or may not see what was asked for."""


def visible_bands(sight: str) -> frozenset[str]:
    """The bands that a sight shows; a sight that is not known shows nothing."""
    if sight in ("band", "score"):
        return frozenset(BANDS)
    return STRENGTHS if sight == "strengths" else frozenset()


@dataclass(frozen=True)
class Role:
    """What the district's settings grant to a role."""

    scope: str
    inside: str
    outside: str = "strengths"

    def __post_init__(self) -> None:
        if self.scope not in SCOPES:
            raise ValueError(f"scope is {self.scope!r}; it must be one of {', '.join(SCOPES)}")
        for name, sight in (("inside", self.inside), ("outside", self.outside)):
            if sight not in SIGHTS:
                raise ValueError(f"{name} is {sight!r}; it must be one of {', '.join(SIGHTS)}")


@dataclass(frozen=True)
class Viewer:
    """Someone in a role, and the school or the staff member whose role it is."""

    role_name: str
    role: Role
    school_id: str | None = None
    staff_key: str | None = None

    @classmethod
    def parse(cls, text: str | None, roles: Mapping[str, Role]) -> Viewer:
        """Read `ROLE`, `ROLE:SCHOOL_ID` or `ROLE:STAFF_KEY`; what is not clearly granted raises AccessRefused."""
        known = ", ".join(_form(name, role) for name, role in roles.items()) or "none, add some to district.yml"
        name, _, scope = (text or "").strip().partition(":")
        name, scope = name.strip(), scope.strip()
        if not name:
            raise AccessRefused(f"no role was given, and without one nothing is shown. Say who asks: {known}")
        role = roles.get(name)
        if role is None:
            close = difflib.get_close_matches(name, list(roles), n=1)
            hint = f" Did you mean {close[0]}?" if close else ""
            raise AccessRefused(f"the role {name!r} is not in district.yml, so nothing is shown.{hint} Roles: {known}")
        if role.scope == "school" and not scope:
            raise AccessRefused(f"the role {name} belongs to a school: write {name}:SCHOOL_ID")
        if role.scope == "self" and not scope:
            raise AccessRefused(f"the role {name} is one staff member's: write {name}:STAFF_KEY")
        if role.scope == "district" and scope:
            raise AccessRefused(f"the role {name} sees the whole district: write {name} without {':' + scope!r}")
        return cls(
            role_name=name,
            role=role,
            school_id=scope if role.scope == "school" else None,
            staff_key=scope if role.scope == "self" else None,
        )

    def __str__(self) -> str:
        whose = self.school_id or self.staff_key
        return f"{self.role_name}:{whose}" if whose else self.role_name

    def is_inside(self, school_id: str | int | None, staff_key: str | None = None) -> bool:
        """Whether a person, or a school where no person is named, lies in the viewer's scope.

        A person without a school is in no school's scope; no school is in the scope of a single person.
        """
        if self.role.scope == "district":
            return True
        if self.role.scope == "self":
            return staff_key is not None and staff_key == self.staff_key
        return school_id is not None and str(school_id) == self.school_id

    def sight(self, school_id: str | int | None, staff_key: str | None = None) -> str:
        """The sight that the viewer has of a person in a school, or of the school."""
        return self.role.inside if self.is_inside(school_id, staff_key) else self.role.outside

    def sees(self, band: str, school_id: str | int | None, staff_key: str | None = None) -> bool:
        """Whether the viewer may see that this person of this school stands in this band."""
        return band in visible_bands(self.sight(school_id, staff_key))

    def sees_anything(self) -> bool:
        """Whether there is any school of whose people the viewer may see something."""
        sights = {self.role.inside} if self.role.scope == "district" else {self.role.inside, self.role.outside}
        return any(visible_bands(sight) for sight in sights)


def check_may_study(viewer: Viewer) -> None:
    """Raise AccessRefused unless the viewer's scope is the district: the study tells of all of it."""
    if viewer.role.scope != "district":
        raise AccessRefused(
            f"the study tells of the whole district, and the role {viewer.role_name} does not reach that far: "
            "ask as a role whose scope is the district, such as evaluator"
        )


def _form(name: str, role: Role) -> str:
    whose = {"school": ":SCHOOL_ID", "self": ":STAFF_KEY"}
    return name + whose.get(role.scope, "")
