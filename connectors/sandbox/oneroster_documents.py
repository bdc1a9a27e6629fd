"""The synthetic district as a OneRoster 1.2 server says it: organisations to enrolments.

Belongs here: what the records say, students and parents included, whom the warehouse must
not hold. Does not belong here: paths, filters, how 1.1 says the same (oneroster_server).
"""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from connectors.sandbox import canaries
from connectors.sandbox.district import NAME, District
from connectors.sandbox.people import (
    ASSISTANT,
    COACH,
    LOCAL_EDUCATION_AGENCY,
    OBSERVER,
    PRINCIPAL,
    TEACHER,
    in_year,
)

Document = dict[str, Any]

ORGS, ACADEMIC_SESSIONS, USERS, CLASSES, ENROLLMENTS = (
    "orgs",
    "academicSessions",
    "users",
    "classes",
    "enrollments",
)
STUDENTS_PER_CLASS = 2
PARENT_EVERY = 17
_ROLES = {
    TEACHER: "teacher",
    PRINCIPAL: "principal",
    ASSISTANT: "siteAdministrator",
    # the specification has no word for them
    COACH: "aide",
    OBSERVER: "districtAdministrator",
}
_GRADES = {
    "elementary": ["KG", "01", "02", "03", "04", "05"],
    "middle": ["06", "07", "08"],
    "high": ["09", "10", "11", "12"],
}
_DISTRICT_ORG = f"org-{LOCAL_EDUCATION_AGENCY}"


def collections(district: District) -> dict[str, list[Document]]:
    """Every collection that the stand-in serves, in its own order."""
    taught = _taught(district)
    students = _students(district, taught)
    return {
        ORGS: _orgs(district),
        ACADEMIC_SESSIONS: _sessions(district),
        USERS: [*_staff(district), *students, *_others(students)],
        CLASSES: [_class(lesson) for lesson in taught],
        ENROLLMENTS: [*(_teaching(lesson) for lesson in taught), *_attending(taught, students)],
    }


def user_id(person_id: str) -> str:
    """The sourcedId of a member of staff."""
    return f"usr-{person_id[:20].lower()}"


def _base(sourced_id: str, modified: date) -> Document:
    return {"sourcedId": sourced_id, "status": "active", "dateLastModified": f"{modified.isoformat()}T14:30:00.000Z"}


def _to(collection: str, sourced_id: str) -> Document:
    kind = {"academicSessions": "academicSession", "classes": "class"}.get(collection, collection.removesuffix("s"))
    return {"href": f"/{collection}/{sourced_id}", "sourcedId": sourced_id, "type": kind}


def _begins(year: int) -> date:
    return date(year - 1, 8, 1)


def _ends(year: int) -> date:
    """The day after the last one: OneRoster's ends are exclusive."""
    return date(year, 6, 13)


def _orgs(district: District) -> list[Document]:
    first_day = _begins(district.years[0])
    schools = district.staffing.schools.select("school_id", "school_name").rows()
    return [
        {
            **_base(_DISTRICT_ORG, first_day),
            "name": NAME,
            "type": "district",
            "identifier": str(LOCAL_EDUCATION_AGENCY),
            "children": [_to(ORGS, f"org-{school_id}") for school_id, _ in schools],
        },
        *(
            {
                **_base(f"org-{school_id}", first_day),
                "name": name,
                "type": "school",
                "identifier": str(school_id),
                "parent": _to(ORGS, _DISTRICT_ORG),
            }
            for school_id, name in schools
        ),
    ]


