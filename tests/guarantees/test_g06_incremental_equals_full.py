"""Guarantee 6 (fault rows 79 and 81): what was pulled day by day is what one full pull gives.

What "equal" means here, and what it leaves out on purpose:

- Every live record of every stream, in all its content, in the middle and at the end of the
  month, and the marts and published tables on the last day. Columns that begin with `_` tell of the
  load and are not compared (DESIGN, Landing).
- Rows that are deleted are not compared: the daily line has seen them and keeps them as
  `is_deleted`, a full pull into an empty landing can't know of them. No mart shows them, but for
  people: whom a student information system deleted stays a staff member, never active, and a
  full pull into an empty landing does not know them.
- A deletion that the platform does not report is not seen by a daily pull, and stays until
  the next full refresh: exactly that one record may differ, and after the refresh nothing.
- A new version that was rejected leaves the older one standing in the daily line, where a
  full pull has neither. That can only happen where a source allows such a share of rejects
  (`max_reject_share`); the rejects are listed either way.
"""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.build_input import states
from tests.guarantees import days
from tests.guarantees.conftest import Month
from tests.guarantees.live_rows import differences, newest_records
from tests.homes import Home


def test_month__something_happened_on_every_day_and_every_fault_struck(month: Month) -> None:
    """The oracle is worth what the days are worth: each must have changed what was landed."""
    landed = {
        number: {(pull.connection, pull.stream): pull.manifest for pull in pulls if pull.manifest}
        for number, pulls in month.pulls.items()
    }
    ratings = ("sis", "evaluation_element_ratings")
    quiet = [number for number, new in landed.items() if not new]
    assert quiet == [6, 14, 23], "quiet, unreported and mending: days on which nothing new is to be landed"
    assert month.pulls.keys() == {n for n, day in days.DAYS.items() if day.is_pulled}
    refused = [pull for pull in month.pulls[11] if pull.fault]
    assert [pull.stream for pull in refused] == ["evaluation_element_ratings"]
    assert landed[12][ratings].records_landed == 6, "the refused day's changes, one of them changed again"
    assert landed[5][ratings].records_deleted == 4
    assert landed[20]["badges", "assertions"].duplicate_records == 5
    assert landed[25]["badge_files", "credentials"].records_rejected == 1
    assert {stream for connection, stream in landed[16] if connection == "badges"} == {
        "issuers",
        "badge_classes",
        "assertions",
    }
    roster = next(state for _, stream, state in states(month.home.settings) if stream.name == "roster")
    set_aside = [run.manifest.records_landed for run in roster.runs if not run.is_accepted]
    assert len(set_aside) == 1 and set_aside[0] < 100, "a fifth of the roster, rejected by the guard"


def test_incremental__live_rows_equal_those_of_a_full_pull(month: Month) -> None:
    daily, full = month.compared[days.LAST]
    assert len(daily) == 30 and sum(map(len, daily.values())) > 25_000
    assert differences(daily, full) == {}


def test_incremental__only_what_no_feed_tells_waits_for_the_full_refresh(month: Month) -> None:
    daily, full = month.compared[15]
    assert differences(daily, full) == {"badgr.assertions": {f"badges|{month.vanished}"}}
    assert f"badges|{month.vanished}" in daily["badgr.assertions"]


def test_g06__marts_after_thirty_days_equal_those_of_one_full_pull(month: Month) -> None:
    assert [problem for report in month.reports for problem in report.problems if problem.severity == "error"] == []
    assert all(report.is_published for report in month.reports)
    assert month.marts == month.full_marts


# what holds for any history of a record ------------------------------------------------------

_EVENTS = st.lists(
    st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from(["put", "put", "put", "delete"])), max_size=4),
    min_size=1,
    max_size=6,
)


def _landed(rows: list[tuple[Any, ...]]) -> duckdb.DuckDBPyConnection:
    """rows: key, content, minutes of modification, run, change, before the reset."""
    database = duckdb.connect(":memory:")
    database.execute(
        "create table landed (_connection varchar, id varchar, content varchar, modified timestamptz, _run_id varchar,"
        " _change varchar, _is_before_reset boolean, _record_hash varchar, _extracted_at timestamptz)"
    )
    if rows:
        database.executemany(
            "insert into landed select 'sis', $1, $2, timestamptz '2026-01-01 00:00:00Z' + to_minutes($3), $4, $5, $6,"
            " md5(coalesce($2, 'delete')), timestamptz '2026-01-01 00:00:00Z' + to_minutes($7)",
            rows,
        )
    return database


def _live(rows: list[tuple[Any, ...]], modified: str | None) -> dict[str, str]:
    with _landed(rows) as database:
        newest = newest_records("landed", ("id",), modified)
        return dict(database.execute(f"select id, content from ({newest}) where not is_deleted").fetchall())


