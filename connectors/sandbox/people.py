"""Schools, staff members and who worked where in which school year.

Belongs here: identities, their changes (names, e-mail addresses, schools, joining,
leaving) and the roster. Does not belong here: what people know or earned.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np
import polars as pl

from connectors.sandbox import names

EMAIL_DOMAIN = "cedar-valley.example"
LOCAL_EDUCATION_AGENCY = 100
FIRST_SCHOOL = 101

LEAVING_SHARE = 0.08
RENAMED_SHARE = 0.04
MOVING_SHARE = 0.10
PERSON_REFERENCE_SHARE = 0.95
SHOUTED_EMAIL_SHARE = 0.12
ROVING_OBSERVERS = 2

TEACHER, PRINCIPAL, ASSISTANT, COACH, OBSERVER = (
    "Teacher",
    "Principal",
    "Assistant Principal",
    "Instructional Coach",
    "District Observer",
)


@dataclass(frozen=True)
class Staffing:
    """schools: one row per school. people: one row per staff member ever, row number = `person`.
    roster: one row per person and school year."""

    schools: pl.DataFrame
    people: pl.DataFrame
    roster: pl.DataFrame


def staffing(rng: np.random.Generator, teachers: int, schools: int, years: tuple[int, ...]) -> Staffing:
    """Draws a district with `teachers` teaching positions, always filled, in `schools` schools."""
    school_frame = _schools(schools)
    people = _identities(rng, _careers(rng, teachers, school_frame, years))
    return Staffing(school_frame, people, _roster(rng, people, school_frame, years))


def _schools(count: int) -> pl.DataFrame:
    if not 1 <= count <= len(names.SCHOOLS):
        raise ValueError(f"schools must be between 1 and {len(names.SCHOOLS)}, not {count}")
    chosen = names.SCHOOLS[:count]
    return pl.DataFrame(
        {
            "school_id": [FIRST_SCHOOL + position for position in range(count)],
            "school_name": [f"{name} (SYNTHETIC)" for name in chosen],
            "grade_band": [names.grade_band(name) for name in chosen],
        }
    )


def _careers(
    rng: np.random.Generator, teachers: int, schools: pl.DataFrame, years: tuple[int, ...]
) -> dict[str, np.ndarray]:
    """Who holds which position from when to when. Every leaver is followed by a joiner."""
    count = schools.height
    leaders_per_school = 3
    leaders = count * leaders_per_school + ROVING_OBSERVERS
    slots = teachers + leaders
    roles = np.array(
        [TEACHER] * teachers + [PRINCIPAL, ASSISTANT, COACH] * count + [OBSERVER] * ROVING_OBSERVERS, dtype=object
    )
    slot_school = np.concatenate(
        [
            np.arange(teachers) % count,
            np.repeat(np.arange(count), leaders_per_school),
            np.zeros(ROVING_OBSERVERS, dtype=int),
        ]
    )
    bands = schools["grade_band"].to_numpy()[slot_school]
    subjects = np.array(
        [
            names.SUBJECTS[band][pick % len(names.SUBJECTS[band])] if role == TEACHER else ""
            for band, role, pick in zip(bands, roles, rng.integers(0, 1000, slots), strict=True)
        ],
        dtype=object,
    )
    slot, first_year, last_year = [np.arange(slots)], [np.full(slots, years[0])], [np.full(slots, years[-1])]
    holder = np.arange(slots)
    total = slots
    for year in years[1:]:
        leaves = (rng.random(slots) < LEAVING_SHARE) & (np.arange(slots) < teachers)
        joiners = np.flatnonzero(leaves)
        ends = np.concatenate(last_year)
        ends[holder[joiners]] = year - 1
        last_year = [ends, np.full(len(joiners), years[-1])]
        first_year.append(np.full(len(joiners), year))
        slot.append(joiners)
        holder[joiners] = total + np.arange(len(joiners))
        total += len(joiners)
    slot_of = np.concatenate(slot)
    return {
        "role": roles[slot_of],
        "school": slot_school[slot_of],
        "grade_band": bands[slot_of],
        "subject": subjects[slot_of],
        "first_year": np.concatenate(first_year),
        "last_year": np.concatenate(last_year),
    }


def _identities(rng: np.random.Generator, careers: dict[str, np.ndarray]) -> pl.DataFrame:
    """Names, numbers and addresses; who is renamed and who changes school."""
    size = len(careers["role"])
    first_year, last_year = careers["first_year"], careers["last_year"]
    stays = last_year - first_year
    later = first_year + 1 + (rng.random(size) * np.maximum(stays, 1)).astype(int)
    is_renamed = (rng.random(size) < RENAMED_SHARE) & (stays > 0)
    moves = (rng.random(size) < MOVING_SHARE) & (stays > 0) & (careers["role"] == TEACHER)
    if size >= 20 and not is_renamed.any():
        is_renamed[np.flatnonzero(stays > 0)[:1]] = True
    move_year = first_year + 1 + (rng.random(size) * np.maximum(stays, 1)).astype(int)
    school_count = int(careers["school"].max()) + 1
    new_school = (careers["school"] + 1 + rng.integers(0, max(school_count - 1, 1), size)) % school_count

    given = np.array(names.GIVEN, dtype=object)[rng.integers(0, len(names.GIVEN), size)]
    surnames = np.array(names.SURNAMES, dtype=object)
    surname = surnames[rng.integers(0, len(surnames), size)]
    new_surname = surnames[rng.integers(0, len(surnames), size)]
    experience = np.where(
        first_year == first_year.min(),
        np.minimum(rng.gamma(2.0, 5.0, size), 38),
        np.minimum(rng.gamma(1.2, 3.0, size), 20),
    ).astype(int)
    numbers = rng.choice(np.arange(1, max(200_000, 2 * size)), size, replace=False)
    states = rng.choice(np.arange(2_000_000, 2_000_000 + max(900_000, 2 * size)), size, replace=False)
    hex_digits = rng.bytes(16 * size).hex().upper()

    frame = pl.DataFrame(
        {
            "person": np.arange(size),
            "staff_id": [f"{number:06d}" for number in numbers],
            "state_id": [str(state) for state in states],
            "person_id": [hex_digits[32 * row : 32 * row + 32] for row in range(size)],
            "has_person_reference": rng.random(size) < PERSON_REFERENCE_SHARE,
            "given_name": list(given),
            "surname": list(surname),
            "new_surname": _where(is_renamed, new_surname),
            "renamed_year": _where(is_renamed, later),
            "role": list(careers["role"]),
            "subject": [subject or None for subject in careers["subject"]],
            "school": careers["school"],
            "new_school": _where(moves, new_school),
            "move_year": _where(moves, move_year),
            "first_year": first_year,
            "last_year": last_year,
            "experience": experience,
            "shouts": rng.random(size) < SHOUTED_EMAIL_SHARE,
        }
    )
    return _with_addresses(frame)


def _where(flags: np.ndarray, values: np.ndarray) -> list[object]:
    """The values where the flags hold, nulls elsewhere."""
    return [value if flag else None for value, flag in zip(values.tolist(), flags, strict=True)]


def _with_addresses(people: pl.DataFrame) -> pl.DataFrame:
    """Adds `email` and, for the renamed, `new_email`; the second of two equal names gets a number."""
    wanted = pl.concat(
        [
            people.select("person", "given_name", "surname", is_new=pl.lit(False)),
            people.filter(pl.col("new_surname").is_not_null()).select(
                "person", "given_name", surname="new_surname", is_new=pl.lit(True)
            ),
        ]
    ).with_columns(local=pl.Series([_ascii(f"{given}.{last}") for given, last in _pairs(people)]))
    numbered = wanted.with_columns(nth=pl.int_range(pl.len()).over("local")).select(
        "person",
        "is_new",
        address=pl.when(pl.col("nth") == 0)
        .then(pl.col("local"))
        .otherwise(pl.concat_str("local", (pl.col("nth") + 1).cast(pl.String)))
        + f"@{EMAIL_DOMAIN}",
    )
    first = numbered.filter(~pl.col("is_new")).select("person", email="address")
    later = numbered.filter(pl.col("is_new")).select("person", new_email="address")
    return people.join(first, on="person", how="left", maintain_order="left").join(
        later, on="person", how="left", maintain_order="left"
    )


def _pairs(people: pl.DataFrame) -> list[tuple[str, str]]:
    renamed = people.filter(pl.col("new_surname").is_not_null())
    return [*people.select("given_name", "surname").rows(), *renamed.select("given_name", "new_surname").rows()]


def _ascii(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()


def in_year(renamed_year: pl.Expr, year: pl.Expr, before: str, after: str) -> pl.Expr:
    """The value that held in `year`: `after` from `renamed_year` on, `before` until then."""
    return pl.when(renamed_year.is_not_null() & (year >= renamed_year)).then(pl.col(after)).otherwise(pl.col(before))


def _roster(
    rng: np.random.Generator, people: pl.DataFrame, schools: pl.DataFrame, years: tuple[int, ...]
) -> pl.DataFrame:
    year, renamed = pl.col("school_year"), pl.col("renamed_year")
    every_year = pl.DataFrame({"school_year": list(years)}, schema={"school_year": pl.Int64})
    held = people.join(every_year, how="cross").filter((year >= pl.col("first_year")) & (year <= pl.col("last_year")))
    shout = rng.random(held.height) < 0.3
    return (
        held.with_columns(
            school=in_year(pl.col("move_year"), year, "school", "new_school"),
            last_name=in_year(renamed, year, "surname", "new_surname"),
            address=in_year(renamed, year, "email", "new_email"),
            shout=pl.Series(shout),
        )
        .join(schools.with_row_index("school").with_columns(pl.col("school").cast(pl.Int64)), on="school", how="left")
        .select(
            "person",
            "staff_id",
            "school_year",
            "state_id",
            pl.col("given_name").alias("first_name"),
            "last_name",
            # some systems shout: letter case of an address means nothing
            email=pl.when(pl.col("shouts") & pl.col("shout"))
            .then(pl.col("address").str.to_uppercase())
            .otherwise(pl.col("address")),
            school_id=pl.col("school_id"),
            school_name=pl.col("school_name"),
            role=pl.col("role"),
            grade_band=pl.col("grade_band"),
            subject=pl.col("subject"),
            years_experience=pl.col("experience") + year - pl.col("first_year"),
            hire_date=pl.date(pl.col("first_year") - 1 - pl.col("experience"), 8, 1),
            end_date=pl.when((pl.col("last_year") == year) & (year < years[-1])).then(pl.date(year, 6, 12)),
            status=pl.when((pl.col("last_year") == year) & (year < years[-1]))
            .then(pl.lit("Separated"))
            .otherwise(pl.lit("Active")),
        )
        .sort("school_year", "person")
    )
