"""The synthetic district as Ed-Fi says it (Data Standard 5.x, JSON of the API).

Belongs here: resource documents and descriptors. Does not belong here: drawing the
district, paging or change versions.
"""

from __future__ import annotations

import zlib
from datetime import date
from typing import Any

import numpy as np
import orjson
import polars as pl

from connectors.sandbox import canaries
from connectors.sandbox.district import NAME, District
from connectors.sandbox.edfi_store import Document, Listed, Rendered, Rows
from connectors.sandbox.people import (
    ASSISTANT,
    COACH,
    LOCAL_EDUCATION_AGENCY,
    OBSERVER,
    PRINCIPAL,
    TEACHER,
    in_year,
)
from connectors.sandbox.rubric import (
    DOMAINS,
    ELEMENTS,
    EVALUATION_TITLE,
    LEVELS,
    PERFORMANCE_EVALUATION_TITLE,
    SCALE_MAX,
    SCALE_MIN,
)

ED_FI, TPDM = "uri://ed-fi.org", "uri://tpdm.ed-fi.org"
SOURCE_SYSTEM = f"{ED_FI}/SourceSystemDescriptor#District"
INTEGER = f"{ED_FI}/ResultDatatypeTypeDescriptor#Integer"
DECIMAL = f"{ED_FI}/ResultDatatypeTypeDescriptor#Decimal"
TERM = f"{ED_FI}/TermDescriptor#Year Round"
PERIOD = f"{TPDM}/EvaluationPeriodDescriptor#EOY"
KIND = f"{TPDM}/PerformanceEvaluationTypeDescriptor#Formal Evaluation"
EVALUATION_KIND = f"{TPDM}/EvaluationTypeDescriptor#Formal Observation"

_CLASSIFICATION = {
    TEACHER: "Teacher",
    PRINCIPAL: "Principal",
    ASSISTANT: "Assistant Principal",
    COACH: "Instructional Coordinator",
    OBSERVER: "LEA Specialist",
}
_PLURALS = {"Person": "people", "LocalEducationAgency": "localEducationAgencies"}
_GRADES = {
    "elementary": ("First grade", "Second grade", "Third grade", "Fourth grade", "Fifth grade"),
    "middle": ("Sixth grade", "Seventh grade", "Eighth grade"),
    "high": ("Ninth grade", "Tenth grade", "Eleventh grade", "Twelfth grade"),
}


def resources(district: District) -> dict[str, Rows]:
    """Every resource that the stand-in serves, ready to page through."""
    years = [year for year in district.years if year != district.export_year]
    return {
        "schools": Listed(_schools(district)),
        "people": Listed(_people(district)),
        "staffs": Listed(_staffs(district)),
        "staffEducationOrganizationAssignmentAssociations": Listed(_assignments(district)),
        "credentials": Listed(_licences(district)),
        "performanceEvaluations": Listed([_performance_evaluation(district, year) for year in years]),
        "evaluations": Listed([_evaluation(district, year) for year in years]),
        "evaluationObjectives": Listed(
            [_objective(district, year, at, name) for year in years for at, name in enumerate(DOMAINS, start=1)]
        ),
        "evaluationElements": Listed([_element(district, year, at) for year in years for at in range(len(ELEMENTS))]),
        **_ratings(district),
    }


def ids_of(district: District, resource: str, count: int) -> list[str]:
    """32 hex digits per record, the same at every start."""
    rng = np.random.default_rng([district.seed, zlib.crc32(resource.encode())])
    digits = rng.bytes(16 * count).hex()
    return [digits[32 * row : 32 * row + 32] for row in range(count)]


def stamp(day: date) -> Document:
    moment = f"{day.isoformat()}T21:15:00Z"
    return {"_etag": f"{day.toordinal()}0000", "_lastModifiedDate": moment}


def _first_day(district: District) -> date:
    return date(district.years[0] - 1, 8, 1)


def link(rel: str) -> Document:
    plural = _PLURALS.get(rel, f"{rel[0].lower()}{rel[1:]}s")
    return {"rel": rel, "href": f"/ed-fi/{plural}/00000000000000000000000000000000"}


def person_reference(person_id: str) -> Document:
    return {"personId": person_id, "sourceSystemDescriptor": SOURCE_SYSTEM, "link": link("Person")}


