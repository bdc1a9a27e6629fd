"""Compaction, proven on small histories: one base run says all that the runs it folds have said."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from connectors.core.connector import Connection, Cursor, Options, Pulled, Sink
from connectors.core.landing import compaction
from connectors.core.landing.compaction import CompactionRefused, compact_stream
from connectors.core.landing.layout import run_folders, stream_folder
from connectors.core.landing.manifest import write_verdict
from connectors.core.landing.state import StreamState
from connectors.core.pull import pull_stream
from connectors.core.schema import Field, Stream, public
from tests.guarantees.live_rows import newest_records as newest_records_sql

NOTES = Stream(
    name="notes",
    description="One row per note.",
    key=("id",),
    fields=(public("id", required=True), public("modified", "timestamp"), public("text"), Field("author")),
)
START = datetime(2026, 11, 1, 2, tzinfo=UTC)
JUDGED = {"accepted": '{"outcome": "accepted", "findings": []}', "rejected": '{"outcome": "rejected", "findings": []}'}


class Day(NamedTuple):
    """One run: what came, what was deleted, whether all was pulled, and what was said of it."""

    records: Sequence[tuple[str, int]] = ()
    deleted: Sequence[str] = ()
    is_reset: bool = False
    verdict: str = "accepted"


class Said:
    """A connector that hands over one day."""

    platform = "scripted"
    streams = (NOTES,)
    options_model = Options
    secret_names = ()

    def __init__(self, day: Day, number: int) -> None:
        self._day, self._number = day, number
        self.asked_from: Cursor | None = None

    def streams_of(self) -> tuple[Stream, ...]:
        return self.streams

    def check(self) -> str:
        return "ready"

    def pull(self, stream: Stream, cursor: Cursor | None, sink: Sink) -> Pulled:
        self.asked_from = cursor
        # version 3 was changed by a clock that runs ahead; "bad" is no time, so a reject
        times = {0: "bad", 1: "2026-10-01T00:00:00Z", 2: "2026-10-02T00:00:00Z", 3: "2026-11-05T00:00:00Z"}
        records = [{"id": key, "text": f"v{version}", "modified": times[version]} for key, version in self._day.records]
        sink.add_page(json.dumps(records).encode(), "$[*]")
        sink.add_deletes(list(self._day.deleted))
        return Pulled({"day": self._number}, self._day.is_reset, 1)

    def close(self) -> None:
        return None


def notes_folder(home: Path) -> Path:
    return stream_folder(home / "landing", "d1", "scripted", "main", "notes")


def land(home: Path, days: Sequence[Day], first: int = 0) -> list[Cursor | None]:
    """Land and judge one run a day; returns the cursors that the connector was given."""
    connection = Connection("d1", "main", "UTC", Options(max_reject_share=1), home, home / "state")
    cursors = []
    for number, day in enumerate(days, start=first):
        said = Said(day, number)
        now = START + timedelta(days=number)
        outcome = pull_stream(said, connection, NOTES, home / "landing", clock=lambda now=now: now)  # type: ignore[misc]
        cursors.append(said.asked_from)
        if outcome.folder and day.verdict in JUDGED:
            write_verdict(outcome.folder, JUDGED[day.verdict])
    return cursors


def newest_records(home: Path) -> list[tuple[Any, ...]]:
    """What dbt makes of the stream: its own macro over the files that count."""
    parts = StreamState.read(notes_folder(home)).parts()
    if not parts:
        return []
    reads = (
        f"select *, {part.is_before_reset} as _is_before_reset"
        f" from read_parquet('{part.path}', hive_partitioning = false)"
        for part in parts
    )
    files = " union all by name ".join(reads)
    newest = newest_records_sql("landed", ("id",), modified="modified")
    with duckdb.connect() as database:
        database.execute("set timezone = 'UTC'")
        database.execute(f"create table landed as {files}")
        return database.execute(
            f"select id, text, modified, _change, _record_hash, _run_id, _extracted_at, is_deleted from ({newest})"
            " order by all"
        ).fetchall()


def versions(home: Path) -> list[tuple[Any, ...]]:
    """Every version of every record, with the runs in which it was first and last seen."""
    parts = [str(part.path) for part in StreamState.read(notes_folder(home)).parts()]
    if not parts:
        return []
    return duckdb.sql(
        "select id, _change, _record_hash, min(_run_id), max(_run_id) from read_parquet($parts)"
        " group by all order by all",
        params={"parts": parts},
    ).fetchall()


def ledger(home: Path) -> list[tuple[Any, ...]]:
    """What is told of the loads: the runs, their counts and what was said of them."""
    return [
        (run.manifest.model_dump(exclude={"files", "rejects"}), run.verdict.document if run.verdict else None)
        for run in StreamState.read(notes_folder(home)).runs
    ]


def compacted(home: Path) -> compaction.Compaction | None:
    return compact_stream(notes_folder(home), NOTES, datetime.now(UTC))


def rows_in_files(home: Path) -> dict[str, int]:
    counts: dict[str, int] = {}
    for part in StreamState.read(notes_folder(home)).parts():
        for (run_id,) in pl.read_parquet(part.path, columns=["_run_id"], glob=False).rows():
            counts[run_id] = counts.get(run_id, 0) + 1
    return counts


KEYS = st.sampled_from("abc")
DAYS = st.lists(
    st.builds(
        Day,
        records=st.lists(st.tuples(KEYS, st.sampled_from([1, 1, 1, 2, 3, 0])), max_size=4),
        deleted=st.lists(KEYS, max_size=1),
        is_reset=st.booleans(),
        verdict=st.sampled_from(["accepted", "accepted", "accepted", "rejected", "pending"]),
    ),
    min_size=2,
    max_size=7,
)


def told(home: Path) -> str:
    """Everything that is made of a stream. Run ids end in random letters, which are left out."""
    everything = [newest_records(home), versions(home), ledger(home)]
    return re.sub(r"Z-[0-9a-f]{4}", "Z", "\n".join(repr(line) for lines in everything for line in lines))


def assert_reconciled(home: Path) -> None:
    in_files = rows_in_files(home)
    for run in StreamState.read(notes_folder(home)).accepted:
        manifest = run.manifest
        assert manifest.records_landed + manifest.records_deleted == in_files.get(manifest.run_id, 0) + run.rows_folded


# no shrinking: each step of it lands whole histories
@settings(max_examples=8, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow])
@given(days=DAYS, later=DAYS, released=st.booleans())
def test_compaction__changes_no_answer_of_any_history(days: list[Day], later: list[Day], released: bool) -> None:
    """Deletes, resets, rejected runs, older versions that come later; folded, and folded again with what followed."""
    with TemporaryDirectory() as folder:
        kept, folded = Path(folder) / "kept", Path(folder) / "folded"
        land(kept, days)
        shutil.copytree(kept, folded)
        compacted(folded)
        assert told(folded) == told(kept)
        cursors = {}
        for home in (kept, folded):
            if released:  # what was pending or rejected is accepted after all, full pulls too
                for run in StreamState.read(notes_folder(home)).runs:
                    if run.manifest.outcome == "landed" and not run.is_accepted:
                        write_verdict(run.folder, JUDGED["accepted"])
            cursors[home] = land(home, later, first=len(days))
        assert cursors[folded] == cursors[kept]
        assert told(folded) == told(kept)
        compacted(folded)
        assert told(folded) == told(kept)
        assert_reconciled(folded)
        assert len(StreamState.read(notes_folder(folded)).stored) <= 1


SAME = [("a", 1), ("b", 1)]
WEEK = [
    Day(SAME, is_reset=True),
    Day(SAME),
    Day([("a", 2), ("b", 1), ("c", 0)]),
    Day(SAME, is_reset=True),
    Day(SAME, deleted=["c"]),
    Day(SAME),
    Day([("a", 1), ("b", 2)]),
]


def test_compaction__keeps_the_first_and_last_of_a_streak_and_counts_the_rest(tmp_path: Path) -> None:
    land(tmp_path, WEEK)
    rejects = [run.manifest.records_rejected for run in StreamState.read(notes_folder(tmp_path)).runs]
    done = compacted(tmp_path)

    assert done is not None and done.runs_before == 7 and done.files_before == 9
    # before the newest reset b stood thrice; since then a four times and b thrice
    assert (done.rows_before, done.rows_folded) == (15, 4)
    (base,) = StreamState.read(notes_folder(tmp_path)).stored
    assert base.manifest.run_id.endswith("-base") and base.is_accepted
    assert [part.is_before_reset for part in StreamState.read(notes_folder(tmp_path)).parts()] == [True, False]
    assert rejects == [0, 0, 1, 0, 0, 0, 0]
    assert base.manifest.rejects is not None and base.manifest.rejects.rows == 1
    assert_reconciled(tmp_path)
    assert compacted(tmp_path) is None, "nothing is left to fold"


def test_compaction__the_next_pull_starts_where_it_would_have(tmp_path: Path) -> None:
    land(tmp_path, WEEK)
    compacted(tmp_path)
    assert land(tmp_path, [Day(SAME), Day(SAME)], first=len(WEEK)) == [{"day": 6}, {"day": 7}]
    ids = [folder.name for folder in run_folders(notes_folder(tmp_path))]
    assert len(ids) == 3 and ids[0].endswith("-base"), "newer runs sort after the base run"


def test_compaction__many_small_files_of_one_run_become_one(tmp_path: Path) -> None:
    folder = notes_folder(tmp_path)
    connection = Connection("d1", "main", "UTC", Options(), tmp_path, tmp_path / "state")

    class ManyDeletes(Said):
        def pull(self, stream: Stream, cursor: Cursor | None, sink: Sink) -> Pulled:
            for number in range(compaction.MANY_FILES):
                sink.add_deletes([f"n{number}"])
            return Pulled(None, True, 1)

    outcome = pull_stream(ManyDeletes(Day(), 0), connection, NOTES, tmp_path / "landing")
    assert outcome.folder is not None
    write_verdict(outcome.folder, JUDGED["accepted"])
    done = compacted(tmp_path)
    assert done is not None and (done.files_before, done.files_after) == (compaction.MANY_FILES, 1)
    assert sum(part.rows for part in StreamState.read(folder).parts()) == compaction.MANY_FILES


def test_compaction__refuses_a_stream_with_a_damaged_file_and_leaves_it(tmp_path: Path) -> None:
    land(tmp_path, WEEK)
    part = StreamState.read(notes_folder(tmp_path)).parts()[0].path
    part.write_bytes(part.read_bytes()[:-1])
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(CompactionRefused, match=r"part-0000.parquet has .* bytes and was landed with"):
        compacted(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


def test_compaction__a_damaged_base_run_is_set_aside_and_everything_is_pulled_again(tmp_path: Path) -> None:
    land(tmp_path, WEEK)
    compacted(tmp_path)
    StreamState.read(notes_folder(tmp_path)).parts()[0].path.write_bytes(b"")
    assert land(tmp_path, [Day(SAME, is_reset=True), Day()], first=len(WEEK)) == [None, {"day": 7}]
    state = StreamState.read(notes_folder(tmp_path))
    assert [run.is_accepted for run in state.runs] == [False] * len(WEEK) + [True], "each run is still told of"
    assert [(row[0], row[1]) for row in newest_records(tmp_path)] == [("a", "v1"), ("b", "v1")]


def test_compaction__a_base_run_that_is_damaged_before_the_folded_are_gone_gives_way_to_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(tmp_path, WEEK)
    before = versions(tmp_path)
    monkeypatch.setattr(compaction, "_remove_folded", lambda runs: None)
    compacted(tmp_path)
    StreamState.read(notes_folder(tmp_path)).parts()[0].path.unlink()
    assert land(tmp_path, [Day(SAME, is_reset=True)], first=len(WEEK)) == [None]
    kept = {version[:3] for version in versions(tmp_path)}
    assert kept == {version[:3] for version in before} and len(StreamState.read(notes_folder(tmp_path)).stored) == 8


def test_compaction__what_does_not_hold_what_it_was_made_of_is_never_committed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proof itself: with a row too many folded, it says no."""
    land(tmp_path, WEEK)
    before = told(tmp_path)
    sound = compaction.kept_rows
    monkeypatch.setattr(compaction, "kept_rows", lambda landed, key: f"{sound(landed, key)} limit 3")
    with pytest.raises(CompactionRefused, match="does not hold what it was made of"):
        compacted(tmp_path)
    assert told(tmp_path) == before and not list(tmp_path.rglob(".unfinished-*"))


