"""Which staff members a record may mean, best first, with the reasons in words.

Belongs here: the order of the steps and what a score is made of. Does not belong here: how names
are compared (resemblance), which pairs are compared at all (blocking), rules that match for good (dbt).

A score is 0 to 100 and no probability: it orders what a person looks at. Names are compared by
Jaro-Winkler similarity (Winkler 1990, "String Comparator Metrics and Enhanced Decision Rules in the
Fellegi-Sunter Model of Record Linkage"), addresses by the normalised indel similarity of RapidFuzz.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from pipelines.identity.blocking import Staff, pairs_of_roster_records, pairs_to_compare
from pipelines.identity.resemblance import compared
from pipelines.identity.wording import with_evidence

LOWEST_SCORE = 78
"""Below it a resemblance is chance: in the planted districts random pairs of one block stay below."""
MOST_CANDIDATES = 5
SAME_SCHOOL, OTHER_SCHOOL, NOT_THAT_YEAR = 6, -6, -8
HOLDER_SCORE = 70
"""Of somebody whom the roster gives the very identifier, though others too."""
_SUBJECTS_AT_ONCE = 2_000

SUBJECTS = {
    "match_subject_key": pl.String,
    "first_name": pl.String,
    "last_name": pl.String,
    "email": pl.String,
    "first_school_year": pl.Int64,
    "last_school_year": pl.Int64,
    "roster_record_key": pl.String,
}
"""One row per thing to decide. roster_record_key: of a roster record that may be somebody else's second one."""
CANDIDATES = {
    "match_subject_key": pl.String,
    "staff_key": pl.String,
    "candidate_rank": pl.Int32,
    "score": pl.Int32,
    "evidence": pl.String,
}


@dataclass(frozen=True)
class Roster:
    """What is known of staff.

    names: staff_key, first_name, last_name; one row per name ever had.
    addresses: staff_key, address; one row per e-mail address ever had.
    places: person_key, school_key, school_year; of staff and of subjects.
    records: staff_key, roster_rank, first_school_year, last_school_year, is_deleted; one row per staff member.
    ids: staff_key, alias_kind, alias_value; of ids that only one person can have.
    """

    names: pl.DataFrame
    addresses: pl.DataFrame
    places: pl.DataFrame
    records: pl.DataFrame
    ids: pl.DataFrame


def find_candidates(
    subjects: pl.DataFrame, roster: Roster, holders: pl.DataFrame, refused: pl.DataFrame
) -> pl.DataFrame:
    """The best candidates of each subject, at most MOST_CANDIDATES, columns CANDIDATES.

    subjects: columns SUBJECTS. holders: match_subject_key, staff_key of those to whom the roster
    gives the subject's identifier. refused: match_subject_key, staff_key of pairs that a person
    decided to be different. The order of rows never matters.
    """
    staff = Staff.of(roster.names, roster.addresses)
    found = [_of_some(part, staff, roster, holders, refused) for part in _parts(subjects.sort("match_subject_key"))]
    return pl.concat([pl.DataFrame(schema=CANDIDATES), *found]).sort("match_subject_key", "candidate_rank")


def _parts(subjects: pl.DataFrame) -> Iterator[pl.DataFrame]:
    for start in range(0, subjects.height, _SUBJECTS_AT_ONCE):
        yield subjects.slice(start, _SUBJECTS_AT_ONCE)


def _of_some(
    subjects: pl.DataFrame, staff: Staff, roster: Roster, holders: pl.DataFrame, refused: pl.DataFrame
) -> pl.DataFrame:
    keys = subjects.select("match_subject_key")
    held = holders.join(keys, on="match_subject_key", how="semi").unique()
    others = subjects.filter(pl.col("roster_record_key").is_null())
    records = subjects.filter(pl.col("roster_record_key").is_not_null())
    pairs = (
        pl.concat(
            [
                pairs_to_compare(others, staff),
                pairs_of_roster_records(records, staff, roster.records, roster.ids),
                held.select("match_subject_key", "staff_key"),
            ]
        )
        .unique()
        .join(refused, on=["match_subject_key", "staff_key"], how="anti")
        .join(
            subjects.select("match_subject_key", staff_key="roster_record_key"),
            on=["match_subject_key", "staff_key"],
            how="anti",
        )
    )
    alike = compared(pairs, subjects, staff)
    placed = _with_places(alike, subjects, roster).join(
        held.with_columns(is_holder=pl.lit(True)), on=["match_subject_key", "staff_key"], how="left"
    )
    scored = placed.with_columns(
        is_holder=pl.col("is_holder").fill_null(False),
        score=pl.max_horizontal("alike", pl.when(pl.col("is_holder")).then(HOLDER_SCORE).otherwise(0))
        + pl.when(pl.col("same_school_year").is_not_null()).then(SAME_SCHOOL).otherwise(0)
        + pl.when(pl.col("is_elsewhere")).then(OTHER_SCHOOL).otherwise(0)
        + pl.when(pl.col("is_out_of_years")).then(NOT_THAT_YEAR).otherwise(0),
    ).filter(pl.col("is_holder") | (pl.col("score") >= LOWEST_SCORE))
    ranked = (
        scored.with_columns(score=pl.col("score").round(0).clip(0, 100).cast(pl.Int32))
        .sort(["match_subject_key", "score", "alike", "staff_key"], descending=[False, True, True, False])
        .with_columns(candidate_rank=(pl.int_range(pl.len()).over("match_subject_key") + 1).cast(pl.Int32))
        .filter(pl.col("candidate_rank") <= MOST_CANDIDATES)
    )
    return with_evidence(ranked).select(*CANDIDATES)


def _with_places(pairs: pl.DataFrame, subjects: pl.DataFrame, roster: Roster) -> pl.DataFrame:
    """Adds same_school_year (the newest shared one, or null), is_elsewhere, is_out_of_years and the subject's years."""
    keyed = subjects.select(
        "match_subject_key",
        "first_school_year",
        "last_school_year",
        is_record=pl.col("roster_record_key").is_not_null(),
        person_key=pl.coalesce("roster_record_key", "match_subject_key"),
    )
    pairs = pairs.join(keyed, on="match_subject_key", how="left")
    looked_at = pairs.filter(pl.col("alike") >= LOWEST_SCORE - SAME_SCHOOL).select(
        "match_subject_key", "staff_key", "person_key"
    )
    of_subjects = looked_at.join(roster.places, on="person_key").select(
        "match_subject_key", "staff_key", "school_key", "school_year"
    )
    of_staff = roster.places.rename({"person_key": "staff_key", "school_key": "their_school"})
    same_year = of_subjects.join(of_staff, on=["staff_key", "school_year"])
    told = same_year.group_by("match_subject_key", "staff_key").agg(
        same_school_year=pl.col("school_year").filter(pl.col("school_key") == pl.col("their_school")).max()
    )
    years = roster.records.select("staff_key", their_first="first_school_year", their_last="last_school_year")
    apart = (pl.col("last_school_year") < pl.col("their_first")) | (pl.col("first_school_year") > pl.col("their_last"))
    return (
        pairs.join(told.with_columns(is_told=pl.lit(True)), on=["match_subject_key", "staff_key"], how="left")
        .join(years, on="staff_key", how="left")
        .with_columns(
            is_elsewhere=pl.col("is_told").fill_null(False) & pl.col("same_school_year").is_null(),
            # a second record of one person is of other years
            is_out_of_years=(apart & ~pl.col("is_record")).fill_null(False),
        )
    )