def _schools(district: District) -> list[Document]:
    frame = district.staffing.schools
    ids = ids_of(district, "schools", frame.height)
    return [
        {
            "id": identifier,
            "schoolId": school_id,
            "nameOfInstitution": name,
            "shortNameOfInstitution": name.removesuffix(" (SYNTHETIC)"),
            "educationOrganizationCategories": [
                {"educationOrganizationCategoryDescriptor": f"{ED_FI}/EducationOrganizationCategoryDescriptor#School"}
            ],
            "gradeLevels": [
                {"gradeLevelDescriptor": f"{ED_FI}/GradeLevelDescriptor#{grade}"} for grade in _GRADES[band]
            ],
            "localEducationAgencyReference": {
                "localEducationAgencyId": LOCAL_EDUCATION_AGENCY,
                "link": link("LocalEducationAgency"),
            },
            "operationalStatusDescriptor": f"{ED_FI}/OperationalStatusDescriptor#Active",
            "webSite": "https://cedar-valley.example",
            **stamp(_first_day(district)),
        }
        for identifier, (school_id, name, band) in zip(
            ids, frame.select("school_id", "school_name", "grade_band").rows(), strict=True
        )
    ]


def _people(district: District) -> list[Document]:
    persons = district.staffing.people["person_id"].to_list()
    return [
        {
            "id": identifier,
            "personId": person_id,
            "sourceSystemDescriptor": SOURCE_SYSTEM,
            **stamp(_first_day(district)),
        }
        for identifier, person_id in zip(ids_of(district, "people", len(persons)), persons, strict=True)
    ]


def _staffs(district: District) -> list[Document]:
    year = pl.lit(district.years[-1])
    rows = district.staffing.people.select(
        "state_id",
        "person_id",
        "has_person_reference",
        "given_name",
        in_year(pl.col("renamed_year"), year, "surname", "new_surname").alias("last_name"),
        in_year(pl.col("renamed_year"), year, "email", "new_email").alias("address"),
        "experience",
        "first_year",
        "surname",
        "new_surname",
    ).rows(named=True)
    ids = ids_of(district, "staffs", len(rows))
    return [
        {
            "id": identifier,
            "staffUniqueId": row["state_id"],
            "personReference": person_reference(row["person_id"]) if row["has_person_reference"] else None,
            "firstName": row["given_name"],
            "lastSurname": row["last_name"],
            "maidenName": row["surname"] if row["new_surname"] else None,
            "birthDate": canaries.BIRTH_DATE,
            "loginId": f"{canaries.TEXT}-login-{number}",
            "electronicMails": [
                {
                    "electronicMailAddress": row["address"],
                    "electronicMailTypeDescriptor": f"{ED_FI}/ElectronicMailTypeDescriptor#Work",
                }
            ],
            "telephones": [
                {
                    "telephoneNumber": f"{canaries.TEXT}-telephone",
                    "telephoneNumberTypeDescriptor": f"{ED_FI}/TelephoneNumberTypeDescriptor#Home",
                }
            ],
            "identificationCodes": [
                {
                    "identificationCode": f"{canaries.SECRET_NUMBER}-{number}",
                    "staffIdentificationSystemDescriptor": f"{ED_FI}/StaffIdentificationSystemDescriptor#SSN",
                }
            ],
            "yearsOfPriorTeachingExperience": float(row["experience"]),
            "highestCompletedLevelOfEducationDescriptor": f"{ED_FI}/LevelOfEducationDescriptor#"
            + ("Master's" if number % 3 else "Bachelor's"),
            **stamp(date(row["first_year"] - 1, 8, 1)),
        }
        for number, (identifier, row) in enumerate(zip(ids, rows, strict=True))
    ]


def _assignments(district: District) -> list[Document]:
    """One per person, school and unbroken stretch of years."""
    newest = district.years[-1]
    rows = (
        district.staffing.roster.group_by("person", "state_id", "school_id", "role", maintain_order=True)
        .agg(begins=pl.col("school_year").min(), ends=pl.col("school_year").max())
        .rows(named=True)
    )
    ids = ids_of(district, "assignments", len(rows))
    return [
        {
            "id": identifier,
            "staffReference": {"staffUniqueId": row["state_id"], "link": link("Staff")},
            "educationOrganizationReference": {"educationOrganizationId": row["school_id"], "link": link("School")},
            "staffClassificationDescriptor": f"{ED_FI}/StaffClassificationDescriptor#{_CLASSIFICATION[row['role']]}",
            "beginDate": date(row["begins"] - 1, 8, 1).isoformat(),
            "endDate": date(row["ends"], 6, 12).isoformat() if row["ends"] < newest else None,
            "positionTitle": row["role"],
            "fullTimeEquivalency": 1.0,
            "orderOfAssignment": 1,
            **stamp(date(row["begins"] - 1, 8, 1)),
        }
        for identifier, row in zip(ids, rows, strict=True)
    ]


