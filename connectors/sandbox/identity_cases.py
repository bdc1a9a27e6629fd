"""Hard cases of identity, planted on top of a generated district, with who everybody really is.

Belongs here: people who share, change, mistype or lose what identifies them, as landed rows in the
sources' own words, and the truth. Does not belong here: what the warehouse should make of them
(tests/pipelines/identity).

Everything carries the seed's mark (ids, hosts, family names), so that many seeds can be built as one
district without meeting each other.
"""

from __future__ import annotations

import hashlib
import random
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from connectors.sandbox.people import staffing

YEARS = (2023, 2024, 2025, 2026)
PRIVATE_HOST = "private-mail.example"
ISSUER, BADGE_CLASS = "iss-1", "bc-1"
_NAMES_WORTH = 0.6  # teachers to draw for each person needed: others pass through their positions

Row = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """One record and whose it is. is_decidable: it shares an id, or an address that was only theirs at the time.

    A record that is not decidable must match nobody. person: None where nobody could say.
    """

    case: str
    source_system: str
    source_record_id: str
    person: str | None
    is_decidable: bool


@dataclass(frozen=True)
class Waiting:
    """Something for the review queue: what it is called there, and the person it really is."""

    case: str
    subject_source: str
    subject_id: str
    person: str


@dataclass
class IdentityCases:
    """landed: rows by platform and stream. people: the roster records (platform, id) of each person."""

    landed: dict[tuple[str, str], list[Row]] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    people: dict[str, set[tuple[str, str]]] = field(default_factory=dict)

    def add(self, other: IdentityCases) -> None:
        """Take in the cases of another seed."""
        for place, rows in other.landed.items():
            self.landed.setdefault(place, []).extend(rows)
        self.told += other.told
        self.waiting += other.waiting
        self.people |= other.people


@dataclass(frozen=True)
class _Person:
    key: str
    given: str
    family: str
    staff_id: str
    state_id: str
    school: int
    address: str


def plant(seed: int, per_case: int = 10, background: int = 60) -> IdentityCases:
    """A district's roster and records with each hard case `per_case` times, and `background` plain people."""
    planter = _Planter(seed, per_case, background)
    for case in _CASES:
        for number in range(background if case is _plain else per_case):
            case(planter, number)
    return planter.cases


