"""The synthetic district as Level Data Grow says it: schools, users, one rubric, observations.

Belongs here: documents, and the bad habits of real ones (an employee number that many
share, accounts without one, archived slips). Does not belong here: drawing the district,
paging, tokens.

Every observation that the district's Ed-Fi serves stands here too, and each in fifty once
more as an archived slip, whose scores must count nowhere.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from connectors.sandbox import canaries
from connectors.sandbox.district import District
from connectors.sandbox.people import TEACHER, in_year
from connectors.sandbox.rubric import DOMAINS, ELEMENTS, EVALUATION_TITLE, LEVELS, SCALE_MAX, SCALE_MIN, Element

Document = dict[str, Any]

DISTRICT_ID = "5d0000000000000000000001"
TIMEZONE = ZoneInfo("America/Chicago")
SENTINEL = "999999"
"""The employee number that was typed where none was known: it is nobody's."""
OBSERVATION_TYPES = ("Formal Observation", "Walkthrough")

_SENTINEL_SHARE, _BLANK_SHARE, _SLIP_SHARE, _NOTE_SHARE = 40, 45, 50, 5

_NOTES = (
    *(f"privateNotes{number}" for number in range(1, 5)),
    *(f"sharedNotes{number}" for number in range(1, 4)),
    *(f"tagNotes{number}" for number in range(1, 5)),
    *("magicNotes", "videoNotes", "comments", "quickHits", "assignActionStepWidgetText"),
    *("listTwoColumnA", "listTwoColumnB", "listTwoColumnAPaired", "listTwoColumnBPaired"),
    *("attachments", "files", "videos"),
)
_OF_USERS = (
    *("calendarEmail", "additionalEmails", "accountingId", "canvasId", "cleverId", "googleid", "oktaId", "sibmeId"),
    *("externalIntegrations", "districtData", "preferences", "coach", "evaluator", "lastActivity"),
    *("endOfYearLog", "endOfYearVisible", "pastUserTypes"),
    *(f"usertag{number}" for number in range(1, 9)),
)


@dataclass
class Entity:
    """One record: when it last changed, and how it is written. A changed one is kept as a document."""

    id: str
    modified_at: datetime
    archived_at: datetime | None
    write: Callable[[], Document]

    @property
    def document(self) -> Document:
        return self.write() | {
            "lastModified": timestamp(self.modified_at),
            "archivedAt": timestamp(self.archived_at) if self.archived_at else None,
        }


def timestamp(moment: datetime) -> str:
    """ISO 8601 in UTC, to the millisecond, as JavaScript writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def entities(district: District) -> dict[str, list[Entity]]:
    """Every record by endpoint, in the platform's order."""
    groups = dict(zip(DOMAINS, _ids(district, "measurementgroups", len(DOMAINS)), strict=True))
    measurements = _ids(district, "measurements", len(ELEMENTS))
    rubric_id = _ids(district, "rubrics", 1)[0]
    old_rubric, old_measurement = _ids(district, "what was before", 2)
    return {
        "schools": _schools(district),
        "users": _users(district),
        "measurements": [
            *(
                _entity(district, partial(_measurement, identifier, element))
                for identifier, element in zip(measurements, ELEMENTS, strict=True)
            ),
            _archived(district, partial(_old_measurement, old_measurement)),
        ],
        "rubrics": [
            _entity(district, partial(_rubric, rubric_id, groups, measurements)),
            _archived(district, partial(_old_rubric, old_rubric, old_measurement)),
        ],
        "generic-tags/observationtypes": _tags(district, "observationtypes", OBSERVATION_TYPES),
        "generic-tags/measurementgroups": [
            _entity(district, partial(_tag, identifier, name, order))
            for order, (name, identifier) in enumerate(groups.items())
        ],
        "generic-tags/courses": _tags(district, "courses", ("Literacy", "Mathematics", "Science", "Social Studies")),
        "generic-tags/grades": _tags(district, "grades", tuple(str(grade) for grade in range(1, 13))),
        "generic-tags/usertypes": _tags(district, "usertypes", ("Teacher", "Leader")),
        "observations": _observations(district, rubric_id, groups, measurements),
    }