def _sessions(district: District) -> list[Document]:
    sessions = []
    for year in district.years:
        winter = date(year, 1, 6)
        whole = {"title": f"{year - 1}-{year}", "type": "schoolYear", "schoolYear": str(year)}
        parts = ((1, _begins(year), winter), (2, winter, _ends(year)))
        sessions.append(
            {
                **_base(f"year-{year}", _begins(year)),
                **whole,
                "startDate": _begins(year).isoformat(),
                "endDate": _ends(year).isoformat(),
                "children": [_to(ACADEMIC_SESSIONS, f"term-{year}-{number}") for number, _, _ in parts],
            }
        )
        sessions += [
            {
                **_base(f"term-{year}-{number}", _begins(year)),
                "title": f"Term {number}",
                "type": "term",
                "startDate": begins.isoformat(),
                "endDate": ends.isoformat(),
                "parent": _to(ACADEMIC_SESSIONS, f"year-{year}"),
                "schoolYear": str(year),
            }
            for number, begins, ends in parts
        ]
    return sessions


# -- people --------------------------------------------------------------------------------


def _withheld(number: int) -> Document:
    """What a real server may send of a person and the warehouse never keeps: canaries."""
    return {
        "username": f"{canaries.TEXT}-login-{number}",
        "userIds": [{"type": "SSN", "identifier": f"{canaries.SECRET_NUMBER}-{number}"}],
        "userProfiles": [
            {
                "profileId": f"profile-{number}",
                "credentials": [{"type": "login", "username": f"{canaries.TEXT}-login", "password": canaries.TEXT}],
            }
        ],
        "password": f"{canaries.TEXT}-password",
        "sms": f"{canaries.TEXT}-sms",
        "phone": f"{canaries.TEXT}-telephone",
        "pronouns": f"{canaries.TEXT}-pronouns",
        "preferredFirstName": f"{canaries.TEXT}-preferred",
        "metadata": {"birthDate": canaries.BIRTH_DATE, "remark": f"{canaries.TEXT}-remark"},
    }


def _staff(district: District) -> list[Document]:
    newest = district.years[-1]
    posts: dict[int, list[dict[str, Any]]] = {}
    for post in district.staffing.roster.select("person", "school_year", "school_id", "role").rows(named=True):
        posts.setdefault(post["person"], []).append(post)
    rows = district.staffing.people.select(
        "person",
        "person_id",
        "staff_id",
        "state_id",
        "given_name",
        in_year(pl.col("renamed_year"), pl.lit(newest), "surname", "new_surname").alias("last_name"),
        in_year(pl.col("renamed_year"), pl.lit(newest), "email", "new_email").alias("address"),
        "last_year",
    ).rows(named=True)
    documents = []
    for number, row in enumerate(rows):
        held = posts[row["person"]]
        roles = [_role(post, is_open=post["school_year"] == newest) for post in held]
        if number % PARENT_EVERY == 0:
            # somebody's mother or father too: nobody's business here
            roles.append({"roleType": "secondary", "role": "parent", "org": roles[-1]["org"]})
        documents.append(
            {
                **_base(user_id(row["person_id"]), _begins(max(post["school_year"] for post in held))),
                "userMasterIdentifier": row["state_id"],
                "identifier": row["staff_id"],
                "enabledUser": "true" if row["last_year"] == newest else "false",
                "givenName": row["given_name"],
                "familyName": row["last_name"],
                "email": row["address"],
                "roles": roles,
                "primaryOrg": roles[0]["org"],
                "agents": [_to(USERS, f"{canaries.TEXT}-child-{number}")] if number % PARENT_EVERY == 0 else [],
                **_withheld(number),
            }
        )
    return documents


def _role(post: dict[str, Any], is_open: bool) -> Document:
    year = post["school_year"]
    role = {
        "roleType": "primary",
        "role": _ROLES[post["role"]],
        "org": _to(ORGS, f"org-{post['school_id']}"),
        "beginDate": _begins(year).isoformat(),
    }
    return role if is_open else role | {"endDate": _ends(year).isoformat()}