class _Planter:
    """Draws people and writes rows about them."""

    def __init__(self, seed: int, per_case: int, background: int) -> None:
        self.seed = seed
        self.mark = f"s{seed:02d}"
        self.host = f"{self.mark}.cedar-valley.example"
        self.random = random.Random(seed)
        self.cases = IdentityCases()
        self._addresses: set[str] = set()
        needed = background + per_case * 2 * len(_CASES)
        self._people = self._drawn(needed)
        self._records = 0

    def _drawn(self, needed: int) -> Iterator[_Person]:
        teachers = int(needed * _NAMES_WORTH) + 8
        drawn = staffing(np.random.default_rng([self.seed, 1]), teachers, 8, tuple(range(2010, 2027))).people
        for row in drawn.head(needed).iter_rows(named=True):
            yield self._person(row["given_name"], _shifted(row["surname"], self.seed), row["staff_id"], row["state_id"])

    def _person(self, given: str, family: str, staff_id: str, state_id: str) -> _Person:
        key = f"{self.mark}-{staff_id}"
        school = 1000 * self.seed + 101 + int(staff_id) % 8
        person = _Person(key, given, family, key, f"{self.mark}-{state_id}", school, self.address_of(given, family))
        self.cases.people[key] = set()
        return person

    def next(self) -> _Person:
        return next(self._people)

    def namesake(self, of: _Person) -> _Person:
        """Another person of the same name in the same school."""
        other = self.next()
        self._addresses.discard(other.address)
        address = self.address_of(of.given, of.family)
        return _Person(other.key, of.given, of.family, other.staff_id, other.state_id, of.school, address)

    def address_of(self, given: str, family: str) -> str:
        local, number = _ascii(f"{given}.{family}"), 1
        while f"{local}{number if number > 1 else ''}@{self.host}" in self._addresses:
            number += 1
        address = f"{local}{number if number > 1 else ''}@{self.host}"
        self._addresses.add(address)
        return address

    def slip_of(self, address: str) -> str:
        """The address mistyped, so that it is nobody else's."""
        while (slip := _slip(self.random, address)) in self._addresses:
            pass
        return slip

    # rows ----------------------------------------------------------------------------------

    def _row(self, platform: str, stream: str, row: Row) -> None:
        self.cases.landed.setdefault((platform, stream), []).append(row)

    def roster(self, person: _Person, years: tuple[int, ...], **changes: Any) -> None:
        """The person on the district's roster; changes: staff_id, email, state_id, last_name."""
        for year in years:
            row = {
                "staff_id": person.staff_id,
                "school_year": year,
                "first_name": person.given,
                "last_name": person.family,
                "email": person.address,
                "school_id": str(person.school),
                "school_name": f"School {person.school} (SYNTHETIC)",
                "role": "Teacher",
                "state_id": person.state_id,
                "status": "Active",
            } | changes
            self._row("files", "roster", row)
            self.cases.people[person.key].add(("files", str(row["staff_id"])))

    def staff_record(self, person: _Person, case: str) -> None:
        """A staff record of the student information system without a person reference, address or known id."""
        unknown = f"{self.mark}-x{person.staff_id}"
        self._row(
            "edfi",
            "staffs",
            {
                "id": f"staff-{unknown}",
                "staffUniqueId": unknown,
                "firstName": person.given,
                "lastSurname": person.family,
            },
        )
        self._row(
            "edfi",
            "staff_assignments",
            {
                "id": f"assignment-{unknown}",
                "staffUniqueId": unknown,
                "educationOrganizationId": person.school,
                "staffClassificationDescriptor": "uri://ed-fi.org/StaffClassificationDescriptor#Teacher",
                "beginDate": "2025-08-04",
            },
        )
        self.cases.people[person.key].add(("edfi", unknown))
        self.cases.waiting.append(Waiting(case, "edfi", unknown, person.key))

    def _told(self, case: str, system: str, record: str, person: _Person | None, is_decidable: bool) -> None:
        self.cases.told.append(Told(case, system, record, person.key if person else None, is_decidable))

    def award(
        self,
        case: str,
        person: _Person | None,
        address: str | None,
        year: int,
        is_decidable: bool = True,
        salt: str | None = None,
    ) -> None:
        """A badge to an address in the spring of a school year; with a salt, only its hash is told."""
        self._records += 1
        identifier = f"{self.mark}-award-{self._records}"
        identity = address
        if address is not None and salt is not None:
            identity = "sha256$" + hashlib.sha256((address + salt).encode()).hexdigest()
        self._row(
            "badgr",
            "assertions",
            {
                "entityId": identifier,
                "badgeclass": BADGE_CLASS,
                "issuer": ISSUER,
                "recipient_identity": identity,
                "recipient_type": "email",
                "recipient_hashed": salt is not None,
                "recipient_salt": salt,
                "issuedOn": f"{year}-03-02T15:00:00Z",
                "revoked": False,
            },
        )
        self._told(case, "badgr", identifier, person, is_decidable)

    def listed_award(self, case: str, person: _Person, address: str, year: int) -> None:
        """An award in the district's own list, without a staff id."""
        self._records += 1
        identifier = f"{self.mark}-listed-{self._records}"
        self._row(
            "files",
            "credential_awards",
            {
                "award_id": identifier,
                "email": address,
                "micro_credential_name": "Questioning",
                "issuer_name": "Cedar Valley Learning Institute",
                "issued_date": f"{year}-03-02",
            },
        )
        self._told(case, "files", identifier, person, True)

    def hours(self, case: str, person: _Person, staff_id: str, year: int, address: str | None = None) -> None:
        """Hours of professional development under a staff id."""
        self._records += 1
        activity = f"{self.mark}-pd-{self._records}"
        self._row(
            "files",
            "pd_participation",
            {
                "staff_id": staff_id,
                "email": address,
                "activity_id": activity,
                "activity_title": "Workshop",
                "activity_date": f"{year}-02-10",
                "hours": 2,
                "status": "attended",
            },
        )
        self._told(case, "files", f"{staff_id}|{activity}|{year}-02-10", person, True)

    def waits(self, case: str, source: str, identifier: str, person: _Person) -> None:
        self.cases.waiting.append(Waiting(case, source, identifier, person.key))