def _ids(district: District, kind: str, count: int) -> list[str]:
    """24 hex digits per record, the same at every start."""
    rng = np.random.default_rng([district.seed, zlib.crc32(f"grow {kind}".encode())])
    digits = rng.bytes(12 * count).hex()
    return [digits[24 * row : 24 * row + 24] for row in range(count)]


def _marked(*names: str) -> Document:
    """Fields that hold what must not be loaded: a canary each."""
    return {name: f"{canaries.TEXT}-{name} what somebody wrote" for name in names}


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(18), UTC)


def _first_day(district: District) -> datetime:
    return _noon(date(district.years[0] - 1, 8, 1))


def _entity(district: District, write: Callable[[], Document]) -> Entity:
    return Entity(write()["_id"], _first_day(district), None, write)


def _archived(district: District, write: Callable[[], Document]) -> Entity:
    """One that was given up before the first school year: only the second pass brings it."""
    return Entity(write()["_id"], _first_day(district), _first_day(district), write)


def _tags(district: District, kind: str, names: tuple[str, ...]) -> list[Entity]:
    *identifiers, old = _ids(district, kind, len(names) + 1)
    return [
        *(
            _entity(district, partial(_tag, identifier, name, order))
            for order, (identifier, name) in enumerate(zip(identifiers, names, strict=True))
        ),
        _archived(district, partial(_tag, old, "No longer used", len(names), parent=identifiers[0])),
    ]


def _tag(identifier: str, name: str, order: int, parent: str | None = None) -> Document:
    return {
        "_id": identifier,
        "name": name,
        "abbreviation": name[:4],
        "order": order,
        "parent": parent,
        "district": DISTRICT_ID,
        "creator": f"{canaries.TEXT}-creator",
        "created": "2020-07-01T15:00:00.000Z",
        "showOnDash": True,
        "tags": [],
        "__v": 0,
    }


def _schools(district: District) -> list[Entity]:
    rows = district.staffing.schools.select("school_id", "school_name", "grade_band").rows()
    closed = _ids(district, "what was before", 3)[2]
    return [
        *(
            _entity(district, partial(_school, identifier, *row))
            for identifier, row in zip(_ids(district, "schools", len(rows)), rows, strict=True)
        ),
        _archived(district, partial(_school, closed, 99, "Closed School (SYNTHETIC)", "elementary")),
    ]


def _school(identifier: str, school_id: int, name: str, band: str) -> Document:
    return {
        "_id": identifier,
        "name": name,
        "abbreviation": name[:3].upper(),
        "internalId": str(school_id),
        "gradeSpan": band,
        "lowGrade": {"elementary": "1", "middle": "6"}.get(band, "9"),
        "highGrade": {"elementary": "5", "middle": "8"}.get(band, "12"),
        "region": "Cedar Valley",
        "district": DISTRICT_ID,
        "created": "2020-07-01T15:00:00.000Z",
        "phone": None,
        **_marked("principal", "admins", "assistantAdmins", "nonInstructionalAdmins", "observationGroups"),
    }


def user_ids(district: District) -> list[str]:
    """The user of each person, in the order of `staffing.people`."""
    return _ids(district, "users", district.staffing.people.height)


def _users(district: District) -> list[Entity]:
    newest = district.years[-1]
    schools = _ids(district, "schools", district.staffing.schools.height)
    course, grade = _ids(district, "courses", 1)[0], _ids(district, "grades", 1)[0]
    types = _ids(district, "usertypes", 2)
    rows = district.staffing.people.select(
        "person",
        "staff_id",
        "state_id",
        "role",
        "last_year",
        "given_name",
        "school",
        surname=in_year(pl.col("renamed_year"), pl.lit(newest), "surname", "new_surname"),
        address=in_year(pl.col("renamed_year"), pl.lit(newest), "email", "new_email"),
    ).rows(named=True)
    found = []
    for identifier, row in zip(user_ids(district), rows, strict=True):
        left = None if row["last_year"] == newest else _noon(date(row["last_year"], 7, 15))
        usertype = {"_id": types[row["role"] != TEACHER], "name": "Teacher" if row["role"] == TEACHER else "Leader"}
        assigned = {"school": schools[row["school"]], "gradeLevel": grade, "course": course}
        write = partial(_user, identifier, row, usertype, assigned)
        found.append(Entity(identifier, left or _first_day(district), left, write))
    for number, identifier in enumerate(_ids(district, "practice users", 2), start=1):
        found.append(_entity(district, partial(_practice_user, identifier, number)))
    return found


