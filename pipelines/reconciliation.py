"""What became of every record, as the warehouse and its releases tell it.

Belongs here: reading the two published tables of it, and one plain table for Dagster's page.
Does not belong here: the counting (dbt_project: `pub_analysts__reconciliation`,
`pub_analysts__expected_deliveries`), how a terminal shows it (status_view).
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, fields
from pathlib import Path

import duckdb

from pipelines.apps.release_reader import Release

RECONCILIATION = "reconciliation"
DELIVERIES = "expected_deliveries"
RECORDS_ADD_UP = "assert_landed_is_loaded_or_named"
"""The blocking test of the build that every landed record is accounted for."""


@dataclass(frozen=True)
class StreamCounts:
    """One stream of one connection in a release, over its accepted runs.

    records_landed + delete_markers_landed = records_loaded + records_deleted + records_superseded,
    or what_differs says where they disagree. records_reported is None where the platform gives no count.
    """

    connection: str
    stream: str
    pages: int
    records_reported: int | None
    records_received: int
    records_landed: int
    records_rejected: int
    delete_markers_landed: int
    records_superseded: int
    records_deleted: int
    records_loaded: int
    records_unmatched: int
    newest_run_id: str | None
    what_differs: str | None


@dataclass(frozen=True)
class DeliveryYears:
    """A stream of which a year is missing: the state of each school year that was looked at."""

    connection: str
    stream: str
    years: dict[int, str]

    @property
    def missing(self) -> list[int]:
        return sorted(year for year, state in self.years.items() if state == "missing")


def read_counts(release: Release) -> list[StreamCounts]:
    """Every stream's counts; none in a release of before they were published."""
    if RECONCILIATION not in release.tables():
        return []
    columns = ", ".join(field.name for field in fields(StreamCounts))
    rows = release.query(f"select {columns} from {RECONCILIATION} order by connection, source_system, stream")
    return [StreamCounts(**row) for row in rows]


def read_missing_deliveries(release: Release) -> list[DeliveryYears]:
    """The streams of which a school year is missing; none in a release of before they were published."""
    if DELIVERIES not in release.tables():
        return []
    streams: dict[tuple[str, str], dict[int, str]] = {}
    for row in release.query(
        f"select connection, stream, school_year, state from {DELIVERIES} order by connection, stream, school_year"
    ):
        streams.setdefault((row["connection"], row["stream"]), {})[row["school_year"]] = row["state"]
    found = [DeliveryYears(connection, stream, years) for (connection, stream), years in streams.items()]
    return [line for line in found if line.missing]


def read_differences(warehouse: Path) -> list[tuple[str, str]]:
    """Each stream of the last build whose records do not add up, and how."""
    try:
        with closing(duckdb.connect(str(warehouse), read_only=True)) as database:
            return [
                (f"{connection}.{stream}", sentence)
                for connection, stream, sentence in database.execute(
                    "select connection, stream, what_differs from pub_analysts__reconciliation"
                    " where not is_reconciled order by connection, stream"
                ).fetchall()
            ]
    except duckdb.Error:
        return []  # the build did not come so far


def as_markdown(counts: Iterable[StreamCounts]) -> str:
    """A table of the streams that hold anything, with a line of totals."""
    shown = [line for line in counts if line.newest_run_id]
    heads = ("reported", "received", "rejected", "landed", "deletes", "superseded", "deleted", "loaded")
    lines = [f"| stream | {' | '.join(heads)} | adds up |", f"|---|{'---:|' * len(heads)}---|"]
    for line in shown:
        adds_up = "yes" if line.what_differs is None else f"**no**: {line.what_differs}"
        numbers = " | ".join("" if number is None else f"{number:,}" for number in _numbers(line))
        lines.append(f"| {line.connection}.{line.stream} | {numbers} | {adds_up} |")
    totals = [sum(number or 0 for number in column) for column in zip(*map(_numbers, shown), strict=True)]
    lines.append(f"| **all** | {' | '.join(f'**{total:,}**' for total in totals)} | |")
    return "\n".join(lines)


def _numbers(line: StreamCounts) -> tuple[int | None, ...]:
    return (
        line.records_reported,
        line.records_received,
        line.records_rejected,
        line.records_landed,
        line.delete_markers_landed,
        line.records_superseded,
        line.records_deleted,
        line.records_loaded,
    )
