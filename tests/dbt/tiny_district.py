"""A district of ten people whose bands are known beforehand.

Belongs here: landed rows, in the platforms' own words, and who they are about. Does not
belong here: what must come of them (the tests).

Everybody is observed in Questioning (I06) only.
"""

from __future__ import annotations

import hashlib
from typing import Any

from tests.dbt.tiny_submissions import submissions

ADA, BEN, CY, DI, EVE, FAY, GUS, HAL, IDA, LEE = (f"00{number}" for number in range(4217, 4227))
NAMES = {
    ADA: "Ada Expert",
    BEN: "Ben Need",
    CY: "Cy Strong",
    DI: "Di Demonstrated",
    EVE: "Eve Twin",
    FAY: "Fay Twin",
    GUS: "Gus Unnamed",
    HAL: "Hal Once",
    IDA: "Ida Developing",
    LEE: "Lee Left",
}
EMAILS = {number: f"{name.split()[0].lower()}@tiny.example" for number, name in NAMES.items()}
EMAILS[EVE] = EMAILS[FAY] = "twins@tiny.example"
OBSERVED = {ADA: (4, 5), BEN: (2, 2), CY: (4, 3.5), GUS: (4, 4), HAL: (5,), IDA: (3, 3, None), LEE: (1, 4)}
FRAMEWORK = "District Teaching Competencies"
HOST = "https://badges.tiny.example/public"
CASE = "https://case.tiny.example"

Row = dict[str, Any]