def internal_id(person: int, staff_id: str) -> str | None:
    """The employee number as somebody typed it: for some the sentinel, for some none."""
    if person % _SENTINEL_SHARE == 7:
        return SENTINEL
    return None if person % _BLANK_SHARE == 11 else staff_id


def _user(identifier: str, row: dict[str, Any], usertype: Document | None, assigned: Document) -> Document:
    name = f"{row['given_name']} {row['surname']}"
    return {
        "_id": identifier,
        "name": f"{canaries.TEXT}-name {name}",
        "first": row["given_name"],
        "last": row["surname"],
        "email": row["address"],
        "internalId": internal_id(row["person"], row["staff_id"]),
        "powerSchoolId": f"PS{row['person']}",
        "edFiStaffId": row["state_id"],
        "inactive": False,
        "isPracticeUser": None,
        "roles": [{"_id": identifier[::-1], "name": "Teacher" if row["role"] == TEACHER else "School Admin"}],
        "usertype": usertype,
        "defaultInformation": assigned,
        "sibmeToken": f"{canaries.SECRET_NUMBER}-token",
        **_marked(*_OF_USERS),
        "districts": [DISTRICT_ID],
        "created": "2020-07-01T15:00:00.000Z",
    }


def _practice_user(identifier: str, number: int) -> Document:
    row = {
        "person": 7,
        "staff_id": "",
        "state_id": None,
        "role": TEACHER,
        "given_name": "Practice",
        "surname": str(number),
        "address": f"practice{number}@vendor.example",
    }
    return _user(identifier, row, None, {}) | {"isPracticeUser": "true", "powerSchoolId": None}


def _measurement(identifier: str, element: Element) -> Document:
    return {
        "_id": identifier,
        "name": element.title,
        "description": f"{element.title}, in the domain {element.domain}",
        "rowStyle": "default",
        "scaleMin": SCALE_MIN,
        "scaleMax": SCALE_MAX,
        "measurementOptions": [
            {"label": label, "value": value, "percentage": 20 * value} for value, label in LEVELS.items()
        ],
        "textBoxes": [{"key": "evidence", "label": f"{canaries.TEXT}-label", "value": None}],
        "district": DISTRICT_ID,
        "created": "2020-07-01T15:00:00.000Z",
    }


def _old_measurement(identifier: str) -> Document:
    """A line that only takes text."""
    scored = _measurement(identifier, ELEMENTS[0])
    return {**scored, "name": "What I saw", "scaleMin": None, "scaleMax": None, "measurementOptions": []}


def _old_rubric(identifier: str, measurement: str) -> Document:
    group = {"_id": measurement[::-1], "name": "Notes", "weight": 1, "measurements": [{"measurement": measurement}]}
    return {**_rubric(identifier, {}, []), "name": "Walkthrough before 2020", "measurementGroups": [group]}


def _rubric(identifier: str, groups: dict[str, str], measurements: list[str]) -> Document:
    return {
        "_id": identifier,
        "name": EVALUATION_TITLE,
        "scaleMin": SCALE_MIN,
        "scaleMax": SCALE_MAX,
        "isPublished": True,
        "isPrivate": False,
        "order": 1,
        "measurementGroups": [
            {
                "_id": group,
                "name": domain,
                "weight": 1,
                "measurements": [
                    {"measurement": measurement, "weight": 1, "exclude": False, "require": True, "isPrivate": False}
                    for measurement, element in zip(measurements, ELEMENTS, strict=True)
                    if element.domain == domain
                ],
            }
            for domain, group in groups.items()
        ],
        "district": DISTRICT_ID,
        "settings": {"customHtml": "", "hideOverallScore": False},
        "layout": {"formLeft": [], "formWide": []},
        "created": "2020-07-01T15:00:00.000Z",
    }


# observations: too many to be written before they are asked for ----------------------------


@dataclass(frozen=True)
class _Form:
    """What every observation refers to."""

    rubric_id: str
    groups: dict[str, str]
    measurements: list[str]
    types: list[str]
    schools: dict[int, str]
    course: str
    grade: str