def _licences(district: District) -> list[Document]:
    rows = district.licences.rows(named=True)
    ids = ids_of(district, "credentials", len(rows))
    return [
        {
            "id": identifier,
            "credentialIdentifier": row["licence_number"],
            "stateOfIssueStateAbbreviationDescriptor": f"{ED_FI}/StateAbbreviationDescriptor#TN",
            "credentialTypeDescriptor": f"{ED_FI}/CredentialTypeDescriptor#Licensure",
            "credentialFieldDescriptor": f"{ED_FI}/CredentialFieldDescriptor#Generalist",
            "teachingCredentialDescriptor": f"{ED_FI}/TeachingCredentialDescriptor#Standard",
            "issuanceDate": row["issued"].isoformat(),
            "expirationDate": row["expires"].isoformat(),
            "gradeLevels": [{"gradeLevelDescriptor": f"{ED_FI}/GradeLevelDescriptor#Fifth grade"}],
            "namespace": "uri://cedar-valley.example",
            # in Data Standard 5.x the person is an addition of the TPDM extension
            "_ext": {
                "tpdm": {
                    "personReference": person_reference(row["person_id"]),
                    "certificationTitle": "Professional Teaching Licence (SYNTHETIC)",
                    "credentialStatusDescriptor": f"{TPDM}/CredentialStatusDescriptor#Active",
                }
            },
            **stamp(_first_day(district)),
        }
        for identifier, row in zip(ids, rows, strict=True)
    ]


def _performance_key(year: int) -> Document:
    return {
        "educationOrganizationId": LOCAL_EDUCATION_AGENCY,
        "evaluationPeriodDescriptor": PERIOD,
        "performanceEvaluationTitle": PERFORMANCE_EVALUATION_TITLE,
        "performanceEvaluationTypeDescriptor": KIND,
        "schoolYear": year,
        "termDescriptor": TERM,
    }


def _levels(descriptor: str) -> list[Document]:
    return [
        {
            "evaluationRatingLevelDescriptor": f"{TPDM}/{descriptor}#{label}",
            "minRating": max(float(SCALE_MIN), score - 0.5),
            "maxRating": min(float(SCALE_MAX), score + 0.499),
        }
        for score, label in LEVELS.items()
    ]


def _instrument(district: District, resource: str, year: int, order: int) -> Document:
    identifier = ids_of(district, f"{resource}-{year}", order + 1)[order]
    return {
        "id": identifier,
        "evaluationTypeDescriptor": EVALUATION_KIND,
        "minRating": float(SCALE_MIN),
        "maxRating": float(SCALE_MAX),
        "ratingLevels": _levels("EvaluationRatingLevelDescriptor"),
        **stamp(date(year - 1, 8, 1)),
    }


def _performance_evaluation(district: District, year: int) -> Document:
    key = _performance_key(year)
    base = _instrument(district, "performanceEvaluations", year, 0)
    for absent in ("evaluationTypeDescriptor", "minRating", "maxRating"):
        del base[absent]
    return {
        **base,
        "educationOrganizationReference": {
            "educationOrganizationId": key.pop("educationOrganizationId"),
            "link": link("LocalEducationAgency"),
        },
        "schoolYearTypeReference": {"schoolYear": key.pop("schoolYear"), "link": link("SchoolYearType")},
        **key,
        "performanceEvaluationDescription": f"Yearly evaluation of {NAME}",
    }


def _evaluation(district: District, year: int) -> Document:
    return {
        **_instrument(district, "evaluations", year, 0),
        "performanceEvaluationReference": {**_performance_key(year), "link": link("PerformanceEvaluation")},
        "evaluationTitle": EVALUATION_TITLE,
    }


def _objective(district: District, year: int, order: int, name: str) -> Document:
    return {
        **_instrument(district, "evaluationObjectives", year, order),
        "evaluationReference": {
            **_performance_key(year),
            "evaluationTitle": EVALUATION_TITLE,
            "link": link("Evaluation"),
        },
        "evaluationObjectiveTitle": name,
        "sortOrder": order,
    }


