"""Landing, from outside: what goes in as pages and frames, what stands on disk after."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from connectors.core.connector import Connection, Cursor, Options, Pulled, Sink, SourceFile
from connectors.core.errors import ContractBroken, DeliveryRejected, IncompleteResponse, NoRoomToLand
from connectors.core.landing.layout import run_folders, stream_folder
from connectors.core.landing.manifest import Manifest, write_verdict
from connectors.core.landing.state import StreamState
from connectors.core.landing.typing_sql import landed_columns
from connectors.core.landing.writer import LandingWriter, RunIdentity
from connectors.core.pull import pull_stream
from connectors.core.schema import Field, Stream, public

ROOT = Path(__file__).parents[3]
CANARY = "CANARY-NOTE-7"

SCORES = Stream(
    name="scores",
    description="One row per score.",
    key=("id",),
    fields=(
        public("id", required=True),
        public("score", "integer"),
        public("amount", "money"),
        public("share", "number"),
        Field("email", path="person.email"),
        Field("raters", "json", path="reviewers[*].id"),
        public("seen_at", "timestamp"),
        public("local_at", "local_timestamp"),
        public("day", "date"),
        public("done", "boolean"),
        public("tags", "json"),
        public("level", path="_ext.tpdm.level"),
    ),
    withheld=("notes", "person.birthDate"),
    omitted=("person.link",),
)


class Scripted:
    """A connector whose pulls are given as functions of the sink."""

    platform = "scripted"
    streams = (SCORES,)
    options_model = Options
    secret_names = ()

    def __init__(self, *pulls: Callable[[Sink], Pulled]) -> None:
        self._pulls = list(pulls)
        self.cursors: list[Cursor | None] = []

    def streams_of(self) -> tuple[Stream, ...]:
        return self.streams

    def check(self) -> str:
        return "ready"

    def pull(self, stream: Stream, cursor: Cursor | None, sink: Sink) -> Pulled:
        self.cursors.append(cursor)
        return self._pulls.pop(0)(sink)

    def close(self) -> None:
        return None


def connection(folder: Path, max_reject_share: float = 0.01) -> Connection:
    return Connection("d1", "main", "UTC", Options(max_reject_share=max_reject_share), folder, folder / "state")


def page(*records: dict[str, Any], total: int | None = None, is_reset: bool = True) -> Callable[[Sink], Pulled]:
    def pull(sink: Sink) -> Pulled:
        sink.add_page(json.dumps({"result": records}).encode(), "$.result[*]")
        return Pulled({"n": len(records)}, is_reset, 1, total)

    return pull


def land(
    folder: Path, *pulls: Callable[[Sink], Pulled], max_reject_share: float = 0.01
) -> tuple[Manifest, pl.DataFrame]:
    outcome = pull_stream(Scripted(*pulls), connection(folder, max_reject_share), SCORES, folder / "landing")
    assert outcome.manifest is not None and outcome.folder is not None
    parts = [outcome.folder / part.name for part in outcome.manifest.files]
    return outcome.manifest, pl.read_parquet(parts) if parts else pl.DataFrame()


def good(number: int, **more: Any) -> dict[str, Any]:
    return {"id": f"s{number}", "score": number, **more}


def test_landing__types_every_declared_field_and_keeps_the_rest(tmp_path: Path) -> None:
    manifest, rows = land(
        tmp_path,
        page(
            {
                "id": "a",
                "score": 0,
                "amount": 1234567.10,
                "person": {"email": "x@d.example", "birthDate": CANARY, "link": {"href": "u"}},
                "reviewers": [{"id": "r1", "name": CANARY}, {"id": "r2"}],
                "seen_at": "2026-07-01T00:30:00-05:00",
                "local_at": "2026-07-01T00:30:00",
                "day": "2026-07-01",
                "done": False,
                "tags": {"k": [1]},
                "notes": CANARY,
                "surprise": {"x": 1},
            },
            {"id": "b", "score": None, "tags": None, "person": {"email": " ", "nickname": "z"}},
        ),
    )
    first, second = rows.sort("id").to_dicts()
    assert first["score"] == 0 and second["score"] is None
    assert str(first["amount"]) == "1234567.10"
    assert json.loads(first["raters"]) == ["r1", "r2"] and second["raters"] is None
    assert first["seen_at"] == datetime(2026, 7, 1, 5, 30, tzinfo=UTC)
    assert first["local_at"] == datetime(2026, 7, 1, 0, 30)
    assert first["done"] is False and json.loads(first["tags"]) == {"k": [1]} and second["tags"] is None
    assert json.loads(first["_extra"]) == {"surprise": {"x": 1}}
    assert json.loads(second["_extra"]) == {"person": {"nickname": "z"}}
    assert second["email"] is None
    assert list(rows.columns) == list(landed_columns(SCORES))
    assert manifest.undeclared_fields == ["person", "surprise"]
    assert manifest.withheld_fields == {"notes": 1, "person.birthDate": 1}
    assert (manifest.records_received, manifest.records_landed, manifest.records_rejected) == (2, 2, 0)


def test_landing__undeclared_fields_are_kept_at_any_depth(tmp_path: Path) -> None:
    _, rows = land(
        tmp_path,
        page(
            good(1, _ext={"tpdm": {"level": "x", "new": 1}}),
            good(2, _ext={"tpdm": {"level": "x"}}),
            good(3, _ext={"tpdm": {"level": "x"}, "other": {"a": 1}}),
        ),
    )
    extras = [json.loads(extra) if extra else None for extra in rows["_extra"]]
    assert extras == [{"_ext": {"tpdm": {"new": 1}}}, None, {"_ext": {"other": {"a": 1}}}]
    assert rows["level"].to_list() == ["x"] * 3


def test_landing__withheld_values_stand_in_no_file(tmp_path: Path) -> None:
    land(tmp_path, page(good(1, notes=CANARY), {"id": "", "notes": CANARY, "score": 1}), max_reject_share=1.0)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert CANARY.encode() not in path.read_bytes(), path
    for path in tmp_path.rglob("*.parquet"):
        assert CANARY not in str(pl.read_parquet(path).to_dicts())


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("id", None, "is required and missing or blank"),
        ("id", "  ", "is required and missing or blank"),
        ("id", "\t\r\n", "is required and missing or blank"),
        ("id", "\u00a0\t", "is required and missing or blank"),
        ("id", "\x00", "is required and missing or blank"),
        ("score", "Effective", "is not a whole number"),
        ("score", 4.5, "is not a whole number"),
        ("share", "1_5", "is not a number"),
        ("share", "nan", "is not a number"),
        ("amount", "1.005", "is not an amount with at most two decimals"),
        ("day", "02/03/2024", "is not a date like 2026-11-15"),
        ("seen_at", "2026-07-01T00:30:00", "is not a time with its offset like 2026-11-15T08:00:00Z"),
        ("done", "yes", "is not true or false"),
    ],
)
def test_landing__a_record_that_does_not_fit_is_kept_aside_with_its_reason(
    tmp_path: Path, field: str, value: Any, reason: str
) -> None:
    manifest, rows = land(tmp_path, page(good(1), good(2) | {field: value}), max_reject_share=0.5)
    assert manifest.rejects_file is not None and rows["id"].to_list() == ["s1"]
    folder = run_folders(stream_folder(tmp_path / "landing", "d1", "scripted", "main", "scores"))[0]
    (reject,) = pl.read_parquet(folder / manifest.rejects_file).to_dicts()
    assert (reject["row_number"], reject["field"], reject["reason"]) == (2, field, reason)


@pytest.mark.parametrize(
    ("field", "value", "path"),
    [
        ("person", "x", "person"),
        ("person", [{"email": "a@d.example"}], "person"),
        ("_ext", {"tpdm": 7}, "_ext.tpdm"),
        ("reviewers", {"id": "9"}, "reviewers"),
        ("reviewers", ["r1"], "reviewers[*]"),
    ],
)
def test_landing__an_object_or_list_of_another_shape_is_rejected_and_never_vanishes(
    tmp_path: Path, field: str, value: Any, path: str
) -> None:
    manifest, rows = land(tmp_path, page(good(1), good(2) | {field: value}), max_reject_share=0.5)
    assert manifest.rejects_file is not None and rows["id"].to_list() == ["s1"]
    (reject,) = [pl.read_parquet(found).to_dicts()[0] for found in tmp_path.rglob(manifest.rejects_file)]
    assert (reject["row_number"], reject["field"], reject["value"]) == (2, path, None)


@pytest.mark.parametrize("body", [b'{"result": {"id": "a"}}', b'{"results": []}', b"[]"])
def test_landing__a_page_without_a_list_of_records_is_a_broken_contract(tmp_path: Path, body: bytes) -> None:
    def pull(sink: Sink) -> Pulled:
        sink.add_page(body, "$.result[*]")
        return Pulled(None, True, 1)

    with pytest.raises(ContractBroken, match="no list of records"):
        land(tmp_path, pull)


def test_landing__a_reject_never_shows_a_personal_value(tmp_path: Path) -> None:
    stream_rows = page(good(1), {"id": "s2", "score": 1, "person": {"email": "a@b.example"}, "reviewers": "x"})
    land(tmp_path, stream_rows, max_reject_share=1.0)
    for path in tmp_path.rglob("rejects-*.parquet"):
        assert pl.read_parquet(path).filter(pl.col("value").is_not_null()).is_empty()


def test_landing__too_many_rejects_fail_the_run_and_leave_only_the_reason(tmp_path: Path) -> None:
    with pytest.raises(
        DeliveryRejected, match=r"main\.scores: 1 of 2 records rejected \(50\.0%, allowed 1\.0%\): score"
    ):
        land(tmp_path, page(good(1), {"id": "b", "score": "Effective"}))
    (folder,) = run_folders(stream_folder(tmp_path / "landing", "d1", "scripted", "main", "scores"))
    assert Manifest.read(folder).outcome == "failed"
    assert not list(tmp_path.rglob("*.parquet"))


def test_landing__a_required_field_missing_everywhere_names_what_came_instead(tmp_path: Path) -> None:
    with pytest.raises(ContractBroken, match="required field id is missing from all 2 records.*identifier"):
        land(tmp_path, page({"identifier": "a"}, {"identifier": "b"}))


def test_landing__a_page_that_is_not_json_is_a_broken_contract(tmp_path: Path) -> None:
    def pull(sink: Sink) -> Pulled:
        sink.add_page(b'{"result": [', "$.result[*]")
        return Pulled(None, True, 1)

    with pytest.raises(ContractBroken, match="not JSON"):
        land(tmp_path, pull)


def test_landing__the_same_page_twice_is_counted_as_duplicates(tmp_path: Path) -> None:
    def pull(sink: Sink) -> Pulled:
        for _ in range(2):
            page(good(1), good(2))(sink)
        return Pulled(None, True, 2)

    manifest, rows = land(tmp_path, pull)
    assert (manifest.records_landed, manifest.duplicate_records) == (4, 2)
    assert rows["_record_hash"].n_unique() == 2 and rows["_row_number"].to_list() == [1, 2, 3, 4]


ODD = (
    page(good(1), good(2, notes=CANARY)),
    page(good(3, surprise=1), good(4, _ext={})),
    page({"id": "s5", "score": "Effective"}, good(6)),
    page(good(7, person="x"), good(8, reviewers=[])),
    page(),
    page(good(9, _ext={"tpdm": {"level": "x"}}, person={"email": "e@d.example", "birthDate": CANARY})),
)


def written_in_batches(folder: Path, batch_bytes: int) -> tuple[Manifest, list[dict[str, Any]], list[dict[str, Any]]]:
    """ODD's pages in batches of so many bytes: the manifest, the landed rows, the rejects."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    identity = RunIdentity(connection(folder, max_reject_share=1.0), "scripted", SCORES, "r", now)
    with LandingWriter(folder, identity, batch_bytes) as writer:
        for add in ODD:
            add(writer)
        manifest = writer.commit(Pulled(None, True, 3), now)
    run = folder / "run_id=r"
    rows = pl.read_parquet([run / part.name for part in manifest.files]).to_dicts()
    return manifest, rows, pl.read_parquet(run / str(manifest.rejects_file)).to_dicts()


