"""Who may be landed: staff. Students, parents, guardians, relatives and proctors never are.

Belongs here: the words for staff, and the question of one record or row. Does not belong
here: reading (rest, csv_rows), what a role means for an assignment (dbt).

A word that is not known as staff is no staff: what can't be told is not held.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

STAFF_ROLES = frozenset(
    {
        "administrator",
        "aide",
        "counselor",
        "districtadministrator",
        "principal",
        "siteadministrator",
        "systemadministrator",
        "teacher",
    }
)
"""Of the roles of OneRoster 1.1 and 1.2 those of staff, in small letters."""

OTHER_ROLES = frozenset({"student", "parent", "guardian", "relative", "proctor"})
"""Those of everybody else."""

_TEACHER = "teacher"
_SHOWN = re.compile(r"[A-Za-z][A-Za-z0-9:_.-]{0,39}")
_MOST_SHOWN = 10


@dataclass
class Sieve:
    """Tells staff from others, and counts those who were passed over.

    further_roles: words of a district's own that are staff too (`ext:instructionalCoach`).
    """

    further_roles: Collection[str] = ()
    passed_over: int = 0
    unknown_roles: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._staff = STAFF_ROLES | {role.casefold() for role in self.further_roles}

    def is_staff_role(self, role: object) -> bool:
        return isinstance(role, str) and role.strip().casefold() in self._staff

    def is_staff(self, roles: Iterable[object]) -> bool:
        """Whether one of a person's roles is staff; if not, the person is counted as passed over."""
        roles = list(roles)
        if any(self.is_staff_role(role) for role in roles):
            return True
        self.passed_over += 1
        for role in {role.strip() for role in roles if isinstance(role, str)}:
            if role and role.casefold() not in OTHER_ROLES:
                self.unknown_roles[role] += 1
        return False

    def is_teacher(self, role: object) -> bool:
        """Whether an enrolment is a teacher's; if not, it is counted as passed over."""
        if isinstance(role, str) and role.strip().casefold() == _TEACHER:
            return True
        self.passed_over += 1
        return False

    def notes(self, where: str, what: str) -> Sequence[str]:
        """What was passed over, in sentences without anybody's value."""
        if not self.passed_over:
            return ()
        notes = [f"{where}: {self.passed_over} {what} passed over"]
        if self.unknown_roles:
            # a role is a word of the platform's; whatever does not look like one is not repeated
            named = [
                f"{role} ({count})"
                for role, count in sorted(self.unknown_roles.items())[:_MOST_SHOWN]
                if _SHOWN.fullmatch(role)
            ]
            notes.append(
                f"{where}: roles that are not known as staff: {', '.join(named) or 'not shown'}. "
                "Add to staff_roles of this source those that are"
            )
        return notes
