"""Identity measured on planted truth: `python -m tests.pipelines.identity.validation [SEEDS]`.

Belongs here: many seeds of hard cases as one district, one real dbt run over them, and the counts
that the truth gives. Does not belong here: the cases (connectors.sandbox.identity_cases), what the
counts must be (test_planted_truth).

SEEDS is how many, from 1 on; 20 without. Prints a table as it stands in the README beside this file.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from connectors.sandbox.identity_cases import IdentityCases, plant
from pipelines.identity.candidates import MOST_CANDIDATES
from tests.dbt.conftest import run_dbt, write_build_input

ALL_SEEDS = range(1, 21)
MODELS = (
    "+int_identity__match_candidates",
    "+int_identity__records_referenced",
)


@dataclass(frozen=True)
class Measured:
    """What became of planted records and people, over all seeds.

    records: one row per told record: case, is_decidable, outcome (`right`, `wrong`, `none`).
    wrongly_merged: staff keys that hold two people. queue: one row per waiting subject: case, place
    (1 is the first candidate; null where the right person is none of them), is_listed.
    """

    records: pl.DataFrame
    wrongly_merged: int
    queue: pl.DataFrame


def cases_of(seeds: Iterable[int]) -> IdentityCases:
    """The hard cases of several seeds as one district."""
    cases = IdentityCases()
    for seed in seeds:
        cases.add(plant(seed))
    return cases


def measure(folder: Path, seeds: Sequence[int]) -> Measured:
    """Build the identity models over the seeds in an empty folder, and compare with the truth."""
    cases = cases_of(seeds)
    write_build_input(folder / "build_input", cases.landed)
    done = run_dbt(
        folder, "build", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test", "--select", *MODELS
    )
    if done.returncode != 0:
        raise RuntimeError(f"dbt did not build:\n{done.stdout[-4000:]}\n{done.stderr[-2000:]}")
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as warehouse:
        return _compared(warehouse, cases)


def _compared(warehouse: duckdb.DuckDBPyConnection, cases: IdentityCases) -> Measured:
    matched = warehouse.execute(
        "select distinct source_system, source_record_id, staff_key"
        " from int_identity__records_referenced join int_identity__staff_matched using (reference_key)"
    ).pl()
    staff = warehouse.execute(
        "select roster_platform, roster_id, staff_key from int_identity__roster_records_merged"
    ).pl()
    people = pl.DataFrame(
        [(person, *record) for person, records in cases.people.items() for record in records],
        schema=["person", "roster_platform", "roster_id"],
        orient="row",
    ).join(staff, on=["roster_platform", "roster_id"], how="left")
    owners = people.filter(pl.col("staff_key").is_not_null()).select("staff_key", owner="person").unique()
    told = pl.DataFrame(
        [(one.case, one.source_system, one.source_record_id, one.person, one.is_decidable) for one in cases.told],
        schema=["case", "source_system", "source_record_id", "person", "is_decidable"],
        orient="row",
    )
    records = (
        told.join(matched, on=["source_system", "source_record_id"], how="left")
        .join(owners, on="staff_key", how="left")
        .with_columns(
            outcome=pl.when(pl.col("staff_key").is_null())
            .then(pl.lit("none"))
            .when(pl.col("owner").eq_missing(pl.col("person")))
            .then(pl.lit("right"))
            .otherwise(pl.lit("wrong"))
        )
    )
    if records.height != len(cases.told):
        raise AssertionError("a staff key holds two people, or a record has two matches")
    merged = owners.group_by("staff_key").len().filter(pl.col("len") > 1).height
    candidates = warehouse.execute(
        "select subject_source, subject_id, candidate_rank, staff_key from int_identity__match_subjects"
        " left join int_identity__match_candidates using (match_subject_key)"
    ).pl()
    waiting = pl.DataFrame(
        [(one.case, one.subject_source, one.subject_id, one.person) for one in cases.waiting],
        schema=["case", "subject_source", "subject_id", "person"],
        orient="row",
    )
    places = (
        waiting.join(candidates, on=["subject_source", "subject_id"])
        .join(owners, on="staff_key", how="left")
        .filter(pl.col("owner") == pl.col("person"))
        .group_by("subject_source", "subject_id")
        .agg(place=pl.col("candidate_rank").min())
    )
    listed = candidates.filter(pl.col("staff_key").is_not_null()).select("subject_source", "subject_id").unique()
    queue = waiting.join(places, on=["subject_source", "subject_id"], how="left").join(
        listed.with_columns(is_listed=pl.lit(True)), on=["subject_source", "subject_id"], how="left"
    )
    return Measured(records, merged, queue.with_columns(pl.col("is_listed").fill_null(False)))


def table(measured: Measured) -> str:
    """The counts by case, as a Markdown table."""
    queue = measured.queue.group_by("case").agg(
        waiting=pl.len(),
        listed=pl.col("is_listed").sum(),
        first=(pl.col("place") == 1).sum(),
        among=pl.col("place").is_not_null().sum(),
    )
    records = measured.records.group_by("case", maintain_order=True).agg(
        records=pl.len(),
        decidable=pl.col("is_decidable").sum(),
        right=((pl.col("outcome") == "right") & pl.col("is_decidable")).sum(),
        wrong=(pl.col("outcome") == "wrong").sum(),
        guessed=((pl.col("outcome") != "none") & ~pl.col("is_decidable")).sum(),
    )
    lines = [
        "| case | records | share an id or own address | of these matched | matched wrongly |"
        f" not decidable, matched | in the queue | right person first | among {MOST_CANDIDATES} |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in records.join(queue, on="case", how="left", maintain_order="left").iter_rows(named=True):
        share = f"{row['right'] / row['decidable']:.1%}" if row["decidable"] else "–"
        waits = (
            f"{row['listed']} of {row['waiting']} | {row['first'] / row['waiting']:.1%} "
            f"| {row['among'] / row['waiting']:.1%}"
            if row["waiting"]
            else "– | – | –"
        )
        lines.append(
            f"| {row['case']} | {row['records']:,} | {row['decidable']:,} | {share} | {row['wrong']} "
            f"| {row['guessed']} | {waits} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else len(ALL_SEEDS)
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(Path(folder), range(1, count + 1))
    print(table(measured))
    print(f"\nSeeds 1 to {count}; staff members that hold two people: {measured.wrongly_merged}.")


if __name__ == "__main__":
    main()