def _plain(planter: _Planter, number: int) -> None:
    person = planter.next()
    years = YEARS[number % 2 :]
    planter.roster(person, years)
    planter.award("plain", person, person.address, years[-1])
    planter.hours("plain", person, person.staff_id, years[0])


def _one_address_of_two(planter: _Planter, number: int) -> None:
    one, other = planter.next(), planter.next()
    planter.roster(one, YEARS)
    planter.roster(other, YEARS[2:], email=one.address)
    planter.award("one address of two", one, one.address, 2026, is_decidable=False)
    # also in the years when only one of them is known to have had it: they may have shared it then
    planter.award("one address of two", one, one.address, 2023, is_decidable=False)
    planter.award("one address of two", other, one.address, 2026, is_decidable=False, salt=f"salt-{number}")
    planter.hours("one address of two", other, other.staff_id, 2026, one.address)


def _address_handed_on(planter: _Planter, number: int) -> None:
    leaver, joiner = planter.next(), planter.next()
    planter.roster(leaver, YEARS[:2])
    planter.roster(joiner, YEARS[2:], email=leaver.address)
    planter.award("address handed on", leaver, leaver.address, 2023)
    planter.award("address handed on", joiner, leaver.address, 2026, salt=f"salt-{number}" if number % 2 else None)
    planter.award("address handed on", leaver, leaver.address, 2021, is_decidable=False)


def _two_ids_one_state_id(planter: _Planter, number: int) -> None:
    person, second = planter.next(), planter.next()
    planter.roster(person, YEARS[:2])
    newer = {"staff_id": second.staff_id, "email": second.address}
    planter.roster(person, YEARS[2:], **newer | ({"last_name": second.family} if number % 2 else {}))
    planter.award("two roster ids, one state id", person, person.address, 2023)
    planter.award("two roster ids, one state id", person, second.address, 2026)
    planter.hours("two roster ids, one state id", person, person.staff_id, 2024)
    planter.hours("two roster ids, one state id", person, second.staff_id, 2025)


def _two_ids_nothing_shared(planter: _Planter, _: int) -> None:
    person, second = planter.next(), planter.next()
    planter.roster(person, YEARS[:2], state_id=None)
    planter.roster(person, YEARS[2:], staff_id=second.staff_id, email=second.address, state_id=None)
    planter.hours("two roster ids, nothing shared", person, person.staff_id, 2024)
    planter.hours("two roster ids, nothing shared", person, second.staff_id, 2025)
    planter.waits("two roster ids, nothing shared", "files", second.staff_id, person)


def _renamed(planter: _Planter, number: int) -> None:
    person, other = planter.next(), planter.next()
    new_address = planter.address_of(person.given, other.family)
    planter.roster(person, YEARS[:2])
    planter.roster(person, YEARS[2:], last_name=other.family, email=new_address)
    planter.award("renamed", person, person.address, 2026 if number % 2 else 2023)
    planter.award("renamed", person, new_address, 2025)


def _leaver(planter: _Planter, _: int) -> None:
    person = planter.next()
    planter.roster(person, YEARS[:2], status="Separated")
    planter.award("leaver with late records", person, person.address, 2026)
    planter.hours("leaver with late records", person, person.staff_id, 2025)


def _returner(planter: _Planter, number: int) -> None:
    person = planter.next()
    planter.roster(person, (YEARS[0], YEARS[-1]))
    planter.award("returner", person, person.address, 2025)
    planter.hours("returner", person, person.staff_id, 2026)
    planter.award("returner", person, person.address, 2026, salt=f"salt-r{number}")


def _namesakes(planter: _Planter, _: int) -> None:
    one = planter.next()
    other = planter.namesake(one)
    planter.roster(one, YEARS)
    planter.roster(other, YEARS)
    planter.award("two of one name in one school", one, one.address, 2026)
    planter.award("two of one name in one school", other, other.address, 2026)
    private = f"{_ascii(one.given)}.{_ascii(one.family)}@{planter.mark}.{PRIVATE_HOST}"
    planter.award("two of one name in one school", one, private, 2026, is_decidable=False)
    planter.waits("two of one name in one school", "badgr.email", private, one)