def test_landing__small_batches_give_the_same_rows_as_one(tmp_path: Path) -> None:
    manifest, rows, rejects = written_in_batches(tmp_path / "one", 1 << 20)
    each, same_rows, same_rejects = written_in_batches(tmp_path / "each", 1)
    assert (len(manifest.files), len(each.files)) == (1, 5)
    assert rows == same_rows and rejects == same_rejects
    assert [row["_row_number"] for row in rows] == [1, 2, 3, 4, 6, 8, 9]
    assert [(reject["row_number"], reject["field"]) for reject in rejects] == [(5, "score"), (7, "person")]
    assert manifest.withheld_fields == each.withheld_fields == {"notes": 1, "person.birthDate": 1}
    assert manifest.undeclared_fields == each.undeclared_fields == ["surprise"]


@pytest.mark.parametrize(
    "body",
    [
        b'{"result": [{"id": "1"}, {"id": "2", "score": 1, "score": 2}]}',
        b'{"result": [{"id": "1", "person": {"email": "a", "email": "b"}}]}',
        b'{"result": [{"id": "1", "tags": [[{"k": 1, "\\u006b": 2}]]}]}',
        b'{"result": [{"id": "1", "notes": {"a": {"b": 1, "b": 2}}}]}',
        b'{"result": [{"id": "1", "surprise": {"b": 1, "b": 1}}]}',
        b'{"result": [], "result": [{"id": "1"}]}',
    ],
)
def test_landing__a_name_that_stands_twice_in_any_object_is_a_broken_contract(tmp_path: Path, body: bytes) -> None:
    def pull(sink: Sink) -> Pulled:
        sink.add_page(body, "$.result[*]")
        return Pulled(None, True, 1)

    with pytest.raises(ContractBroken, match=r"main\.scores: a page holds an object that names a field twice"):
        land(tmp_path, pull)


