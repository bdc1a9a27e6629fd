"""Guarantee 8: every record that was received is landed or rejected, every landed one loaded, superseded or deleted.

Counted here from the files themselves and by replaying the runs one after the other, so
that it rests neither on the manifests' numbers nor on the SQL that picks the newest
records; and then that the published reconciliation says the same.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pytest

from connectors.core.landing.typing_sql import identifier, literal
from connectors.registry import PLATFORMS
from pipelines.run import RunReport
from tests.guarantees.conftest import Month
from tests.homes import STREAMS, Home

Place = tuple[str, str, str]
"""Platform, connection, stream."""


@dataclass
class Counted:
    """What the files of one stream hold. Runs that were failed or set aside are not in it."""

    runs: int = 0
    received: int = 0
    landed: int = 0
    rejected: int = 0
    markers: int = 0
    keys: set[tuple[str, ...]] = field(default_factory=set)
    live: set[tuple[str, ...]] = field(default_factory=set)
    set_aside: int = 0

    @property
    def deleted(self) -> int:
        return len(self.keys - self.live)

    @property
    def superseded(self) -> int:
        return self.landed + self.markers - len(self.keys)


def count_files(home: Home) -> dict[Place, Counted]:
    """Replays every stream's runs from the files on disk."""
    found: dict[Place, Counted] = {}
    with duckdb.connect(":memory:") as database:
        for folder in sorted((home.folder / "landing").glob("district=*/source=*/connection=*/stream=*/run_id=*")):
            platform, connection, stream = (part.name.partition("=")[2] for part in reversed(folder.parents[0:3]))
            counted = found.setdefault((platform, connection, stream), Counted())
            _replay(database, folder, platform, stream, counted)
    return found


def _replay(database: duckdb.DuckDBPyConnection, folder: Path, platform: str, stream: str, counted: Counted) -> None:
    manifest = json.loads((folder / "_manifest.json").read_text())
    parts = sorted(folder.glob("part-*.parquet"))
    if manifest["outcome"] == "failed":
        assert parts == []
        return
    key = next(known.key for known in PLATFORMS[platform].streams if known.name == stream)
    columns = ", ".join(f"cast({identifier(name)} as varchar)" for name in key)
    rows: list[tuple[str, ...]] = []
    if parts:
        files = ", ".join(literal(str(part)) for part in parts)
        rows = database.execute(
            f"select _change, _row_number, {columns} from read_parquet([{files}], hive_partitioning = false)"
        ).fetchall()
    upserts = [row[2:] for row in rows if row[0] == "upsert"]
    markers = [row[2:] for row in rows if row[0] == "delete"]
    assert len(upserts) + len(markers) == len(rows)
    rejected = _rejected(database, folder, {row[1] for row in rows if row[0] == "upsert"}, manifest)
    # the manifest tells the truth, run by run
    assert manifest["records_received"] == len(upserts) + rejected
    assert (manifest["records_landed"], manifest["records_rejected"]) == (len(upserts), rejected)
    assert manifest["records_deleted"] == len(markers)
    assert manifest["duplicate_records"] == len(upserts) - len(set(upserts))
    if json.loads((folder / "_verdict.json").read_text())["outcome"] != "accepted":
        counted.set_aside += len(upserts)
        return
    counted.runs += 1
    counted.received += manifest["records_received"]
    counted.landed += len(upserts)
    counted.rejected += rejected
    counted.markers += len(markers)
    counted.keys.update(upserts, markers)
    counted.live = ((set() if manifest["is_reset"] else counted.live) | set(upserts)) - set(markers)


def _rejected(
    database: duckdb.DuckDBPyConnection, folder: Path, landed_numbers: set[str], manifest: dict[str, object]
) -> int:
    """How many records stand in the rejects; each record that was read has its number here or among the landed."""
    path = folder / "rejects-0000.parquet"
    assert path.is_file() == (manifest["rejects_file"] is not None)
    listed: list[tuple[int | None, str]] = []
    if path.is_file():
        listed = database.execute(
            f"select row_number, field from read_parquet({literal(str(path))}, hive_partitioning = false)"
        ).fetchall()
    unread = [number for number, where in listed if number is None or where == "(row)"]
    numbers = {number for number, where in listed if number is not None and where != "(row)"}
    every = landed_numbers | numbers
    assert not landed_numbers & numbers
    assert every == set(range(1, len(every) + 1)), "no record that was read is missing from both"
    return len(numbers) + len(unread)


@pytest.fixture(params=["one run", "a month"])
def counted_home(request: pytest.FixtureRequest) -> Home:
    """A home after one run, and one after a month of corrections, deletions, repeats, rejects and failures."""
    if request.param == "a month":
        month: Month = request.getfixturevalue("month")
        return month.home
    loaded: tuple[Home, RunReport] = request.getfixturevalue("loaded")
    return loaded[0]


def test_g08__landed_is_loaded_superseded_or_deleted_stream_by_stream(counted_home: Home) -> None:
    counted = count_files(counted_home)
    assert len(counted) == STREAMS
    for (platform, connection, stream), files in counted.items():
        staged = counted_home.query(
            f"select count(*) filter (not is_deleted), count(*) filter (is_deleted) from stg_{platform}__{stream}"
            f" where _connection = '{connection}'"
        )[0]
        assert files.received == files.landed + files.rejected
        assert staged == (len(files.live), files.deleted), f"{platform}.{stream}"
        assert files.landed + files.markers == sum(staged) + files.superseded


def test_month__has_seen_every_way_that_a_record_can_go(month: Month) -> None:
    counted = count_files(month.home)
    ratings = counted["edfi", "sis", "evaluation_element_ratings"]
    assert ratings.superseded > 100 and ratings.deleted > 8 and ratings.markers > 8
    assert counted["badgr", "badges", "assertions"].deleted == 1
    assert counted["open_badges", "badge_files", "credentials"].rejected >= 1
    assert counted["files", "hr", "roster"].set_aside > 0


def test_reconciliation__says_what_the_files_say(counted_home: Home) -> None:
    published = {
        tuple(row[:3]): tuple(row[3:])
        for row in counted_home.query(
            "select source_system, connection, stream, runs_accepted, records_received, records_landed,"
            " records_rejected, delete_markers_landed, records_superseded, records_deleted, records_loaded"
            " from pub_analysts__reconciliation where is_reconciled"
        )
    }
    counted = {
        place: (
            files.runs,
            files.received,
            files.landed,
            files.rejected,
            files.markers,
            files.superseded,
            files.deleted,
            len(files.live),
        )
        for place, files in count_files(counted_home).items()
    }
    # what a platform has and this connection does not carry is listed with nothing
    not_carried = {published.pop(place) for place in published.keys() - counted.keys()}
    assert published == counted and not_carried == {(0,) * 8}
