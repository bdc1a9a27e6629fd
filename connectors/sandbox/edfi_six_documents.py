"""The synthetic district as Ed-Fi says it in Data Standard 6.0.

Belongs here: what 6.0 says otherwise than 5.x, and what only 6.0 says: directories,
identification codes, professional development; and finance, which the demo's 5.x server has
none of. Does not belong here: what both say alike (edfi_documents), paths and natural keys
(edfi_six).
"""

from __future__ import annotations

import math
from datetime import date, timedelta

import numpy as np
import orjson
import polars as pl

from connectors.sandbox import canaries, edfi_documents
from connectors.sandbox.district import District
from connectors.sandbox.edfi_documents import ED_FI, ids_of, link, person_reference, stamp
from connectors.sandbox.edfi_store import Document, Listed, Rows
from connectors.sandbox.people import LOCAL_EDUCATION_AGENCY

NAMESPACE = "uri://cedar-valley.example/professional-development"
EMPLOYEE_NUMBER = f"{ED_FI}/StaffIdentificationSystemDescriptor#District"
_OTHER_ACCOUNTS: tuple[Document, ...] = (
    {
        "account": "142-R-4000-021-84.367",
        "kind": "Revenue",
        "name": "Title II-A Revenue (SYNTHETIC)",
        "project": "84.367",
        "source": "4000",
    },
    {
        "account": "010-B-101",
        "kind": "Balance sheet",
        "name": "Cash in Bank (SYNTHETIC)",
        "fund": "010",
        "balance_sheet": "101",
    },
)
OTHER_BALANCE_USD = 50_000.0
"""Of the accounts that each fiscal year has beside its spending: money that came in, and money that is there."""
_DIMENSIONS = {
    "function": "function",
    "object": "object",
    "program": "program",
    "fund": "fund",
    "project": "project",
    "operationalUnit": "operational_unit",
    "source": "source",
    "balanceSheet": "balance_sheet",
}

_SPELT = (
    (b"uri://tpdm.ed-fi.org/", b"uri://ed-fi.org/"),
    (b'"rating":', b'"numericRating":'),
    (b'"minRating":', b'"minNumericRating":'),
    (b'"maxRating":', b'"maxNumericRating":'),
)
_EVALUATION = (
    "performanceEvaluations",
    "evaluations",
    "evaluationObjectives",
    "evaluationElements",
    "performanceEvaluationRatings",
    "evaluationRatings",
    "evaluationObjectiveRatings",
    "evaluationElementRatings",
)
_QUARTER_ENDS = ((-1, 9, 30), (-1, 12, 31), (0, 3, 31), (0, 6, 30))


