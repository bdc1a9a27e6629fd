"""Micro-credentials: who submitted, who earned, what was revoked, expired or issued twice.

Belongs here: awards, submissions and the planted consequence of an award. Does not
belong here: how Badgr or a badge file says it.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl

from connectors.sandbox.people import TEACHER
from connectors.sandbox.rubric import (
    BADGE_CLASSES,
    ELEMENTS,
    EXPIRES_AFTER_YEARS,
    EXPIRING_ISSUER,
    ISSUERS,
    STEPS,
)

EARNER_SHARE = 0.52
REVOKED_SHARE = 0.025
REISSUED_SHARE = 0.02
HASHED_SHARE = 0.10
PRIVATE_SHARE = 0.015
CASE_NOISE_SHARE = 0.15
RETURNED_FIRST_SHARE = 0.20
FILE_ONLY_AWARDS = 20
NEVER = 9999

_AWARD_COLUMNS = ("person", "badge_class_id", "issuer_id", "element", "issued_at", "is_reissue", "on_platform")
_BY_ID = {badge_class.id: badge_class for badge_class in BADGE_CLASSES}
_POSITION = {element.code: position for position, element in enumerate(ELEMENTS)}


@dataclass(frozen=True)
class Earned:
    """awards: one row per award. submissions: one row per attempt. is_earner: per person, has an
    award. effect_from: person by element, first school year in which the award's effect holds."""

    awards: pl.DataFrame
    submissions: pl.DataFrame
    is_earner: np.ndarray
    effect_from: np.ndarray


def school_year(day: date) -> int:
    """The spring year of the school year that holds `day`; it starts on 1 July."""
    return day.year + 1 if day.month >= 7 else day.year


def earn(rng: np.random.Generator, people: pl.DataFrame, years: tuple[int, ...], as_of: date) -> Earned:
    """Draws who earns what. The first year has no awards, so that everyone has a before."""
    rows = _draw(rng, people, years, as_of)
    awards = _with_fates(rng, _reissue(rng, rows, as_of), people, as_of)
    effect_from = np.full((people.height, len(ELEMENTS)), NEVER, dtype=np.int64)
    for person, element, issued_at in (
        awards.filter(pl.col("element").is_not_null() & pl.col("on_platform"))
        .select("person", "element", "issued_at")
        .rows()
    ):
        effect_from[person, element] = min(effect_from[person, element], school_year(issued_at.date()) + 1)
    is_earner = np.zeros(people.height, dtype=bool)
    is_earner[awards.filter("on_platform")["person"].to_numpy()] = True
    return Earned(awards, _submissions(rng, awards, people, as_of), is_earner, effect_from)


def _window(first_year: int, last_year: int, years: tuple[int, ...], as_of: date) -> tuple[date, date]:
    opens = date(max(first_year, years[0] + 1) - 1, 9, 1)
    return opens, as_of - timedelta(days=5) if last_year == years[-1] else date(last_year, 5, 31)


def _draw(
    rng: np.random.Generator, people: pl.DataFrame, years: tuple[int, ...], as_of: date
) -> list[tuple[object, ...]]:
    """First awards: for each earner one to three stacks, climbed from the first step."""
    eligible = people.filter((pl.col("role") == TEACHER) & (pl.col("last_year") > years[0]))
    chosen = eligible[np.flatnonzero(rng.random(eligible.height) < EARNER_SHARE)]
    rows: list[tuple[object, ...]] = []
    unaligned = [badge_class for badge_class in BADGE_CLASSES if badge_class.element is None]

    def add(person: int, badge_class_id: str, day: date, on_platform: bool = True) -> None:
        badge_class = _BY_ID[badge_class_id]
        element = _POSITION[badge_class.element.code] if badge_class.element else None
        moment = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=int(rng.integers(0, 1440)))
        rows.append((person, badge_class_id, badge_class.issuer_id, element, moment, False, on_platform))

    for person, first_year, last_year in chosen.select("person", "first_year", "last_year").rows():
        opens, closes = _window(first_year, last_year, years, as_of)
        span = max((closes - opens).days, 1)
        for pick in rng.choice(len(ELEMENTS), rng.choice([1, 2, 3], p=[0.45, 0.35, 0.20]), replace=False):
            day = opens + timedelta(days=int(rng.integers(0, span)))
            for step in range(1, 1 + int(rng.choice([1, 2, 3, 4, 5], p=[0.4, 0.3, 0.15, 0.1, 0.05]))):
                if day > closes:
                    break
                add(person, f"bc-{ELEMENTS[pick].code.lower()}-{step}", day)
                day += timedelta(days=int(rng.integers(60, 200)))
        if rng.random() < 0.1:
            add(
                person,
                unaligned[rng.integers(0, len(unaligned))].id,
                opens + timedelta(days=int(rng.integers(0, span))),
            )
    # awards that only a badge file knows: kept by the teacher, unknown to the platform
    for pick in rng.integers(0, chosen.height, min(FILE_ONLY_AWARDS, chosen.height)):
        person, first_year, last_year = chosen.select("person", "first_year", "last_year").row(int(pick))
        opens, closes = _window(first_year, last_year, years, as_of)
        code, top = ELEMENTS[rng.integers(0, len(ELEMENTS))].code.lower(), rng.integers(1, 1 + len(STEPS))
        day = opens + timedelta(days=int(rng.integers(0, max((closes - opens).days, 1))))
        add(person, f"bc-{code}-{top}", day, on_platform=False)
    return rows


