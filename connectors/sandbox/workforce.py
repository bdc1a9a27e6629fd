"""Pay, PD hours, surveys, growth goals, consents, approvals, school growth, licences.

Belongs here: everything about staff that is neither an observation nor an award.
Does not belong here: the ledger, and the form that an export gives these facts.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

from connectors.sandbox.awards import Earned
from connectors.sandbox.people import COACH, PRINCIPAL, TEACHER, Staffing
from connectors.sandbox.rubric import APPROVED_ISSUERS, ELEMENTS

CREDENTIAL_PAY_USD = 250
DECLINED_SHARE = 0.03
SURVEY_SHARE = 0.55
SURVEY_QUESTIONS = ("Q1", "Q2", "Q3", "Q4", "Q5", "Q6")

_FORMATS = ("workshop", "coaching", "plc", "course", "micro-credential support")
_PROVIDERS = ("District Office", "Brightwater Workshops (SYNTHETIC)", "Stillpond Coaching LLC (SYNTHETIC)")


def compensation(rng: np.random.Generator, staffing: Staffing, earned: Earned) -> pl.DataFrame:
    """One row per staff member and school year; credential pay follows the awards of the years before."""
    roster = staffing.roster
    awards = (
        earned.awards.filter(pl.col("on_platform") & ~pl.col("is_revoked"))
        .with_columns(earned_year=pl.col("issued_at").dt.offset_by("6mo").dt.year().cast(pl.Int64))
        .select("person", "earned_year")
    )
    paid = (
        roster.select("person", "school_year")
        .join(awards, on="person")
        .filter(pl.col("earned_year") < pl.col("school_year"))
        .group_by("person", "school_year")
        .agg(paid=pl.len())
    )
    lead = pl.when(pl.col("role") == PRINCIPAL).then(38_000).when(pl.col("role") != TEACHER).then(14_000).otherwise(0)
    stipend = rng.choice([0, 0, 0, 0, 500, 1000, 1500], roster.height)
    return roster.join(paid, on=["person", "school_year"], how="left", maintain_order="left").select(
        "person",
        "staff_id",
        "school_year",
        salary_usd=(45_500 + 920 * pl.col("years_experience") + 900 * (pl.col("school_year") - 2022) + lead).cast(
            pl.Float64
        )
        + pl.Series(rng.integers(0, 4000, roster.height) / 4),
        benefit_rate=pl.Series(np.round(rng.uniform(0.27, 0.33, roster.height), 3)),
        contract_days=pl.when(pl.col("role") == TEACHER).then(190).otherwise(220),
        hours_per_day=pl.lit(7.5),
        stipend_usd=pl.when(pl.col("role") == COACH).then(2000).otherwise(pl.Series(stipend)).cast(pl.Float64),
        credential_pay_usd=(pl.col("paid").fill_null(0) * CREDENTIAL_PAY_USD).cast(pl.Float64),
    )


def pd_participation(rng: np.random.Generator, staffing: Staffing) -> pl.DataFrame:
    """Three to six activities per teacher and year, from a yearly catalogue of forty."""
    catalogue = pl.DataFrame(
        [
            (
                number,
                f"PD-{number:03d}",
                f"{ELEMENTS[number % len(ELEMENTS)].title} {('Workshop', 'Lab', 'Study Group', 'Course')[number % 4]}",
                _FORMATS[number % len(_FORMATS)],
                _PROVIDERS[number % len(_PROVIDERS)],
                ELEMENTS[number % len(ELEMENTS)].competency_code if number % 3 else None,
                float(rng.choice([1.0, 1.5, 2.0, 3.0, 6.0])),
            )
            for number in range(40)
        ],
        schema=["activity", "code", "activity_title", "format", "provider", "competency_code", "offered_hours"],
        orient="row",
    )
    taught = staffing.roster.filter(pl.col("role") == TEACHER)
    count = rng.integers(3, 7, taught.height)
    row = np.repeat(np.arange(taught.height), count)
    drawn = (
        taught[row]
        .select("person", "staff_id", "email", "school_year")
        .with_columns(activity=pl.Series(rng.integers(0, catalogue.height, len(row))))
        .unique(["person", "school_year", "activity"], keep="first", maintain_order=True)
    )
    size = drawn.height
    return (
        drawn.join(catalogue, on="activity", how="left", maintain_order="left")
        .with_columns(
            activity_id=pl.concat_str(pl.col("code"), pl.lit("-"), pl.col("school_year")),
            activity_date=pl.date(pl.col("school_year") - 1, 8, 10) + pl.duration(days=(pl.col("activity") * 7) % 280),
            status=pl.Series(list(rng.choice(["attended", "withdrawn", "registered"], size, p=[0.91, 0.06, 0.03]))),
            attended_share=pl.Series(rng.choice([1.0, 1.0, 1.0, 0.5], size)),
        )
        # hours attended, not offered: nothing for those who did not come
        .with_columns(
            hours=pl.when(pl.col("status") == "attended").then(pl.col("offered_hours") * pl.col("attended_share"))
        )
        .drop("code", "activity", "attended_share", "offered_hours")
    )


def survey_responses(rng: np.random.Generator, staffing: Staffing) -> pl.DataFrame:
    """The yearly survey of teachers on their PD, partly confidential; blanks where not answered."""
    taught = staffing.roster.filter(pl.col("role") == TEACHER)
    answered = taught.filter(pl.Series(rng.random(taught.height) < SURVEY_SHARE))
    numbers = 1_000_000 + rng.permutation(9 * answered.height)[: answered.height]
    asked = answered.with_columns(
        respondent_id=pl.Series([f"R{number}" for number in numbers], dtype=pl.String),
        named_staff_id=pl.when(pl.Series(rng.random(answered.height) < 0.5)).then(pl.col("staff_id")),
        mood=pl.Series(rng.normal(3.6, 0.7, answered.height)),
    ).join(pl.DataFrame({"question_code": list(SURVEY_QUESTIONS)}), how="cross", maintain_order="left")
    noise = rng.normal(0, 0.8, asked.height)
    blank = rng.random(asked.height) < 0.04
    return asked.select(
        "school_year",
        survey_id=pl.format("PD-SURVEY-{}", pl.col("school_year")),
        respondent_id=pl.col("respondent_id"),
        staff_id=pl.col("named_staff_id"),
        question_code=pl.col("question_code"),
        response=pl.when(~pl.Series(blank)).then(
            (pl.col("mood") + pl.Series(noise)).round(0).clip(1, 5).cast(pl.Int64)
        ),
        scale_max=pl.lit(5),
        survey_date=pl.date(pl.col("school_year"), 5, 14),
    )


def growth_goals(rng: np.random.Generator, staffing: Staffing) -> pl.DataFrame:
    """One goal per teacher and year, for some a second one."""
    taught = staffing.roster.filter(pl.col("role") == TEACHER)
    row = np.repeat(np.arange(taught.height), 1 + (rng.random(taught.height) < 0.3).astype(int))
    picks = rng.integers(0, len(ELEMENTS), len(row))
    return (
        taught[row]
        .select("person", "staff_id", "school_year")
        .with_columns(
            competency_code=pl.Series([ELEMENTS[pick].competency_code for pick in picks]),
            set_date=pl.date(pl.col("school_year") - 1, 9, 20),
            status=pl.Series(list(rng.choice(["met", "in progress", "not met"], len(row), p=[0.5, 0.3, 0.2]))),
        )
        .unique(["person", "school_year", "competency_code"], keep="first", maintain_order=True)
    )


def consents(rng: np.random.Generator, staffing: Staffing, as_of: date) -> pl.DataFrame:
    """Who may be named and paired. A few declined; a few changed their mind, and the newest counts."""
    current = staffing.people.filter(pl.col("last_year") == staffing.people["last_year"].max())
    declined = rng.random(current.height) < DECLINED_SHARE
    if current.height and not declined.any():
        declined[0] = True
    first_day = date(as_of.year, 8, 5)
    named = current.select(
        "person",
        "staff_id",
        consent_kind=pl.lit("named"),
        is_granted=pl.Series(~declined),
        recorded_date=pl.lit(first_day),
    )
    changed = current.filter(pl.Series(~declined & (rng.random(current.height) < 0.01))).select(
        "person",
        "staff_id",
        consent_kind=pl.lit("named"),
        is_granted=pl.lit(False),
        recorded_date=pl.lit(first_day - timedelta(days=300)),
    )
    paired = current.select(
        "person",
        "staff_id",
        consent_kind=pl.lit("paired"),
        is_granted=pl.Series(rng.random(current.height) >= 0.08),
        recorded_date=pl.lit(first_day),
    )
    return pl.concat([changed, named, paired])


def issuer_approvals() -> pl.DataFrame:
    """One row per approved issuer; one issuer is left out on purpose."""
    return pl.DataFrame(
        {
            "approval_id": [f"APR-{number}" for number, _ in enumerate(APPROVED_ISSUERS, start=1)],
            "issuer_name": [name for _, name in APPROVED_ISSUERS],
            "approved_from": [date(2021, 7, 1)] * len(APPROVED_ISSUERS),
            "approved_for": ["licence renewal", "licence renewal and pay", "pay"],
        }
    )


def student_growth(rng: np.random.Generator, staffing: Staffing, years: tuple[int, ...]) -> pl.DataFrame:
    """One row per school, school year and measure; school level only."""
    schools = staffing.schools.select("school_id").join(
        pl.DataFrame({"school_year": list(years)}), how="cross", maintain_order="left"
    )
    measures = schools.join(
        pl.DataFrame({"measure": ["literacy_growth", "mathematics_growth"]}), how="cross", maintain_order="left"
    )
    return measures.with_columns(
        value=pl.Series(np.round(rng.normal(0, 1.4, measures.height), 2)),
        student_count=pl.Series(rng.integers(220, 900, measures.height)),
    )


def licences(rng: np.random.Generator, people: pl.DataFrame) -> pl.DataFrame:
    """One licence per staff member: what Ed-Fi calls a credential."""
    size = people.height
    issued = people["first_year"].to_numpy() - people["experience"].to_numpy() - rng.integers(1, 3, size)
    return people.select(
        "person_id",
        licence_number=pl.Series([f"TL{number:07d}" for number in rng.choice(9_000_000, size, replace=False)]),
        issued=pl.Series([date(int(year), 6, 15) for year in issued]),
        expires=pl.Series([date(2026 + int(extra), 8, 31) for extra in rng.integers(0, 6, size)]),
    )