def _observations(district: District, rubric_id: str, groups: dict[str, str], measurements: list[str]) -> list[Entity]:
    users = pl.DataFrame(
        {"person": district.staffing.people["person"], "user": user_ids(district)},
        schema_overrides={"person": pl.Int64},
    ).join(
        district.staffing.people.select(pl.col("person").cast(pl.Int64), "email"), on="person", maintain_order="left"
    )
    observed = (
        district.observed.observations.filter(pl.col("school_year") != district.export_year)
        .sort("observed_at", "observation", maintain_order=True)
        .with_columns(pl.col("person").cast(pl.Int64), pl.col("rater").cast(pl.Int64))
        .join(users, on="person", how="left", maintain_order="left")
        .join(
            users.rename({"person": "rater", "user": "rater_user", "email": "rater_email"}),
            on="rater",
            how="left",
            maintain_order="left",
        )
    )
    schools = district.staffing.schools["school_id"].to_list()
    form = _Form(
        rubric_id,
        groups,
        measurements,
        _ids(district, "observationtypes", len(OBSERVATION_TYPES)),
        dict(zip(schools, _ids(district, "schools", len(schools)), strict=True)),
        _ids(district, "courses", 1)[0],
        _ids(district, "grades", 1)[0],
    )
    columns = "observation", "observation_id", "observed_at", "is_finished", "user", "email", "school_id"
    found: list[Entity] = []
    for number, row in enumerate(observed.select(*columns, "rater_user", "rater_email").rows(named=True)):
        scores = district.observed.scores[row["observation"]]
        saved = datetime.combine(row["observed_at"].date(), time(23, 5), UTC)
        identifier = row["observation_id"][:24]
        found.append(Entity(identifier, saved, None, partial(_observation, identifier, row, scores, form)))
        if number % _SLIP_SHARE == 0:
            slip = row["observation_id"][8:]
            lowest = np.full_like(scores, SCALE_MIN)
            archived = saved + timedelta(minutes=30)
            found.append(Entity(slip, archived, archived, partial(_observation, slip, row, lowest, form)))
    return found


def _observation(identifier: str, row: dict[str, Any], scores: np.ndarray, form: _Form) -> Document:
    """A draft where the district's observation is not finished: its scores are there and not published."""
    begun = row["observed_at"].replace(tzinfo=TIMEZONE)
    saved = timestamp(datetime.combine(row["observed_at"].date(), time(23, 5), UTC))
    published = saved if row["is_finished"] else None
    scored = scores[scores > 0]
    has_notes = row["observation"] % _NOTE_SHARE == 0
    notes = _marked(*_NOTES) if has_notes else {}
    return {
        "_id": identifier,
        "name": f"{canaries.TEXT}-title of the observation",
        "created": timestamp(begun),
        "observedAt": timestamp(begun),
        "observedUntil": timestamp(begun + timedelta(minutes=45)),
        "isPublished": row["is_finished"],
        "firstPublished": published,
        "lastPublished": published,
        "isPrivate": False,
        "locked": row["is_finished"],
        "signed": row["is_finished"],
        "score": round(float(scored.mean()), 2) if len(scored) else None,
        "scoreAveragedByStrand": round(float(scored.mean()), 1) if len(scored) else None,
        "observationType": form.types[0],
        "observationModule": "Evaluation",
        "rubric": {"_id": form.rubric_id, "name": EVALUATION_TITLE},
        "teacher": {"_id": row["user"], "email": row["email"], "name": f"{canaries.TEXT}-teacher"},
        "observer": {"_id": row["rater_user"], "email": row["rater_email"], "name": f"{canaries.TEXT}-observer"},
        "teachingAssignment": {"school": form.schools[row["school_id"]], "course": form.course, "grade": form.grade}
        | _marked("period"),
        "observationScores": [
            {
                "measurement": measurement,
                "measurementGroup": form.groups[element.domain],
                "valueScore": int(score) or None,
                "valueText": f"{canaries.TEXT}-value" if has_notes else None,
                "percentage": 20.0 * int(score) or None,
                "lastModified": saved,
                "checkboxes": [],
                "textBoxes": [{"key": "evidence", "label": "Evidence", "value": f"{canaries.TEXT}-evidence"}]
                if has_notes
                else [],
            }
            for measurement, element, score in zip(form.measurements, ELEMENTS, scores, strict=True)
        ],
        "district": DISTRICT_ID,
        "eventLog": [f"{canaries.TEXT}-log"],
        **notes,
    }