def _element(district: District, year: int, order: int) -> Document:
    element = ELEMENTS[order]
    return {
        **_instrument(district, "evaluationElements", year, order),
        "evaluationObjectiveReference": {
            **_performance_key(year),
            "evaluationTitle": EVALUATION_TITLE,
            "evaluationObjectiveTitle": element.domain,
            "link": link("EvaluationObjective"),
        },
        "evaluationElementTitle": element.title,
        "sortOrder": order + 1,
    }


# ratings: far too many to be written before they are asked for ------------------------------


def _ratings(district: District) -> dict[str, Rows]:
    observed = district.observed
    people = district.staffing.people.select("person", "person_id", "given_name", "surname")
    observations = (
        observed.observations.filter(pl.col("school_year") != district.export_year)
        .sort("observed_at", "observation", maintain_order=True)
        .join(people.select("person", "person_id"), on="person", how="left", maintain_order="left")
        .join(
            _as_raters(people),
            on="rater",
            how="left",
            maintain_order="left",
        )
        .with_columns(
            date_text=pl.col("observed_at").dt.strftime("%Y-%m-%dT%H:%M:%S"),
            modified=pl.col("observed_at").dt.strftime("%Y-%m-%dT23:05:00Z"),
            etag=pl.col("observed_at").dt.epoch("s").cast(pl.String),
        )
    )
    scores = observed.scores[observations["observation"].to_numpy()]
    return {
        "performanceEvaluationRatings": _performance_ratings(district, people),
        "evaluationRatings": _evaluation_ratings(observations, scores),
        "evaluationObjectiveRatings": _objective_ratings(district, observations, scores),
        "evaluationElementRatings": _element_ratings(district, observations, scores),
    }


def _as_raters(people: pl.DataFrame) -> pl.DataFrame:
    return people.select(rater="person", rater_person_id="person_id", rater_given="given_name", rater_surname="surname")


def _text(name: str, value: pl.Expr) -> list[pl.Expr]:
    """`"name":"value"`, for values that need no escapes."""
    return [pl.lit(f'"{name}":"'), value, pl.lit('"')]


def _fixed(value: Document) -> str:
    """The inside of an object, as JSON text."""
    return orjson.dumps(value).decode()[1:-1]


def _comma(*parts: list[pl.Expr]) -> list[pl.Expr]:
    joined: list[pl.Expr] = []
    for part in parts:
        joined += [*part, pl.lit(",")]
    return joined[:-1]


def _inside(*parts: list[pl.Expr]) -> list[pl.Expr]:
    return [pl.lit("{"), *_comma(*parts), pl.lit("}")]


def _named(name: str, value: list[pl.Expr]) -> list[pl.Expr]:
    return [pl.lit(f'"{name}":'), *value]


def _raw(name: str, value: pl.Expr) -> list[pl.Expr]:
    return [pl.lit(f'"{name}":'), value.cast(pl.String)]


def _key(*, with_evaluation: bool, with_person: bool, with_date: bool = False) -> list[list[pl.Expr]]:
    """The natural key parts that ratings repeat in their references."""
    key = _performance_key(0)
    del key["schoolYear"]
    parts = [[pl.lit(_fixed(key))], _raw("schoolYear", pl.col("school_year"))]
    if with_evaluation:
        parts.append(_text("evaluationTitle", pl.lit(EVALUATION_TITLE)))
    if with_person:
        parts.append(_text("personId", pl.col("person_id")))
        parts.append(_text("sourceSystemDescriptor", pl.lit(SOURCE_SYSTEM)))
    if with_date:
        parts.append(_text("evaluationDate", pl.col("date_text")))
    return parts


def _reference(name: str, rel: str, *parts: list[pl.Expr]) -> list[pl.Expr]:
    return _named(name, _inside(*parts, [pl.lit('"link":{' + _fixed(link(rel)) + "}")]))


def _results(score: pl.Expr, label: pl.Expr, datatype: str) -> list[pl.Expr]:
    """`results[]` with one result, or none where nothing was scored."""
    one = pl.concat_str(
        pl.lit('[{"rating":'),
        score.cast(pl.String),
        pl.lit(',"ratingResultTitle":"'),
        label,
        pl.lit(f'","resultDatatypeTypeDescriptor":"{datatype}"}}]'),
    )
    return _named("results", [pl.when(score.is_null()).then(pl.lit("[]")).otherwise(one)])


def _level(name: str, descriptor: str, label: pl.Expr) -> pl.Expr:
    """A leading-comma field: left out where there is no level."""
    return (
        pl.when(label.is_null())
        .then(pl.lit(""))
        .otherwise(pl.concat_str(pl.lit(f',"{name}":"{TPDM}/{descriptor}#'), label, pl.lit('"')))
    )