def tiny_district() -> dict[tuple[str, str], list[Row]]:
    """Landed rows by platform and stream."""
    return {
        ("files", "roster"): _roster(),
        ("files", "credential_submissions"): submissions([ADA, BEN, CY, DI, EVE, FAY, GUS, HAL, IDA]),
        ("files", "issuer_approvals"): [
            {
                "approval_id": "1",
                "issuer_name": "Cedar Valley Learning Institute",
                "approved_from": "2020-07-01",
            }
        ],
        ("files", "consents"): [
            {"staff_id": GUS, "consent_kind": "named", "is_granted": True, "recorded_date": "2025-08-01"},
            {"staff_id": GUS, "consent_kind": "named", "is_granted": False, "recorded_date": "2025-09-01"},
        ],
        ("files", "pd_participation"): [
            _participation(ADA, "attended", 6),
            _participation(BEN, "withdrawn", 6),
        ],
        ("files", "pd_spending"): [
            _line("1", "570.00", "2213", "330"),
            _line("2", "-70.00", "2213", "0330"),
            _line("3", "1200.50", "3300", "710"),
        ],
        ("files", "evaluation_scores"): [
            {
                "observation_id": "old-1",
                "staff_id": ADA,
                "rubric_version": "team-like-2021",
                "element_code": "I06",
                "score": 1,
                "observed_date": "2021-10-01",
                "school_year": 2022,
                "rater_id": "R9",
            }
        ],
        ("edfi", "schools"): [
            {"id": "s101", "schoolId": 101, "nameOfInstitution": "Elm School"},
            {"id": "s101", "schoolId": 101, "nameOfInstitution": "Elm Schule", "_run_id": "run-0"},
            {"id": "s909", "schoolId": 909, "nameOfInstitution": "Closed School", "_run_id": "run-0"},
            {"id": "s909", "_change": "delete"},
        ],
        ("edfi", "staffs"): [
            {
                "id": f"staff-{number}",
                "staffUniqueId": f"S{number}",
                "personId": f"P{number}",
                "personSourceSystemDescriptor": "uri://ed-fi.org/SourceSystemDescriptor#State",
                "firstName": NAMES[number].split()[0],
                "lastSurname": NAMES[number].split()[1],
            }
            for number in NAMES
        ],
        ("edfi", "evaluation_ratings"): [
            _rating(number, visit) | {"id": f"er-{number}-{visit}", "reviewer_person_ids": [f"R{visit}"]}
            for number, scores in OBSERVED.items()
            for visit in range(len(scores))
        ],
        ("edfi", "evaluation_element_ratings"): [
            _rating(number, visit)
            | {
                "id": f"eer-{number}-{visit}",
                "evaluationObjectiveTitle": "Instruction",
                "evaluationElementTitle": "Questioning",
                "results": [{"rating": score, "ratingResultTitle": "Score"}],
            }
            for number, scores in OBSERVED.items()
            for visit, score in enumerate(scores)
        ],
        ("grow", "users"): [
            _user(CY, "999999"),
            _user(HAL, "999999"),
            _user(LEE, LEE),
        ],
        ("grow", "measurements"): [{"id": "m-1", "name": "Questioning", "scaleMin": 1, "scaleMax": 5}],
        ("grow", "rubrics"): [
            {
                "id": "r-1",
                "name": "Classroom Observation",
                "measurementGroups": [{"_id": "g-1", "name": "Instruction", "measurements": [{"measurement": "m-1"}]}],
            }
        ],
        ("grow", "observations"): [
            # one that counts, matched by e-mail; a draft and a slip of somebody who was observed once
            _observation("o-1", CY, 4) | {"_run_id": "run-0", "lastModified": "2026-03-15T16:00:00Z"},
            _observation("o-1", CY, 5),
            _observation("o-2", HAL, 1) | {"isPublished": False},
            _observation("o-3", HAL, 1) | {"archivedAt": "2026-03-16T15:00:00Z"},
        ],
        ("edfi", "credentials"): [
            {
                "id": "licence-1",
                "credentialIdentifier": "L-1",
                "stateOfIssueStateAbbreviationDescriptor": "uri://ed-fi.org/StateAbbreviationDescriptor#TN",
                "credentialTypeDescriptor": "uri://ed-fi.org/CredentialTypeDescriptor#Licensure",
                "issuanceDate": "2010-05-01",
                "personId": f"P{ADA}",
                "personSourceSystemDescriptor": "uri://ed-fi.org/SourceSystemDescriptor#State",
            }
        ],
        ("badgr", "issuers"): [
            {"entityId": "iss-1", "openBadgeId": f"{HOST}/issuers/iss-1", "name": "Cedar Valley Learning Institute"},
            {"entityId": "iss-4", "openBadgeId": f"{HOST}/issuers/iss-4", "name": "Open Practice Network"},
        ],
        ("badgr", "badge_classes"): [
            _badge_class(1, "Foundations"),
            _badge_class(2, "In Practice"),
            _badge_class(5, "Leading the Practice", is_aligned=False),
            _badge_class(3, "With Evidence of Learning", issuer="iss-4"),
        ],
        ("badgr", "assertions"): [
            _assertion("a-ada-1", ADA, 1, identity=" ADA@Tiny.Example "),
            _assertion("a-ada-again", ADA, 1, issued="2026-03-01T15:00:00Z"),
            _assertion("a-ben-1", BEN, 1),
            _assertion("a-cy-revoked", CY, 2, revoked=True),
            _assertion("a-cy-unapproved", CY, 3, issuer="iss-4"),
            _assertion("a-ida-expired", IDA, 2, expires="2026-06-01T00:00:00Z"),
            _assertion("a-di-5", DI, 5, hashed=True),
            _assertion("a-twins", EVE, 1),
            _assertion("a-private", ADA, 1, identity="somebody@elsewhere.example"),
        ],
        ("credly", "badge_templates"): [
            {
                "id": "t-i06",
                "name": "Questioning on Credly",
                "state": "active",
                "owner_id": "org-1",
                "owner_name": "Cedar Valley Learning Institute",
                # by the address of the CASE item, which is the district's own C-I06
                "alignments": [{"name": "Questioning", "url": f"{CASE}/items/i06"}],
            }
        ],
        ("credly", "issued_badges"): [
            _issued("c-di", DI, "accepted"),
            _issued("c-di-replaced", DI, "replaced"),
            _issued("c-di-id-only", DI, "rejected", email="gone@elsewhere.example"),
            _issued("c-private", None, "pending", email="somebody@elsewhere.example"),
            # its id and its address name two people: the id is followed
            _issued("c-two-people", LEE, "revoked", email=EMAILS[ADA]),
        ],
        ("case", "documents"): [
            {"identifier": "ours", "uri": f"{CASE}/ours", "title": FRAMEWORK},
            {"identifier": "theirs", "uri": f"{CASE}/theirs", "title": "Theirs"},
        ],
        ("case", "items"): [
            _item("ours", "i06", "C-I06"),
            _item("ours", "instruction", None),
            _item("theirs", "t1", "T-1"),
            _item("theirs", "t2", "T-2") | {"statusEndDate": "2020-06-30"},
        ],
        ("case", "associations"): [
            _relation("ours", "isChildOf", "i06", "instruction"),
            _relation("theirs", "exactMatchOf", "t1", "i06"),
        ],
        ("case", "rubrics"): [
            {"identifier": "r1", "document_identifier": "ours", "title": "Ours", "CFRubricCriteria": []}
        ],
        ("open_badges", "credentials"): [
            # the platform's award under another host, and as an Open Badges 3.0 copy with an id of its own
            _file("https://other.example/public/assertions/a-ada-1", "2.0", ADA, 1),
            _file("urn:uuid:1", "3.0", ADA, 1),
            _file("urn:uuid:2", "3.0", HAL, 2),
        ],
    }


def _roster() -> list[Row]:
    return [
        {
            "staff_id": number,
            "school_year": year,
            "first_name": name.split()[0],
            "last_name": name.split()[1],
            "email": EMAILS[number],
            "school_id": "101",
            "school_name": "Elm",
            "role": "Teacher",
            "grade_band": "elementary",
            "subject": "mathematics",
            "years_experience": 7,
            "state_id": f"S{number}",
            "end_date": "2025-06-15" if number == LEE else None,
        }
        for number, name in NAMES.items()
        for year in ((2025,) if number == LEE else (2025, 2026))
    ]


def _participation(number: str, status: str, hours: float) -> Row:
    return {
        "staff_id": number,
        "activity_id": "act-1",
        "activity_title": "Questioning workshop",
        "activity_date": "2025-10-10",
        "hours": hours,
        "status": status,
        "competency_code": "C-I06",
    }