@settings(max_examples=40, deadline=None)
@given(history=_EVENTS, resets=st.sets(st.integers(0, 5)), modified=st.sampled_from(["modified", None]))
def test_newest_records__any_history_gives_what_the_platform_holds(
    history: list[list[tuple[str, str]]], resets: set[int], modified: str | None
) -> None:
    """Runs of upserts and deletes as the connectors land them, with full pulls anywhere between."""
    platform: dict[str, tuple[str, int]] = {}
    landed: list[tuple[Any, ...]] = []
    minute = 0
    for run, events in enumerate(history):
        changed: set[str] = set()
        for key, what in events:
            minute += 1
            changed.add(key)
            if what == "put":
                platform[key] = (f"version {minute}", minute)
            else:
                platform.pop(key, None)
        minute += 1
        run_id = f"run-{run}"
        is_full = run in resets
        if is_full:
            landed = [(*row[:5], True, row[6]) for row in landed]
        for key in sorted(platform if is_full else changed & platform.keys()):
            content, at = platform[key]
            landed.append((key, content, at, run_id, "upsert", False, minute))
        if not is_full:
            landed += [(key, None, None, run_id, "delete", False, minute) for key in sorted(changed - platform.keys())]
        assert _live(landed, modified) == {key: content for key, (content, _) in platform.items()}


# an old year comes late ----------------------------------------------------------------------


def _years(home: Home) -> dict[tuple[str, int], tuple[int, int]]:
    """Rows and a hash of every school year of every mart that has one.

    Without the evaluators' numbers of raters and of a person's observations: those count
    within one release, and an older observation comes before the newer ones. Without the list
    of expected deliveries: a source that goes further back is asked for the years between,
    which is what that list is for. And without what is concluded by the end of each year
    (expertise, coverage, equity, pairs): an observation speaks for five years, and tells of
    its rater in all of them.
    """
    found = {}
    with duckdb.connect(str(home.settings.warehouse), read_only=True) as warehouse:
        tables: dict[str, list[str]] = {}
        for table, column, kind in warehouse.execute(
            "select table_name, column_name, data_type from duckdb_columns() where not internal"
            " and regexp_matches(table_name, '^(dim|fct|bridge|pub)_')"
            " and table_name <> 'pub_analysts__expected_deliveries'"
            " and not regexp_matches(table_name, 'expertise|coverage|equity|pairings')"
            " order by table_name, column_index"
        ).fetchall():
            if not column.startswith("_") and column not in ("observation_number", "rater_number"):
                tables.setdefault(table, []).append(f"round({column}, 9)" if kind == "DOUBLE" else column)
        for table, columns in tables.items():
            year = next((name for name in ("school_year", "fiscal_year") if name in columns), None)
            if year is None:
                continue
            for school_year, rows, digest in warehouse.execute(
                f"select {year}, count(*), sum(cast(hash({', '.join(columns)}) as hugeint)) from {table} group by 1"
            ).fetchall():
                found[table, school_year] = (rows, int(digest))
    return found


def test_back_fill__an_old_year_leaves_the_newer_ones_as_they_were(own: Home) -> None:
    """2021, from a file of the old layout and from ratings that Ed-Fi is given late."""
    before = _years(own)
    assert {year for _, year in before if year is not None} >= {2022, 2023, 2024, 2025, 2026}
    _deliver_old_hours(own.folder / "drop" / "hr")
    for resource in INSTRUMENTS:
        _rate_in_2021(own, resource, 30)
    added = sum(_rate_in_2021(own, resource, 46) for resource in RATINGS)
    report = own.run()
    assert report.is_published, report.problems
    after = _years(own)
    assert added > 60 and ("fct_evaluation_scores", 2021) in after and ("fct_pd_participation", 2021) in after
    assert {place: after.get(place) for place in before} == before
    assert {year for table, year in after.keys() - before.keys()} == {2021}


INSTRUMENTS = ("performanceEvaluations", "evaluations", "evaluationObjectives", "evaluationElements")
RATINGS = ("performanceEvaluationRatings", "evaluationRatings", "evaluationObjectiveRatings", days.ELEMENT_RATINGS)


def _deliver_old_hours(drop: Path) -> None:
    """The hours of 2021 as they were exported then."""

    def edit(rows: list[list[str]]) -> list[list[str]]:
        return [rows[0], *([*row[:2], f"{row[2][:6]}-2021", row[3], "9/14/2020", *row[5:]] for row in rows[1:40])]

    old = drop / "pd_hours_2021.csv"
    old.write_bytes((drop / "pd_hours_2022.csv").read_bytes())
    days.edit_csv(old, edit, "cp1252")


def _rate_in_2021(home: Home, resource: str, most: int) -> int:
    """The oldest year's records once more, two years earlier."""
    collection = home.sandbox.edfi.state.collections[resource]
    bodies = (body.decode() for body in collection.documents(collection.positions(None, None)))
    oldest = [body for body in itertools.islice(bodies, 2000) if '"schoolYear":2023' in body][:most]
    for body in oldest:
        earlier = body.replace('"schoolYear":2023', '"schoolYear":2021')
        earlier = re.sub(r'"(2022|2023)-(\d\d-\d\d)', lambda date: f'"{int(date[1]) - 2}-{date[2]}', earlier)
        record = json.loads(earlier)
        del record["id"]
        home.sandbox.edfi.add(resource, record)
    return len(oldest)
