"""Compaction on a month of daily pulls: the marts are the same before and after, from a build file that was damaged.

One build serves three proofs, since it costs tens of seconds: folding changes no mart; a
build begins with an empty file, whatever stands there (row 48); and a reader that holds the
old file stops no build.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pipelines.assets.warehouse import start_empty
from pipelines.build_input import states
from pipelines.compact import compact
from pipelines.progress import Silent
from tests.guarantees.conftest import Month
from tests.guarantees.live_rows import differences, live_rows
from tests.guarantees.test_damaged_files import flip_a_bit
from tests.homes import Home, mart_hashes, release_rows


@pytest.fixture
def home(month: Month, tmp_path: Path) -> Home:
    return month.home.copy(tmp_path / "home")


@pytest.mark.proof
def test_compaction__a_folded_month_builds_the_same_marts_into_an_empty_file(month: Month, home: Home) -> None:
    before = live_rows(home.settings)
    told = release_rows(home, "analysts")
    runs = {f"{source.name}.{stream.name}": len(state.accepted) for source, stream, state in states(home.settings)}

    lines = compact(home.settings, Silent())
    assert not [line.fault for line in lines if line.fault]
    folded = {f"{line.connection}.{line.stream}": line.compaction for line in lines if line.compaction}
    assert {place: done.runs_before for place, done in folded.items()} == {
        place: count for place, count in runs.items() if count > 1
    }
    assert sum(done.rows_folded for done in folded.values()) > 0
    assert differences(live_rows(home.settings), before) == {}

    flip_a_bit(home.settings.warehouse)
    held = home.settings.warehouse.open("rb")
    report = home.run("badge_files")
    held.close()
    assert report.is_published, report.problems
    assert not home.settings.warehouse.with_name(f"{home.settings.warehouse.name}.wal").exists()
    assert mart_hashes(home) == month.marts
    again = release_rows(home, "analysts")
    for table in ("loads", "findings", "rejects", "reconciliation"):
        assert again[table] == told[table], table


def test_compaction__twice_over_there_is_nothing_to_fold(home: Home) -> None:
    compact(home.settings, Silent(), ("sis",))
    assert not [line for line in compact(home.settings, Silent(), ("sis",)) if line.compaction or line.fault]


def test_row_48__a_build_file_with_a_damaged_header_is_replaced(tmp_path: Path) -> None:
    warehouse = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as database:
        database.execute("create table t as select 1")
    reader = duckdb.connect(str(warehouse), read_only=True)
    warehouse.with_name("warehouse.duckdb.wal").write_bytes(b"cut")
    start_empty(warehouse)
    assert reader.execute("select * from t").fetchall() == [(1,)], "who has it open goes on reading"
    reader.close()
    assert list(tmp_path.iterdir()) == []