def test_landing__a_page_that_is_not_utf8_is_a_broken_contract(tmp_path: Path) -> None:
    def pull(sink: Sink) -> Pulled:
        sink.add_page(b'{"result": [{"id": "\xff"}]}', "$.result[*]")
        return Pulled(None, True, 1)

    with pytest.raises(ContractBroken, match="not UTF-8"):
        land(tmp_path, pull)


def test_landing__a_required_field_of_another_type_everywhere_is_rejected_not_missing(tmp_path: Path) -> None:
    stream = replace(SCORES, fields=(public("id", required=True), public("score", "integer", required=True)))
    scripted = Scripted(page({"id": "a", "score": "high"}, {"id": "b", "score": "low"}))
    with pytest.raises(DeliveryRejected, match="2 of 2 records rejected .* score is not a whole number"):
        pull_stream(scripted, connection(tmp_path), stream, tmp_path / "landing")


# -- beside the caller ---------------------------------------------------------------------


def landing_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("landing-")]


BROKEN = b'{"result": [{"id": '


@pytest.mark.parametrize("pages_after", [0, 1, 20])
def test_landing__a_fault_beside_the_caller_comes_up_and_leaves_no_run_and_no_thread(
    tmp_path: Path, pages_after: int
) -> None:
    """Whether it comes up at a later page or at the commit."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    identity = RunIdentity(connection(tmp_path), "scripted", SCORES, "r", now)

    def write() -> None:
        with LandingWriter(tmp_path, identity, batch_bytes=1) as writer:
            page(good(1))(writer)
            writer.add_page(BROKEN, "$.result[*]")
            for number in range(pages_after):
                page(good(number))(writer)
            writer.commit(Pulled(None, True, 3), now)

    with pytest.raises(ContractBroken, match="a page is not JSON"):
        write()
    assert landing_threads() == [] and list(tmp_path.iterdir()) == []


def test_landing__a_fault_of_the_caller_leaves_no_run_and_no_thread(tmp_path: Path) -> None:
    def pull(sink: Sink) -> Pulled:
        for number in range(5):
            page(*(good(number) for _ in range(2000)))(sink)
        raise IncompleteResponse("cut")

    with pytest.raises(IncompleteResponse):
        land(tmp_path, pull)
    assert landing_threads() == [] and not list(tmp_path.rglob("*.parquet"))


def test_landing__memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """Peaks of two processes, one with 70 MB of pages more than the other."""
    small, large = (peak_mb_of_landing(tmp_path / str(pages), pages) for pages in (30, 100))
    assert large - small < 40, (small, large)


def peak_mb_of_landing(folder: Path, pages: int) -> float:
    """Of a process that lands so many pages of a megabyte."""
    program = f"""