def _mistyped_address(planter: _Planter, _: int) -> None:
    person = planter.next()
    planter.roster(person, YEARS)
    slip = planter.slip_of(person.address)
    planter.award("mistyped address", person, slip, 2026, is_decidable=False)
    planter.waits("mistyped address", "badgr.email", slip, person)


def _private_address(planter: _Planter, number: int) -> None:
    person = planter.next()
    planter.roster(person, YEARS)
    given, family = _ascii(person.given), _ascii(person.family)
    local = (f"{given}.{family}", f"{given[0]}{family}", f"{given}{family}84", f"{family}_{given}")[number % 4]
    address = f"{local}@{planter.mark}.{PRIVATE_HOST}"
    planter.award("private address with the name", person, address, 2026, is_decidable=False)
    planter.waits("private address with the name", "badgr.email", address, person)


def _nickname_address(planter: _Planter, number: int) -> None:
    person = planter.next()
    planter.roster(person, YEARS)
    address = f"maker{planter.seed}x{number}@{PRIVATE_HOST}"
    planter.award("private address without the name", person, address, 2026, is_decidable=False)


def _spelling(planter: _Planter, _: int) -> None:
    person = planter.next()
    planter.roster(person, YEARS)
    planter.award("letter case and blanks", person, f"  {person.address.upper()} ", 2026)
    planter.hours("letter case and blanks", person, person.staff_id, 2025, f" {person.address.title()}")


def _no_ids(planter: _Planter, _: int) -> None:
    person = planter.next()
    planter.roster(person, YEARS, state_id=None)
    planter.listed_award("missing ids", person, person.address, 2026)
    planter.award("missing ids", None, None, 2026, is_decidable=False)


def _no_person_reference(planter: _Planter, _: int) -> None:
    person = planter.next()
    planter.roster(person, YEARS, state_id=None)
    planter.staff_record(person, "staff without person reference")
    planter.hours("staff without person reference", person, person.staff_id, 2026)


def _hashed(planter: _Planter, number: int) -> None:
    person = planter.next()
    planter.roster(person, YEARS)
    planter.award("hashed address", person, person.address, 2026, salt=f"salt-h{number}")
    planter.award("hashed address", person, person.address, 2025, salt="")


def _mistyped_state_id(planter: _Planter, _: int) -> None:
    one, other = planter.next(), planter.next()
    planter.roster(one, YEARS)
    planter.roster(other, YEARS, state_id=one.state_id)
    planter.hours("state id of another", one, one.staff_id, 2026)
    planter.award("state id of another", other, other.address, 2026)


_CASES: tuple[Callable[[_Planter, int], None], ...] = (
    _plain,
    _one_address_of_two,
    _address_handed_on,
    _two_ids_one_state_id,
    _two_ids_nothing_shared,
    _renamed,
    _leaver,
    _returner,
    _namesakes,
    _mistyped_address,
    _private_address,
    _nickname_address,
    _spelling,
    _no_ids,
    _no_person_reference,
    _hashed,
    _mistyped_state_id,
)


def _ascii(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()


def _shifted(name: str, by: int) -> str:
    """The name with its letters moved along the alphabet, so that two seeds share no family names."""
    return "".join(chr((ord(letter) - 97 + by) % 26 + 97) for letter in name.lower()).capitalize()


def _slip(randomness: random.Random, address: str) -> str:
    """One letter of the local part left out, doubled, swapped with the next or replaced."""
    local, host = address.split("@")
    while True:
        at = randomness.randrange(len(local) - 1)
        kind = randomness.randrange(4)
        changed = (
            local[:at] + local[at + 1 :],
            local[: at + 1] + local[at:],
            local[:at] + local[at + 1] + local[at] + local[at + 2 :],
            local[:at] + randomness.choice("abcdefghijklmnopqrstuvwxyz") + local[at + 1 :],
        )[kind]
        if changed != local:
            return f"{changed}@{host}"
