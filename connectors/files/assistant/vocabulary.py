"""How exports call the fields of each target stream, and what a stream can't be told without.

Belongs here: names seen in exports of districts, in the order of how surely they mean the
field. Does not belong here: comparing (proposal).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_STAFF_ID = (
    "staff id",
    "employee id",
    "employee number",
    "employee no",
    "emp id",
    "emp no",
    "empid",
    "staff number",
    "teacher id",
    "person id",
    "educator id",
    "employee",
)
_EMAIL = ("email", "email address", "work email", "e mail", "staff email", "employee email", "recipient email", "mail")
_SCHOOL_YEAR = ("school year", "school year end", "academic year", "year")
_SCHOOL_ID = (
    "school id",
    "school code",
    "school number",
    "site code",
    "site id",
    "location code",
    "building code",
    "site",
    "school",
    "location",
    "building",
)
_STATUS = ("status", "state")
_AS_OF = ("as of date", "as of", "snapshot date", "extract date")


@dataclass(frozen=True)
class Words:
    """What is known of one target stream.

    names: field -> the names it goes by, surest first. signature: sets of fields; the stream
    is proposed only where one field of every set was found. others: columns that are known
    and map to nothing -> why.
    """

    title: str
    names: Mapping[str, tuple[str, ...]]
    signature: tuple[frozenset[str], ...]
    others: Mapping[str, str] = field(default_factory=dict)


def _any(*fields: str) -> frozenset[str]:
    return frozenset(fields)


STREAM_WORDS: dict[str, Words] = {
    "pd_spending": Words(
        "lines of a ledger",
        {
            "ledger_line_id": (
                "ledger line id",
                "transaction id",
                "transaction no",
                "transaction number",
                "txn no",
                "txn id",
                "line id",
                "doc line number",
                "entry id",
                "entry no",
                "detail id",
                "id number",
                "v counter",
            ),
            "fiscal_year": ("fiscal year", "fy", "budget year", "school year", "year"),
            "posted_date": (
                "posted date",
                "posting date",
                "post date",
                "gl date",
                "transaction date",
                "trans date",
                "accounting date",
                "effective date",
                "date posted",
                "date",
            ),
            "amount_usd": (
                "amount usd",
                "net amount",
                "transaction amount",
                "amount",
                "amt",
                "actual",
                "actual amount",
                "expenditure",
                "expended",
            ),
            "fund_code": ("fund code", "fund"),
            "function_code": ("function code", "function", "func", "func code"),
            "object_code": ("object code", "object", "obj", "obj code"),
            "program_code": ("program code", "program", "prog", "prog code"),
            "school_id": _SCHOOL_ID,
            "account_name": ("account name", "account title", "account description", "acct name", "account desc"),
            "description": ("description", "line description", "transaction description", "memo", "details"),
            "vendor_name": ("vendor name", "vendor", "payee", "supplier", "supplier name", "paid to", "name"),
            "grant_code": ("grant code", "grant", "project code", "project"),
            "as_of_date": _AS_OF,
        },
        (
            _any("amount_usd"),
            _any("fund_code", "function_code", "object_code", "program_code", "account_name"),
            _any("posted_date", "fiscal_year", "vendor_name"),
        ),
        {
            "budget": "planned, not spent",
            "encumbrance": "committed, not spent",
            "debit": "part of the amount",
            "credit": "part of the amount",
            "received from": "a payer, not a vendor",
            "invoice date": "the vendor's date; the ledger's own decides the year",
            "batch year": "the year of the batch, not of the line",
        },
    ),
    "evaluation_scores": Words(
        "scores of observations",
        {
            "observation_id": ("observation id", "obs id", "observation number", "evaluation id", "visit id"),
            "staff_id": _STAFF_ID,
            "email": _EMAIL,
            "rubric_version": ("rubric version", "rubric", "rubric name", "framework", "instrument"),
            "element_code": (
                "element code",
                "indicator code",
                "element",
                "indicator",
                "component",
                "component code",
                "standard",
                "measurement",
            ),
            "score": ("score", "rating", "rating value", "score value", "points"),
            "observed_date": (
                "observed date",
                "observation date",
                "date observed",
                "observed at",
                "obs date",
                "visit date",
                "evaluation date",
                "date",
            ),
            "school_year": _SCHOOL_YEAR,
            "rater_id": ("rater id", "observer id", "evaluator id", "observer employee id", "evaluator"),
            "observation_type": ("observation type", "obs type", "visit type", "type"),
            "notes": ("notes", "observer notes", "evidence", "narrative"),
            "comments": ("comments", "comment", "feedback"),
            "observer_name": ("observer name", "evaluator name", "rater name", "observer"),
            "as_of_date": _AS_OF,
        },
        (_any("score"), _any("observed_date"), _any("staff_id", "email"), _any("element_code", "score wide")),
    ),
    "pd_participation": Words(
        "who took part in which professional development",
        {
            "staff_id": _STAFF_ID,
            "email": _EMAIL,
            "activity_id": (
                "activity id",
                "course id",
                "section id",
                "session id",
                "event id",
                "course number",
                "course code",
                "activity number",
                "pd id",
                "activity",
                "course",
            ),
            "activity_title": (
                "activity title",
                "course title",
                "activity name",
                "course name",
                "event title",
                "session title",
                "workshop title",
                "pd title",
                "activity",
                "course",
                "workshop",
                "event",
                "title",
            ),
            "activity_date": (
                "activity date",
                "date attended",
                "attendance date",
                "session date",
                "completion date",
                "date completed",
                "completed on",
                "event date",
                "start date",
                "date",
            ),
            "hours": (
                "hours attended",
                "attended hours",
                "hours earned",
                "pd hours",
                "clock hours",
                "credit hours",
                "hours",
                "contact hours",
            ),
            "status": ("attendance status", "completion status", "enrollment status", *_STATUS),
            "format": ("format", "activity type", "course type", "delivery format", "delivery", "type"),
            "provider": ("provider", "provider name", "sponsor", "organization"),
            "competency_code": ("competency code", "competency", "standard code", "indicator code"),
            "reflection": ("reflection", "comments", "feedback", "evaluation comments", "notes"),
            "as_of_date": _AS_OF,
        },
        (_any("activity_title", "activity_id"), _any("activity_date"), _any("staff_id", "email"), _any("hours")),
        {
            "hours offered": "offered, not attended",
            "end date": "a day further on; the first one dates the activity",
            "cost": "spending comes from the ledger",
        },
    ),
    "roster": Words(
        "staff, with school and role",
        {
            "staff_id": _STAFF_ID,
            "school_year": _SCHOOL_YEAR,
            "first_name": ("first name", "given name", "firstname", "legal first name", "fname"),
            "last_name": (
                "last name",
                "surname",
                "family name",
                "lastname",
                "legal last name",
                "last surname",
                "lname",
            ),
            "email": _EMAIL,
            "school_id": _SCHOOL_ID,
            "school_name": ("school name", "site name", "location name", "building name", "school"),
            "role": ("role", "job title", "position", "position title", "title", "assignment", "job", "job class"),
            "grade_band": ("grade band", "grade level", "grade", "level"),
            "subject": ("subject", "subject area", "department", "content area"),
            "years_experience": ("years experience", "years of experience", "yrs experience", "experience"),
            "state_id": ("state id", "state staff id", "state teacher id", "teacher licence number", "license number"),
            "hire_date": ("hire date", "date of hire", "date hired", "start date"),
            "end_date": ("end date", "termination date", "term date", "separation date", "exit date"),
            "status": ("employment status", "employee status", *_STATUS),
            "birth_date": ("birth date", "date of birth", "dob", "birthdate"),
            "ssn": ("ssn", "social security number", "social security no"),
            "as_of_date": _AS_OF,
        },
        (_any("staff_id"), _any("last_name"), _any("first_name"), _any("role", "school_id", "school_name")),
    ),
    "credential_awards": Words(
        "awards of micro-credentials",
        {
            "award_id": (
                "award id",
                "assertion id",
                "issued badge id",
                "credential award id",
                "assertion",
                "certificate id",
                "certificate number",
            ),
            "staff_id": _STAFF_ID,
            "email": ("earner email", *_EMAIL),
            "micro_credential_id": (
                "micro credential id",
                "microcredential id",
                "badge id",
                "badge class id",
                "badge template id",
                "achievement id",
                "credential id",
                "micro credential",
                "badge",
            ),
            "micro_credential_name": (
                "micro credential name",
                "micro credential",
                "microcredential",
                "micro credential title",
                "badge name",
                "badge",
                "badge title",
                "credential name",
                "achievement",
                "achievement name",
                "credential",
            ),
            "issuer_name": ("issuer name", "issuer", "issued by", "issuing organization", "provider", "organization"),
            "issued_date": (
                "issued date",
                "issue date",
                "date issued",
                "issued on",
                "issued at",
                "issued",
                "award date",
                "date awarded",
                "awarded on",
                "date earned",
                "earned on",
            ),
            "expires_date": ("expires date", "expiration date", "expires", "expiry date", "expires on", "expires at"),
            "revoked_date": ("revoked date", "date revoked", "revoked on", "revoked at"),
            "status": ("award status", "badge status", *_STATUS),
            "evidence_url": ("evidence url", "evidence link", "evidence", "badge url", "public url"),
            "recipient_name": ("recipient name", "recipient", "earner name", "earner", "full name", "name"),
            "reflection": ("reflection", "narrative"),
            "assessor_comments": ("assessor comments", "assessor feedback", "reviewer comments", "comments"),
            "as_of_date": _AS_OF,
        },
        (_any("micro_credential_name", "micro_credential_id"), _any("issued_date"), _any("staff_id", "email")),
    ),
}