import json, resource, sys
from datetime import UTC, datetime
from pathlib import Path
from connectors.core.connector import Connection, Options, Pulled
from connectors.core.landing.writer import LandingWriter, RunIdentity
from connectors.core.schema import Stream, public

folder, now = Path(sys.argv[1]), datetime(2026, 1, 1, tzinfo=UTC)
stream = Stream("s", "One row per row.", ("id",), (public("id", required=True),), withheld=("notes",))
here = Connection("d", "m", "UTC", Options(), folder, folder)
with LandingWriter(folder, RunIdentity(here, "p", stream, "r", now)) as writer:
    for page in range({pages}):
        records = [{{"id": f"{{page}}-{{number}}", "notes": "x" * 4000}} for number in range(250)]
        writer.add_page(json.dumps(records).encode(), "$[*]")
    assert writer.commit(Pulled(None, True, {pages}), now).records_landed == 250 * {pages}
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    in_kilobytes = 1 if sys.platform == "linux" else 1024
    return int(done.stdout) / 1024 / in_kilobytes


def test_landing__frames_keep_undeclared_columns_and_drop_withheld_ones(tmp_path: Path) -> None:
    def pull(sink: Sink) -> Pulled:
        frame = pl.DataFrame(
            {"id": ["007", "008"], "score": ["4", ""], "notes": [CANARY, None], "Odd col": ["x", None]}
        )
        sink.add_frame(frame, SourceFile("scores.csv", "abc"))
        return Pulled(None, True, 1)

    manifest, rows = land(tmp_path, pull)
    assert rows["id"].to_list() == ["007", "008"] and rows["score"].to_list() == [4, None]
    assert json.loads(rows["_extra"][0]) == {"Odd col": "x"}
    assert rows["_source_file_hash"].to_list() == ["abc", "abc"]
    assert manifest.withheld_fields == {"notes": 1} and manifest.undeclared_fields == ["Odd col"]
    assert manifest.source_files == ["scores.csv"]