def _note(share: int, *names: str) -> pl.Expr:
    """Leading-comma fields of free text on one record in `share`: canaries, to be withheld."""
    fields = "".join(f',"{name}":"{canaries.TEXT}-{name} what an observer wrote"' for name in names)
    return pl.when(pl.col("row") % share == 0).then(pl.lit(fields)).otherwise(pl.lit(""))


def _modified() -> list[list[pl.Expr]]:
    return [_text("_etag", pl.col("etag")), _text("_lastModifiedDate", pl.col("modified"))]


def _document(parts: list[list[pl.Expr]], *optional: pl.Expr) -> pl.Expr:
    inside = _comma(*parts)
    return pl.concat_str(pl.lit("{"), *inside, *optional, pl.lit("}")).alias("document")


def _reviewer(share_trained: int = 3) -> list[pl.Expr]:
    trained = (
        pl.when(pl.col("row") % share_trained == 0)
        .then(pl.lit(',"receivedTraining":{"receivedTrainingDate":"2021-08-09"}'))
        .otherwise(pl.lit(""))
    )
    return _named(
        "reviewers",
        [
            pl.lit("[{"),
            *_text("firstName", pl.col("rater_given")),
            pl.lit(","),
            *_text("lastSurname", pl.col("rater_surname")),
            pl.lit(","),
            *_reference(
                "reviewerPersonReference",
                "Person",
                _text("personId", pl.col("rater_person_id")),
                _text("sourceSystemDescriptor", pl.lit(SOURCE_SYSTEM)),
            ),
            trained,
            pl.lit("}]"),
        ],
    )


def _label(score: pl.Expr) -> pl.Expr:
    return score.round(0).cast(pl.Int64).replace_strict(LEVELS, default=None, return_dtype=pl.String)


def _performance_ratings(district: District, people: pl.DataFrame) -> Rows:
    """One per teacher and year, with the level of effectiveness, reviewed by the first rater there is."""
    years = (
        district.observed.observations.filter(pl.col("school_year") != district.export_year)
        .group_by("person", "school_year", maintain_order=True)
        .agg(pl.col("rater").first())
    )
    frame = (
        years.join(district.observed.summaries, on=["person", "school_year"], how="left", maintain_order="left")
        .sort("school_year", "person")
        .join(people.select("person", "person_id"), on="person", how="left", maintain_order="left")
        .join(
            _as_raters(people),
            on="rater",
            how="left",
            maintain_order="left",
        )
        .with_row_index("row")
        .with_columns(
            id=pl.Series(ids_of(district, "performanceEvaluationRatings", years.height)),
            label=_label(pl.col("level_of_effectiveness")),
            etag=pl.concat_str(pl.col("school_year"), pl.lit("0601")),
            modified=pl.concat_str(pl.col("school_year"), pl.lit("-06-01T20:00:00Z")),
        )
    )
    document = _document(
        [
            _text("id", pl.col("id")),
            _reference(
                "performanceEvaluationReference",
                "PerformanceEvaluation",
                *_key(with_evaluation=False, with_person=False),
            ),
            _reference(
                "personReference",
                "Person",
                _text("personId", pl.col("person_id")),
                _text("sourceSystemDescriptor", pl.lit(SOURCE_SYSTEM)),
            ),
            _text("actualDate", pl.concat_str(pl.col("school_year"), pl.lit("-05-28"))),
            [pl.lit('"announced":true')],
            _results(pl.col("level_of_effectiveness"), pl.col("label"), INTEGER),
            _reviewer(),
            *_modified(),
        ],
        _level(
            "performanceEvaluationRatingLevelDescriptor",
            "PerformanceEvaluationRatingLevelDescriptor",
            pl.col("label"),
        ),
        _note(4, "comments"),
    )
    return Rendered(frame, document)