def _reissue(rng: np.random.Generator, rows: list[tuple[object, ...]], as_of: date) -> pl.DataFrame:
    """Adds second awards of the same micro-credential to the same person."""
    awards = pl.DataFrame(
        rows,
        schema={
            "person": pl.Int64,
            "badge_class_id": pl.String,
            "issuer_id": pl.String,
            "element": pl.Int64,
            "issued_at": pl.Datetime("us", "UTC"),
            "is_reissue": pl.Boolean,
            "on_platform": pl.Boolean,
        },
        orient="row",
    )
    old = awards.filter(pl.col("on_platform")).filter(
        pl.col("issued_at") < datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC) - timedelta(days=250)
    )
    count = min(max(1, round(REISSUED_SHARE * awards.height)), old.height)
    again = old[np.sort(rng.choice(old.height, count, replace=False))].with_columns(
        pl.col("issued_at") + pl.duration(days=200), is_reissue=pl.lit(True)
    )
    return pl.concat([awards, again]).select(_AWARD_COLUMNS).sort("issued_at", "person", "badge_class_id")


def _with_fates(rng: np.random.Generator, awards: pl.DataFrame, people: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Adds ids, expiry, revocation, acceptance and the recipient as the platform writes it."""
    size = awards.height
    now = datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC)
    raw = rng.bytes(16 * size)
    ids = [
        base64.urlsafe_b64encode(raw[16 * row : 16 * row + 16])[:22].decode().replace("-", "x").replace("_", "y")
        for row in range(size)
    ]
    is_revoked = rng.random(size) < REVOKED_SHARE
    if not is_revoked.any():
        is_revoked[size // 2] = True
    kind = rng.choice(
        ["plain", "hashed", "private"], size, p=[1 - HASHED_SHARE - PRIVATE_SHARE, HASHED_SHARE, PRIVATE_SHARE]
    )
    noise = rng.random(size) < CASE_NOISE_SHARE
    year = pl.col("issued_at").dt.year() + (pl.col("issued_at").dt.month() >= 7).cast(pl.Int32)
    address = (
        pl.when(pl.col("renamed_year").is_not_null() & (year >= pl.col("renamed_year")))
        .then(pl.col("new_email"))
        .otherwise(pl.col("email"))
    )
    delay = rng.integers(1, 600, size)
    return (
        awards.with_columns(
            award_id=pl.Series(ids),
            kind=pl.Series(list(kind)),
            noise=pl.Series(noise),
            created_at=pl.col("issued_at") + pl.duration(seconds=pl.lit(pl.Series(delay))),
            is_revoked=pl.Series(is_revoked),
            acceptance=pl.Series(list(rng.choice(["Accepted", "Unaccepted", "Rejected"], size, p=[0.7, 0.28, 0.02]))),
            salt=pl.Series([f"{number:08x}" for number in rng.integers(0, 2**32, size)]),
            expires_at=pl.when(pl.col("issuer_id") == EXPIRING_ISSUER).then(
                pl.col("issued_at").dt.offset_by(f"{EXPIRES_AFTER_YEARS}y")
            ),
        )
        .join(
            people.select("person", "renamed_year", "email", "new_email"),
            on="person",
            how="left",
            maintain_order="left",
        )
        .with_columns(
            revoked_at=pl.when("is_revoked").then(
                pl.min_horizontal(pl.col("issued_at") + pl.duration(days=120), pl.lit(now - timedelta(days=1)))
            ),
            # a private address is in no roster
            address=pl.when(pl.col("kind") == "private")
            .then(pl.concat_str(pl.lit("maker"), pl.col("person"), pl.lit("@private-mail.example")))
            .otherwise(address),
        )
        .with_columns(
            address=pl.when(pl.col("noise") & (pl.col("kind") == "plain"))
            .then(pl.col("address").str.to_titlecase())
            .otherwise(pl.col("address")),
            updated_at=pl.max_horizontal("created_at", "revoked_at"),
        )
        .select(
            "award_id",
            *_AWARD_COLUMNS,
            "created_at",
            "updated_at",
            "expires_at",
            "is_revoked",
            "revoked_at",
            "acceptance",
            "kind",
            "address",
            "salt",
        )
    )


def _submissions(rng: np.random.Generator, awards: pl.DataFrame, people: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """One row per attempt: those that led to an award, those before them, and those that led nowhere."""
    earned = awards.filter(pl.col("on_platform") & ~pl.col("is_reissue"))
    size = earned.height
    first_returned = rng.random(size) < RETURNED_FIRST_SHARE
    judged = rng.integers(3, 15, size)
    won = earned.select(
        "person",
        "badge_class_id",
        submitted_date=pl.col("issued_at").dt.date() - pl.duration(days=pl.lit(pl.Series(judged))),
        decided_date=pl.col("issued_at").dt.date(),
        outcome=pl.lit("awarded"),
        attempt_number=pl.Series(1 + first_returned.astype(int)),
        award_id=pl.col("award_id"),
    )
    before = (
        won.filter(pl.Series(first_returned))
        .with_columns(
            (pl.col("submitted_date") - pl.duration(days=45)),
            decided_date=pl.col("submitted_date") - pl.duration(days=38),
            outcome=pl.lit("returned"),
            attempt_number=pl.lit(1, dtype=pl.Int64),
            award_id=pl.lit(None, dtype=pl.String),
        )
        .select(won.columns)
    )
    teachers = people.filter((pl.col("role") == TEACHER) & (pl.col("last_year") == people["last_year"].max()))
    extra = max(6, round(0.18 * size))
    outcome = rng.choice(["returned", "withdrawn", "pending"], extra, p=[0.5, 0.3, 0.2])
    outcome[:3] = ["returned", "withdrawn", "pending"]
    age = np.where(outcome == "pending", rng.integers(1, 14, extra), rng.integers(20, 400, extra))
    failed = (
        pl.DataFrame(
            {
                "person": teachers["person"].to_numpy()[rng.integers(0, teachers.height, extra)],
                "badge_class_id": [BADGE_CLASSES[pick].id for pick in rng.integers(0, len(BADGE_CLASSES), extra)],
                "submitted_date": [as_of - timedelta(days=int(days)) for days in age],
                "outcome": list(outcome),
            }
        )
        .with_columns(
            decided_date=pl.when(pl.col("outcome") != "pending").then(pl.col("submitted_date") + pl.duration(days=10)),
            attempt_number=pl.lit(1, dtype=pl.Int64),
            award_id=pl.lit(None, dtype=pl.String),
        )
        .select(won.columns)
    )
    submissions = pl.concat([won, before, failed]).sort("submitted_date", "person", "badge_class_id", "attempt_number")
    classes = pl.DataFrame(
        {
            "badge_class_id": [badge_class.id for badge_class in BADGE_CLASSES],
            "micro_credential_name": [badge_class.name for badge_class in BADGE_CLASSES],
            "issuer_name": [dict(ISSUERS)[badge_class.issuer_id] for badge_class in BADGE_CLASSES],
        }
    )
    return (
        submissions.with_row_index("row")
        .with_columns(
            submission_id=pl.format("SUB-{}", (pl.col("row") + 1).cast(pl.String).str.zfill(6)),
            assessor_id=pl.when(pl.col("decided_date").is_not_null() & (pl.col("outcome") != "withdrawn")).then(
                pl.concat_str(
                    pl.lit("ASR-"), pl.Series([f"{pick:02d}" for pick in rng.integers(1, 13, submissions.height)])
                )
            ),
        )
        .join(classes, on="badge_class_id", how="left", maintain_order="left")
        .join(people.select("person", "staff_id", "email"), on="person", how="left", maintain_order="left")
        .drop("row")
    )