def test_landing__frame_columns_that_differ_in_case_keep_their_own_values(tmp_path: Path) -> None:
    def pull(sink: Sink) -> Pulled:
        frame = pl.DataFrame({"ID": ["other"], "id": ["a"], "Name": ["first"], "name": ["second"], "_extra": ["x"]})
        sink.add_frame(frame, SourceFile("scores.csv", "abc"))
        return Pulled(None, True, 1)

    _, rows = land(tmp_path, pull)
    assert rows["id"].to_list() == ["a"]
    assert json.loads(rows["_extra"][0]) == {"ID": "other", "Name": "first", "name": "second", "_extra": "x"}


def test_landing__deletes_hold_only_the_key(tmp_path: Path) -> None:
    def pull(sink: Sink) -> Pulled:
        page(good(1))(sink)
        sink.add_deletes(["s9"])
        return Pulled(None, False, 1)

    manifest, rows = land(tmp_path, pull)
    assert manifest.records_deleted == 1 and manifest.records_landed == 1
    deleted = rows.filter(pl.col("_change") == "delete").to_dicts()
    assert [row["id"] for row in deleted] == ["s9"] and deleted[0]["score"] is None


def test_pull__a_short_page_set_is_pulled_once_more_then_fails(tmp_path: Path) -> None:
    manifest, rows = land(tmp_path, page(good(1), total=2), page(good(1), good(2), total=2))
    assert manifest.records_landed == 2 and len(rows) == 2
    with pytest.raises(IncompleteResponse, match="reports 2 records and sent 1, 2 times"):
        land(tmp_path, page(good(1), total=2), page(good(1), total=2))


def test_pull__the_cursor_comes_from_the_newest_accepted_run_only(tmp_path: Path) -> None:
    folder = stream_folder(tmp_path / "landing", "d1", "scripted", "main", "scores")
    scripted = Scripted(page(good(1)), page(good(1), good(2)), page(), page(good(3), is_reset=False))
    here = connection(tmp_path)

    first = pull_stream(scripted, here, SCORES, tmp_path / "landing")
    pull_stream(scripted, here, SCORES, tmp_path / "landing")
    assert scripted.cursors == [None, None], "a pending run moves no cursor"
    assert first.folder is not None
    write_verdict(first.folder, '{"outcome": "accepted"}')
    assert StreamState.read(folder).cursor(SCORES.schema_hash) == {"n": 1}
    assert StreamState.read(folder).cursor("another declaration") is None
    assert len(StreamState.read(folder).pending) == 1
    pull_stream(scripted, here, SCORES, tmp_path / "landing")
    pull_stream(scripted, here, SCORES, tmp_path / "landing", full_refresh=True)
    assert scripted.cursors[2:] == [{"n": 1}, None]