def _evaluation_ratings(observations: pl.DataFrame, scores: np.ndarray) -> Rows:
    lines = np.maximum((scores > 0).sum(axis=1), 1)
    frame = observations.with_columns(
        row=pl.int_range(pl.len()),
        id=pl.col("observation_id"),
        mean=pl.Series(np.round(scores.sum(axis=1) / lines, 2)),
    ).with_columns(label=_label(pl.col("mean")))
    status = pl.when("is_finished").then(pl.lit("Completed")).otherwise(pl.lit("In Progress"))
    document = _document(
        [
            _text("id", pl.col("id")),
            _reference(
                "performanceEvaluationRatingReference",
                "PerformanceEvaluationRating",
                *_key(with_evaluation=False, with_person=True),
            ),
            _reference("evaluationReference", "Evaluation", *_key(with_evaluation=True, with_person=False)),
            _text("evaluationDate", pl.col("date_text")),
            [pl.lit('"actualDuration":45')],
            _text(
                "evaluationRatingStatusDescriptor",
                pl.concat_str(pl.lit(f"{TPDM}/EvaluationRatingStatusDescriptor#"), status),
            ),
            _results(pl.col("mean"), pl.col("label"), DECIMAL),
            _reviewer(),
            *_modified(),
        ],
        _level("evaluationRatingLevelDescriptor", "EvaluationRatingLevelDescriptor", pl.col("label")),
        _note(3, "comments"),
    )
    return Rendered(frame, document)


def _objective_ratings(district: District, observations: pl.DataFrame, scores: np.ndarray) -> Rows:
    members = np.array([[element.domain == domain for element in ELEMENTS] for domain in DOMAINS], dtype=float)
    lines = (scores > 0) @ members.T
    means = np.round((scores @ members.T) / np.maximum(lines, 1), 2)
    size = len(observations)
    frame = (
        observations.select("person_id", "school_year", "date_text", "modified", "etag")[
            np.repeat(np.arange(size), len(DOMAINS))
        ]
        .with_columns(
            row=pl.int_range(pl.len()),
            id=pl.Series(ids_of(district, "evaluationObjectiveRatings", size * len(DOMAINS))),
            objective=pl.Series(list(DOMAINS) * size),
            mean=pl.Series(np.where(lines.reshape(-1) > 0, means.reshape(-1), np.nan)).fill_nan(None),
        )
        .with_columns(label=_label(pl.col("mean")))
    )
    document = _document(
        [
            _text("id", pl.col("id")),
            _reference(
                "evaluationRatingReference",
                "EvaluationRating",
                *_key(with_evaluation=True, with_person=True, with_date=True),
            ),
            _reference(
                "evaluationObjectiveReference",
                "EvaluationObjective",
                *_key(with_evaluation=True, with_person=False),
                _text("evaluationObjectiveTitle", pl.col("objective")),
            ),
            _results(pl.col("mean"), pl.col("label"), DECIMAL),
            *_modified(),
        ],
        _level("objectiveRatingLevelDescriptor", "ObjectiveRatingLevelDescriptor", pl.col("label")),
        _note(9, "comments"),
    )
    return Rendered(frame, document)


def _element_ratings(district: District, observations: pl.DataFrame, scores: np.ndarray) -> Rows:
    size = len(observations)
    flat: np.ndarray[Any, Any] = scores.reshape(-1)
    frame = (
        observations.select("person_id", "school_year", "date_text", "modified", "etag")[
            np.repeat(np.arange(size), len(ELEMENTS))
        ]
        .with_columns(
            row=pl.int_range(pl.len()),
            id=pl.Series(ids_of(district, "evaluationElementRatings", size * len(ELEMENTS))),
            objective=pl.Series([element.domain for element in ELEMENTS] * size, dtype=pl.Categorical),
            element=pl.Series([element.title for element in ELEMENTS] * size, dtype=pl.Categorical),
            score=pl.Series(flat),
        )
        .with_columns(score=pl.when(pl.col("score") > 0).then(pl.col("score")))
    )
    label = _label(pl.col("score"))
    objective, element = pl.col("objective").cast(pl.String), pl.col("element").cast(pl.String)
    document = _document(
        [
            _text("id", pl.col("id")),
            _reference(
                "evaluationObjectiveRatingReference",
                "EvaluationObjectiveRating",
                *_key(with_evaluation=True, with_person=True, with_date=True),
                _text("evaluationObjectiveTitle", objective),
            ),
            _reference(
                "evaluationElementReference",
                "EvaluationElement",
                *_key(with_evaluation=True, with_person=False),
                _text("evaluationObjectiveTitle", objective),
                _text("evaluationElementTitle", element),
            ),
            _results(pl.col("score"), label, INTEGER),
            *_modified(),
        ],
        _level("evaluationElementRatingLevelDescriptor", "EvaluationElementRatingLevelDescriptor", label),
        _note(40, "comments", "feedback"),
        _note(60, "areaOfRefinement", "areaOfReinforcement"),
    )
    return Rendered(frame, document)