# a process of its own, killed without a word at a named point
KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from connectors.core.landing import compaction, layout
from connectors.core.landing.manifest import Manifest
from tests.connectors.core.test_compaction import NOTES, notes_folder

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

point, home = sys.argv[1], Path(sys.argv[2])
if point == "before the rename":
    Path.rename = die
elif point == "before the manifest":
    Manifest.write = die
elif point == "before the removal":
    compaction._remove_folded = die
elif point == "amid the removal":
    left = [3]
    sound = compaction.remove_run
    def remove_some(folder):
        left[0] -= 1
        sound(folder) if left[0] else die()
    compaction.remove_run = remove_some
elif point == "amid one folder":
    layout.shutil = SimpleNamespace(rmtree=die)
compaction.compact_stream(notes_folder(home), NOTES, datetime.now(UTC))
"""


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX")
@pytest.mark.parametrize(
    "point",
    ["before the rename", "before the manifest", "before the removal", "amid the removal", "amid one folder"],
)
def test_compaction__killed_at_any_point_every_row_counts_once(tmp_path: Path, point: str) -> None:
    land(tmp_path, WEEK)
    before = told(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, point, str(tmp_path)],
        cwd=Path(__file__).parents[3],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert told(tmp_path) == before
    assert_reconciled(tmp_path)

    assert land(tmp_path, [Day(SAME)], first=len(WEEK)) == [{"day": 6}]
    left = {path.name for path in notes_folder(tmp_path).iterdir()}
    assert not any(name.startswith(".") for name in left)
    is_base_there = any(name.endswith("-base") for name in left)
    assert is_base_there == (point not in ("before the rename", "before the manifest"))
    assert len(left) == (2 if is_base_there else len(WEEK) + 1), "what the kill left is swept"
    after = told(tmp_path)
    compacted(tmp_path)
    assert told(tmp_path) == after
    assert_reconciled(tmp_path)