def test_pull__nothing_new_leaves_no_run(tmp_path: Path) -> None:
    outcome = pull_stream(Scripted(page(is_reset=False)), connection(tmp_path), SCORES, tmp_path / "landing")
    assert outcome.manifest is None and not list(tmp_path.rglob("_manifest.json"))


def test_pull__an_empty_pull_after_a_failed_one_is_on_record(tmp_path: Path) -> None:
    def fail(sink: Sink) -> Pulled:
        raise ContractBroken("broken")

    def nothing(sink: Sink) -> Pulled:
        return Pulled({"n": 1}, False, 1)

    folder = stream_folder(tmp_path / "landing", "d1", "scripted", "main", "scores")
    here, scripted = connection(tmp_path), Scripted(page(good(1)), fail, nothing, nothing)
    first = pull_stream(scripted, here, SCORES, tmp_path / "landing")
    assert first.folder is not None
    write_verdict(first.folder, '{"outcome": "accepted"}')
    with pytest.raises(ContractBroken):
        pull_stream(scripted, here, SCORES, tmp_path / "landing")
    assert pull_stream(scripted, here, SCORES, tmp_path / "landing").manifest is not None
    assert StreamState.read(folder).runs[-1].is_pending
    assert pull_stream(scripted, here, SCORES, tmp_path / "landing").manifest is None


def test_pull__a_clock_that_was_ahead_does_not_outlive_its_correction(tmp_path: Path) -> None:
    folder = stream_folder(tmp_path / "landing", "d1", "scripted", "main", "scores")
    here = connection(tmp_path)
    scripted = Scripted(page(good(1)), page(good(1), good(2)))
    ahead = datetime(2027, 11, 15, tzinfo=UTC)
    for clock in (lambda: ahead, lambda: datetime(2026, 11, 15, tzinfo=UTC)):
        outcome = pull_stream(scripted, here, SCORES, tmp_path / "landing", full_refresh=True, clock=clock)
        assert outcome.folder is not None
        write_verdict(outcome.folder, '{"outcome": "accepted"}')
    state = StreamState.read(folder)
    assert state.accepted[-1].manifest.records_landed == 2
    assert state.base_run_id == state.accepted[-1].manifest.run_id


def test_pull__a_manifest_that_cannot_be_written_leaves_no_data_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, calls = Manifest.write, []

    def fails_once(self: Manifest, run_folder: Path) -> None:
        calls.append(run_folder)
        if len(calls) == 1:
            raise OSError(28, "No space left on device")
        write(self, run_folder)

    monkeypatch.setattr(Manifest, "write", fails_once)
    with pytest.raises(NoRoomToLand):
        land(tmp_path, page(good(1)))
    assert not list(tmp_path.rglob("*.parquet"))
    (folder,) = run_folders(stream_folder(tmp_path / "landing", "d1", "scripted", "main", "scores"))
    assert Manifest.read(folder).outcome == "failed"


def test_pull__what_a_killed_run_left_is_swept(tmp_path: Path) -> None:
    folder = stream_folder(tmp_path / "landing", "d1", "scripted", "main", "scores")
    for name in (".unfinished-x", "run_id=20200101T000000.000000Z-aaaa"):
        (folder / name).mkdir(parents=True)
        (folder / name / "part-0000.parquet").write_bytes(b"half")
    _, rows = land(tmp_path, page(good(1)))
    assert len(rows) == 1 and len(list(folder.iterdir())) == 1


def test_pull__an_unexpected_fault_is_on_record_without_its_text(tmp_path: Path) -> None:
    def pull(sink: Sink) -> Pulled:
        raise RuntimeError("jane@d.example")

    with pytest.raises(RuntimeError):
        land(tmp_path, pull)
    (folder,) = run_folders(stream_folder(tmp_path / "landing", "d1", "scripted", "main", "scores"))
    assert Manifest.read(folder).reason == "unexpected RuntimeError"