class Respelt:
    """The records of 5.x with the names and descriptor namespaces of 6.0."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def ids(self) -> list[str]:
        return self._rows.ids()

    def documents(self, positions: np.ndarray) -> list[bytes]:
        return [_respelt(body) for body in self._rows.documents(positions)]


def resources(district: District) -> dict[str, Rows]:
    """Every resource that the stand-in serves, ready to page through."""
    five = edfi_documents.resources(district)
    staffs = _read(five["staffs"])
    return {
        **{name: five[name] for name in ("schools", "people", "staffEducationOrganizationAssignmentAssociations")},
        **{name: Respelt(five[name]) for name in _EVALUATION},
        "staffs": Listed([_staff(staff) for staff in staffs]),
        "staffDirectories": Listed(_directories(district, staffs)),
        "staffIdentificationCodes": Listed(_identification_codes(district, staffs)),
        "credentials": Listed([_licence(licence) for licence in _read(Respelt(five["credentials"]))]),
        "professionalDevelopmentEvents": Listed(_events(district)),
        "professionalDevelopmentEventAttendances": Listed(_attendances(district)),
        "chartOfAccounts": Listed(_chart(district)),
        "localAccounts": Listed(_accounts(district)),
        "localActuals": Listed(_actuals(district)),
    }


def _respelt(body: bytes) -> bytes:
    for five, six in _SPELT:
        body = body.replace(five, six)
    return body


def _read(rows: Rows) -> list[Document]:
    return [orjson.loads(body) for body in rows.documents(np.arange(len(rows)))]


def _without(document: Document, *names: str) -> Document:
    return {name: value for name, value in document.items() if name not in names}


def _stamped(document: Document) -> Document:
    return {name: document[name] for name in ("_etag", "_lastModifiedDate")}


# staff and licences ------------------------------------------------------------------------


def _staff(staff: Document) -> Document:
    return _without(staff, "electronicMails", "telephones", "identificationCodes")


def _directories(district: District, staffs: list[Document]) -> list[Document]:
    return [
        {
            "id": identifier,
            "educationOrganizationReference": _agency(),
            "staffReference": _staff_reference(staff),
            "electronicMails": staff["electronicMails"],
            "telephones": staff["telephones"],
            "addresses": [
                {
                    "addressTypeDescriptor": f"{ED_FI}/AddressTypeDescriptor#Home",
                    "stateAbbreviationDescriptor": f"{ED_FI}/StateAbbreviationDescriptor#TN",
                    "city": "Cedar Valley",
                    "postalCode": "37000",
                    "streetNumberName": f"{canaries.TEXT}-street",
                }
            ],
            **_stamped(staff),
        }
        for identifier, staff in zip(ids_of(district, "staffDirectories", len(staffs)), staffs, strict=True)
    ]


def _identification_codes(district: District, staffs: list[Document]) -> list[Document]:
    """Two per staff member: the employee number, and one that nobody should ask for."""
    numbers = dict(district.staffing.people.select("state_id", "staff_id").rows())
    codes = [
        (staff, descriptor, code)
        for staff in staffs
        for descriptor, code in (
            (EMPLOYEE_NUMBER, numbers[staff["staffUniqueId"]]),
            (
                staff["identificationCodes"][0]["staffIdentificationSystemDescriptor"],
                staff["identificationCodes"][0]["identificationCode"],
            ),
        )
    ]
    return [
        {
            "id": identifier,
            "educationOrganizationReference": _agency(),
            "staffReference": _staff_reference(staff),
            "staffIdentificationSystemDescriptor": descriptor,
            "identificationCode": code,
            **_stamped(staff),
        }
        for identifier, (staff, descriptor, code) in zip(
            ids_of(district, "staffIdentificationCodes", len(codes)), codes, strict=True
        )
    ]


def _licence(licence: Document) -> Document:
    """What the TPDM extension added in 5.x belongs to the record itself. The academic records name students."""
    return {
        **_without(licence, "_ext"),
        **licence["_ext"]["tpdm"],
        "effectiveDate": licence["issuanceDate"],
        "studentAcademicRecords": [
            {"studentAcademicRecordReference": {"studentUniqueId": f"{canaries.TEXT}-student", "schoolYear": 2010}}
        ],
    }


def _staff_reference(staff: Document) -> Document:
    return {"staffUniqueId": staff["staffUniqueId"], "link": link("Staff")}


def _agency() -> Document:
    return {"educationOrganizationId": LOCAL_EDUCATION_AGENCY, "link": link("LocalEducationAgency")}


# professional development ------------------------------------------------------------------


def events(district: District) -> pl.DataFrame:
    """One row per activity and year: `activity_id`, `title` (at most 60 characters), `provider`, `total_hours`.

    Ed-Fi keeps whole hours of the event and none of the person: an hour begun is a whole one.
    """
    return (
        district.pd_participation.group_by("activity_id", maintain_order=True)
        .agg(
            pl.col("activity_title", "school_year", "provider", "format").first(),
            pl.col("activity_date").min(),
            longest=pl.col("hours").max(),
        )
        .sort("activity_id")
        .with_columns(
            title=pl.format("{} {}", "activity_title", "school_year").str.slice(0, 60),
            total_hours=pl.col("longest").fill_null(1.0).ceil().cast(pl.Int64),
        )
    )


def attendances(district: District) -> pl.DataFrame:
    """One row per person, event and day: `person_id`, `activity_id`, `title`, `attendance_date`, `category`.

    A course meets on two days; who came for half of it missed the second. Who came for half of
    another activity attended in part, and those who withdrew or only registered were absent.
    """
    people = district.staffing.people.select("person", "person_id")
    taken = (
        district.pd_participation.join(people, on="person", how="left", maintain_order="left")
        .join(events(district).select("activity_id", "title", "longest"), on="activity_id", how="left")
        .with_columns(is_whole=pl.col("hours") >= pl.col("longest"), is_course=pl.col("format") == "course")
    )
    first = taken.with_columns(
        attendance_date=pl.col("activity_date"),
        category=pl.when(pl.col("status") == "withdrawn")
        .then(pl.lit("Excused Absence"))
        .when(pl.col("status") != "attended")
        .then(pl.lit("Unexcused Absence"))
        .when(pl.col("is_whole") | pl.col("is_course"))
        .then(pl.lit("In Attendance"))
        .otherwise(pl.lit("Partial")),
    )
    second = taken.filter(pl.col("is_course") & (pl.col("status") == "attended")).with_columns(
        attendance_date=pl.col("activity_date") + timedelta(days=7),
        category=pl.when("is_whole").then(pl.lit("Tardy")).otherwise(pl.lit("Excused Absence")),
    )
    return (
        pl.concat([first, second])
        .select("person_id", "activity_id", "title", "attendance_date", "category")
        .sort("attendance_date", "activity_id", "person_id")
    )


def _events(district: District) -> list[Document]:
    frame = events(district)
    return [
        {
            "id": identifier,
            "namespace": NAMESPACE,
            "professionalDevelopmentTitle": row["title"],
            "professionalDevelopmentOfferedByDescriptor": f"{ED_FI}/ProfessionalDevelopmentOfferedByDescriptor#"
            + row["provider"],
            "totalHours": row["total_hours"],
            "multipleSession": row["format"] == "course",
            "required": False,
            "professionalDevelopmentReason": "Professional growth",
            **stamp(row["activity_date"]),
        }
        for identifier, row in zip(
            ids_of(district, "professionalDevelopmentEvents", frame.height), frame.rows(named=True), strict=True
        )
    ]


def _attendances(district: District) -> list[Document]:
    frame = attendances(district)
    return [
        {
            "id": identifier,
            "personReference": person_reference(row["person_id"]),
            "professionalDevelopmentEventReference": {
                "namespace": NAMESPACE,
                "professionalDevelopmentTitle": row["title"],
                "link": link("ProfessionalDevelopmentEvent"),
            },
            "attendanceDate": row["attendance_date"].isoformat(),
            "attendanceEventCategoryDescriptor": f"{ED_FI}/AttendanceEventCategoryDescriptor#{row['category']}",
            "attendanceEventReason": f"{canaries.TEXT}-reason" if row["category"].endswith("Absence") else None,
            **stamp(row["attendance_date"]),
        }
        for identifier, row in zip(
            ids_of(district, "professionalDevelopmentEventAttendances", frame.height),
            frame.rows(named=True),
            strict=True,
        )
    ]


# finance -----------------------------------------------------------------------------------


def _lines(district: District) -> pl.DataFrame:
    """Ledger lines with the account they are booked on, and the organisation that keeps it."""
    return district.ledger.with_columns(
        account=pl.concat_str(
            pl.col("fund_code"),
            pl.col("function_code"),
            pl.col("object_code"),
            pl.col("program_code"),
            pl.col("grant_code").fill_null("000"),
            separator="-",
        ),
        organization=pl.col("school_id").cast(pl.Int64).fill_null(LOCAL_EDUCATION_AGENCY),
    )


def _chart(district: District) -> list[Document]:
    codes = ["function_code", "object_code", "program_code", "fund_code", "grant_code"]
    dimensions = ["function", "object", "program", "fund", "project"]
    frame = (
        _lines(district)
        .group_by("fiscal_year", "account")
        .agg(pl.col(*codes).first(), name=pl.col("account_name").max())
        .sort("fiscal_year", "account")
    )
    years = frame["fiscal_year"].unique().sort().to_list()
    rows = [
        *(
            {**row, "kind": "Expenditure", "operational_unit": "DISTRICT"}
            for row in frame.rename(dict(zip(codes, dimensions, strict=True))).rows(named=True)
        ),
        *({"fiscal_year": year, **account} for year in years for account in _OTHER_ACCOUNTS),
    ]
    return [
        {
            "id": identifier,
            "accountIdentifier": row["account"],
            "fiscalYear": row["fiscal_year"],
            "educationOrganizationReference": _agency(),
            "accountTypeDescriptor": f"{ED_FI}/AccountTypeDescriptor#{row['kind']}",
            "accountName": row["name"],
            **{
                f"{name}DimensionReference": _dimension(name, row.get(column), row["fiscal_year"])
                for name, column in _DIMENSIONS.items()
            },
            **stamp(date(row["fiscal_year"] - 1, 7, 1)),
        }
        for identifier, row in zip(ids_of(district, "chartOfAccounts", len(rows)), rows, strict=True)
    ]


def _dimension(dimension: str, code: str | None, year: int) -> Document | None:
    if code is None:
        return None
    return {"code": code, "fiscalYear": year, "link": link(f"{dimension[0].upper()}{dimension[1:]}Dimension")}


def _account_key(row: Document) -> Document:
    return {
        "accountIdentifier": row["account"],
        "educationOrganizationId": row["organization"],
        "fiscalYear": row["fiscal_year"],
    }


def _kept_accounts(district: District) -> pl.DataFrame:
    lines = _lines(district)
    kept = lines.group_by("fiscal_year", "account", "organization").agg(name=pl.col("account_name").max())
    others = pl.DataFrame(
        [
            {
                "fiscal_year": year,
                "account": account["account"],
                "organization": LOCAL_EDUCATION_AGENCY,
                "name": account["name"],
            }
            for year in lines["fiscal_year"].unique().to_list()
            for account in _OTHER_ACCOUNTS
        ]
    )
    return pl.concat([kept, others]).sort("fiscal_year", "account", "organization")


def _accounts(district: District) -> list[Document]:
    frame = _kept_accounts(district)
    return [
        {
            "id": identifier,
            "accountIdentifier": row["account"],
            "fiscalYear": row["fiscal_year"],
            "accountName": row["name"],
            "educationOrganizationReference": {
                "educationOrganizationId": row["organization"],
                "link": link("EducationOrganization"),
            },
            "chartOfAccountReference": {
                **_account_key(row | {"organization": LOCAL_EDUCATION_AGENCY}),
                "link": link("ChartOfAccount"),
            },
            **stamp(date(row["fiscal_year"] - 1, 7, 1)),
        }
        for identifier, row in zip(ids_of(district, "localAccounts", frame.height), frame.rows(named=True), strict=True)
    ]


def balances(district: District) -> pl.DataFrame:
    """One row per account, organisation, fiscal year and quarter end: `amount` spent since the year began."""
    lines = _lines(district)
    quarters = [
        lines.filter((pl.col("fiscal_year") == year) & (pl.col("posted_date") <= date(year + shift, month, day)))
        .group_by("fiscal_year", "account", "organization")
        .agg(amount=pl.col("amount_usd").sum().round(2))
        .with_columns(as_of_date=pl.lit(date(year + shift, month, day)))
        for year in lines["fiscal_year"].unique().sort()
        for shift, month, day in _QUARTER_ENDS
    ]
    return pl.concat(quarters).sort("fiscal_year", "account", "organization", "as_of_date")


def _actuals(district: District) -> list[Document]:
    others = [
        {
            "account": account["account"],
            "organization": LOCAL_EDUCATION_AGENCY,
            "fiscal_year": year,
            "as_of_date": date(year, 6, 30),
            "amount": OTHER_BALANCE_USD,
        }
        for year in district.ledger["fiscal_year"].unique().sort().to_list()
        for account in _OTHER_ACCOUNTS
    ]
    rows = [*balances(district).rows(named=True), *others]
    return [
        {
            "id": identifier,
            "localAccountReference": {**_account_key(row), "link": link("LocalAccount")},
            "asOfDate": row["as_of_date"].isoformat(),
            # a sum of cents that cancel out may be -0.0
            "amount": row["amount"] if math.fabs(row["amount"]) > 0 else 0.0,
            "financialCollectionDescriptor": f"{ED_FI}/FinancialCollectionDescriptor#0 to 30 days",
            **stamp(row["as_of_date"]),
        }
        for identifier, row in zip(ids_of(district, "localActuals", len(rows)), rows, strict=True)
    ]
