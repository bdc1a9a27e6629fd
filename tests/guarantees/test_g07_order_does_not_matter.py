"""Guarantee 7 (fault row 80): pages and files in another order give the same rows.

The marts of a platform that serves everything in another order are compared in
test_g06_incremental_equals_full.py, in the same build; the same input twice is
tests/end_to_end/test_main_line.py's second run and full refresh.
"""

from __future__ import annotations

import itertools
import random
import shutil
from pathlib import Path
from typing import Any

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.core.landing.manifest import write_verdict
from connectors.core.pull import pull_stream
from connectors.files.streams import STREAMS
from pipelines.run import RunReport
from tests.guarantees import days
from tests.guarantees.conftest import Month
from tests.guarantees.live_rows import LiveRows, differences, live_rows, newest_records
from tests.homes import Home

ONLY_FILES = """\
district: {id: order, name: Order, timezone: America/Chicago}
roster_sources: [hr]
sources:
  hr: {platform: files, mappings: mappings/*.yml}
"""


def test_g07__pages_in_another_order_and_size_and_files_under_other_names_give_the_same_rows(month: Month) -> None:
    plain, other = month.orders
    assert len(plain) == 30 and sum(map(len, plain.values())) > 25_000
    assert differences(plain, other) == {}


def test_files__that_contradict_each_other_give_one_row_whichever_is_read_first(
    loaded: tuple[Home, RunReport], tmp_path: Path
) -> None:
    """The same person, year, school and position in two files, with two names: the answer may not hang on theirs."""
    found = [_roster_of(loaded[0], tmp_path / order, order) for order in ("first", "last")]
    assert found[0] and differences(*found) == {}


def _roster_of(home: Home, folder: Path, order: str) -> LiveRows:
    """A roster with a second file that contradicts the first twenty rows, read before or after it."""
    (folder / "drop" / "hr").mkdir(parents=True)
    (folder / "mappings").mkdir()
    (folder / "district.yml").write_text(ONLY_FILES)
    shutil.copy(home.folder / "mappings" / "roster.yml", folder / "mappings" / "roster.yml")
    source = home.folder / "drop" / "hr" / "roster_2026.csv"
    shutil.copy(source, folder / "drop" / "hr" / "roster_5.csv")
    again = folder / "drop" / "hr" / {"first": "roster_1.csv", "last": "roster_9.csv"}[order]
    shutil.copy(source, again)
    days.edit_csv(
        again, lambda rows: [rows[0], *([row[0], f"Otherwise{row[1]}", *row[2:]] for row in reversed(rows[1:21]))]
    )
    new = Home(folder, home.sandbox)
    configured = new.settings
    connection, connector = configured.connector("hr")
    roster = next(stream for stream in STREAMS if stream.name == "roster")
    outcome = pull_stream(connector, connection, roster, configured.landing)
    assert outcome.manifest is not None and outcome.folder is not None
    assert outcome.manifest.duplicate_records == 20
    write_verdict(outcome.folder, '{"outcome": "accepted", "findings": []}')
    return live_rows(configured)


_VERSIONS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]),
        st.sampled_from(["one", "two", "three"]),
        st.one_of(st.none(), st.integers(0, 3)),
        st.integers(0, 3),
        st.sampled_from(["upsert", "upsert", "delete"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=40, deadline=None)
@given(versions=_VERSIONS, seed=st.integers(0, 1000))
def test_newest_records__do_not_depend_on_the_order_of_rows(versions: list[tuple[Any, ...]], seed: int) -> None:
    """Ties of every kind: the same time of change, the same run, no time at all."""
    shuffled = list(versions)
    random.Random(seed).shuffle(shuffled)
    assert _newest(shuffled) == _newest(versions) == _newest(list(itertools.chain(versions, versions)), len(versions))


def _newest(versions: list[tuple[Any, ...]], repeated_from: int | None = None) -> list[tuple[Any, ...]]:
    """The newest records; rows from `repeated_from` on are a page that came twice in its run."""
    with duckdb.connect(":memory:") as database:
        database.execute(
            "create table landed (_connection varchar, id varchar, content varchar, modified timestamptz,"
            " _run_id varchar, _change varchar, _is_before_reset boolean, _record_hash varchar,"
            " _extracted_at timestamptz)"
        )
        database.executemany(
            "insert into landed select 'sis', $1, $2, timestamptz '2026-01-01 00:00:00Z' + to_minutes($3),"
            " 'run-' || $4, $5, $6, md5($2), timestamptz '2026-01-02 00:00:00Z'",
            # a full pull comes before or after a whole run
            [(*row[:5], row[3] < 2 and row[5] and _all_before(versions)) for row in versions],
        )
        newest = newest_records("landed", ("id",), "modified")
        return database.execute(f"select id, content, is_deleted from ({newest}) order by all").fetchall()


def _all_before(versions: list[tuple[Any, ...]]) -> bool:
    return all(row[5] for row in versions if row[3] < 2)