def _line(number: str, amount: str, function: str, code: str) -> Row:
    return {
        "ledger_line_id": number,
        "fiscal_year": 2026,
        "posted_date": "2025-10-31",
        "amount_usd": amount,
        "function_code": function,
        "object_code": code,
        "vendor_name": "A Vendor",
    }


def _rating(number: str, visit: int) -> Row:
    return {
        "educationOrganizationId": 101,
        "evaluationPeriodDescriptor": "uri://tpdm.ed-fi.org/EvaluationPeriodDescriptor#EOY",
        "performanceEvaluationTitle": "Teacher Evaluation",
        "performanceEvaluationTypeDescriptor": "uri://tpdm.ed-fi.org/PerformanceEvaluationTypeDescriptor#Formal",
        "schoolYear": 2026,
        "termDescriptor": "uri://ed-fi.org/TermDescriptor#Year Round",
        "evaluationTitle": "Classroom Observation",
        "evaluationDate": f"2026-0{visit + 1}-15 09:00:00",
        "personId": f"P{number}",
        "sourceSystemDescriptor": "uri://ed-fi.org/SourceSystemDescriptor#State",
    }


def _user(number: str, internal_id: str) -> Row:
    return {"id": f"u-{number}", "internalId": internal_id, "email": EMAILS[number].upper()}


def _observation(name: str, number: str, score: int) -> Row:
    """Made in the evening: in UTC it is the next day."""
    return {
        "id": name,
        "observedAt": "2026-03-16T01:30:00Z",
        "lastModified": "2026-03-17T15:00:00Z",
        "isPublished": True,
        "score": score,
        "rubric_id": "r-1",
        "rubric_name": "Classroom Observation",
        "teacher_id": f"u-{number}",
        "observer_id": f"u-{LEE}",
        "observationScores": [{"measurement": "m-1", "measurementGroup": "g-1", "valueScore": score}],
    }


def _badge_class(level: int, title: str, is_aligned: bool = True, issuer: str = "iss-1") -> Row:
    alignment = {"targetName": "Questioning", "targetFramework": FRAMEWORK, "targetCode": "C-I06"}
    return {
        "entityId": f"bc-i06-{level}",
        "openBadgeId": f"{HOST}/badges/bc-i06-{level}",
        "issuer": issuer,
        "name": f"Questioning: {title}",
        "alignments": [alignment] if is_aligned else [],
        "extensions": {"extensions:stack": {"name": "Questioning"}, "extensions:hoursToEarn": {"hours": 15}},
    }


def _assertion(
    award: str,
    number: str,
    level: int,
    issuer: str = "iss-1",
    issued: str = "2025-10-01T15:00:00Z",
    identity: str | None = None,
    expires: str | None = None,
    revoked: bool = False,
    hashed: bool = False,
) -> Row:
    plain = identity or EMAILS[number]
    digest = "sha256$" + hashlib.sha256(f"{plain}salt".encode()).hexdigest()
    return {
        "entityId": award,
        "openBadgeId": f"{HOST}/assertions/{award}",
        "badgeclass": f"bc-i06-{level}",
        "issuer": issuer,
        "recipient_identity": digest if hashed else plain,
        "recipient_type": "email",
        "recipient_hashed": hashed,
        "recipient_salt": "salt" if hashed else None,
        "issuedOn": issued,
        "expires": expires,
        "revoked": revoked,
    }


def _issued(badge: str, number: str | None, state: str, email: str | None = None) -> Row:
    return {
        "id": badge,
        "state": state,
        "badge_template_id": "t-i06",
        "badge_template_name": "Questioning on Credly",
        "issuer_earner_id": number,
        "recipient_email": email or EMAILS[number or ADA],
        "issued_at": "2025-11-01T15:00:00Z",
        "updated_at": "2025-11-01T15:00:00Z",
    }


def _item(document: str, item: str, code: str | None) -> Row:
    return {
        "document_identifier": document,
        "identifier": item,
        "uri": f"{CASE}/items/{item}",
        "fullStatement": f"The teacher does {item}.",
        "humanCodingScheme": code,
    }


def _relation(document: str, kind: str, origin: str, destination: str) -> Row:
    return {
        "document_identifier": document,
        "identifier": f"{kind} {origin}",
        "associationType": kind,
        "origin_identifier": origin,
        "destination_identifier": destination,
    }


def _file(credential: str, version: str, number: str, level: int) -> Row:
    return {
        "credential_id": credential,
        "issuer_id": f"{HOST}/issuers/iss-1",
        "issuer_name": "Cedar Valley Learning Institute",
        "open_badges_version": version,
        "achievement_id": f"{HOST}/badges/bc-i06-{level}" if version == "2.0" else f"urn:achievement:{level}",
        "achievement_name": f"Questioning: {'Foundations' if level == 1 else 'In Practice'}",
        "recipient_identity": EMAILS[number],
        "recipient_type": "email",
        "recipient_hashed": False,
        "issued_at": "2025-10-01T15:00:00Z",
        "verification": "unverified",
        "file_name": f"{level}.json",
        "file_format": "json",
    }