def _outsider(sourced_id: str, number: int, role: str, school_id: int, modified: date) -> Document:
    """Somebody whom the warehouse must not hold: every value of theirs is a canary."""
    return {
        **_base(f"x-{canaries.TEXT}-{sourced_id}", modified),
        "identifier": f"{canaries.SECRET_NUMBER}-{sourced_id}",
        "enabledUser": "true",
        "givenName": f"{canaries.TEXT}-given",
        "familyName": f"{canaries.TEXT}-family",
        "email": f"{canaries.TEXT}-{sourced_id}@cedar-valley.example",
        "roles": [{"roleType": "primary", "role": role, "org": _to(ORGS, f"org-{school_id}")}],
        **_withheld(number),
    }


def _students(district: District, taught: list[dict[str, Any]]) -> list[Document]:
    newest = district.years[-1]
    schools = [lesson["school_id"] for lesson in taught if lesson["school_year"] == newest]
    return [
        _outsider(f"student-{number}", number, "student", school, _begins(newest))
        for number, school in enumerate(school for school in schools for _ in range(STUDENTS_PER_CLASS))
    ]


def _others(students: list[Document]) -> list[Document]:
    """Those around the students, one of each kind and a parent for every third."""
    roles = ["guardian", "relative", "proctor", "ext:alumnus"] + ["parent"] * (len(students) // 3)
    school = int(students[0]["roles"][0]["org"]["sourcedId"].removeprefix("org-"))
    day = date.fromisoformat(students[0]["dateLastModified"][:10])
    return [_outsider(f"other-{number}", number, role, school, day) for number, role in enumerate(roles)]


# -- classes -------------------------------------------------------------------------------


def _taught(district: District) -> list[dict[str, Any]]:
    """Who teaches what where in which year: one class a teacher and year."""
    roster = district.staffing.roster.filter(pl.col("role") == TEACHER).join(
        district.staffing.people.select("person", "person_id"), on="person", how="left", maintain_order="left"
    )
    return roster.select("person_id", "person", "school_year", "school_id", "subject", "grade_band").rows(named=True)


def _class_id(lesson: dict[str, Any]) -> str:
    return f"cls-{lesson['school_year']}-{lesson['person']}"


def _class(lesson: dict[str, Any]) -> Document:
    year = lesson["school_year"]
    return {
        **_base(_class_id(lesson), _begins(year)),
        "title": f"{lesson['subject']} {lesson['person']}",
        "classCode": f"C{lesson['person']}",
        "classType": "homeroom" if lesson["grade_band"] == "elementary" else "scheduled",
        "location": "room 7",
        "grades": _GRADES[lesson["grade_band"]],
        "subjects": [lesson["subject"]],
        "course": {"href": "/courses/crs-1", "sourcedId": "crs-1", "type": "course"},
        "school": _to(ORGS, f"org-{lesson['school_id']}"),
        "terms": [_to(ACADEMIC_SESSIONS, f"term-{year}-{number}") for number in (1, 2)],
        "periods": ["1"],
    }


def _enrollment(sourced_id: str, user: str, role: str, lesson: dict[str, Any]) -> Document:
    year = lesson["school_year"]
    return {
        **_base(sourced_id, _begins(year)),
        "user": _to(USERS, user),
        "class": _to(CLASSES, _class_id(lesson)),
        "school": _to(ORGS, f"org-{lesson['school_id']}"),
        "role": role,
        "primary": "true" if role == "teacher" else "false",
        "beginDate": _begins(year).isoformat(),
        "endDate": _ends(year).isoformat(),
    }


def _teaching(lesson: dict[str, Any]) -> Document:
    return _enrollment(f"enr-{_class_id(lesson)}", user_id(lesson["person_id"]), "teacher", lesson)


def _attending(taught: list[dict[str, Any]], students: list[Document]) -> list[Document]:
    newest = max(lesson["school_year"] for lesson in taught)
    seats = [lesson for lesson in taught if lesson["school_year"] == newest for _ in range(STUDENTS_PER_CLASS)]
    return [
        _enrollment(f"enr-{student['sourcedId']}", student["sourcedId"], "student", lesson)
        for lesson, student in zip(seats, students, strict=True)
    ]
