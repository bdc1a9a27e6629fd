"""Publishing: whole releases or none, swapped under readers, rolled back and swept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest

from pipelines.apps.release_reader import open_release
from pipelines.publish import layout
from pipelines.publish.checks import EXPECTED_COLUMNS
from pipelines.publish.layout import AUDIENCES, PublishError
from pipelines.publish.pseudonyms import PseudonymKeyTooShort
from pipelines.publish.release import (
    ReleaseCheckFailed,
    build_releases,
    place_releases,
    point_to,
    publish,
    rollback,
    sweep,
)
from tests.pipelines.planted_warehouse import KEY, build_warehouse, release_info

ROOT = Path(__file__).parents[3]


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    return build_warehouse(tmp_path / "warehouse.duckdb")


@pytest.fixture
def published(tmp_path: Path) -> Path:
    return tmp_path / "published"


def current_id(published: Path, audience: str = "leaders") -> str:
    with open_release(published, audience) as release:
        return str(release.info()["release_id"])


def contents(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every table's rows in the order in which they are stored, without the release table."""
    with layout.open_read_only(path) as connection:
        names = [name for (name,) in connection.execute("select table_name from duckdb_tables() order by 1").fetchall()]
        return {
            name: connection.execute(f"select columns(*)::varchar from {name}").fetchall()
            for name in names
            if name != "release"
        }


def leftovers(published: Path) -> list[str]:
    return [path.name for path in published.rglob(".*")]


def test_publish__gives_each_audience_its_tables_and_a_release_row(warehouse: Path, published: Path) -> None:
    paths = publish(warehouse, published, release_info("r1"), KEY)

    assert set(paths) == set(AUDIENCES)
    assert {audience: set(released.rows) - {"release"} for audience, released in paths.items()} == {
        audience: set(tables) for audience, tables in EXPECTED_COLUMNS.items()
    }
    assert {"expertise", "evidence", "staff"} <= set(paths["leaders"].rows)
    for audience, released in paths.items():
        assert released.pointer.read_text() == "r1.duckdb\n"
        with open_release(published, audience) as release:
            assert release.file == released.file
            assert release.info() | {"built_at": None} == {
                "release_id": "r1",
                "audience": audience,
                "built_at": None,
                "landing_runs": '["run-1", "run-2"]',
                "code_version": "0.1.0",
                "settings_hash": "settings-1",
                "is_synthetic": True,
                "district_name": "Cedar Valley Schools (SYNTHETIC)",
            }
            assert str(release.info()["built_at"]) == "2026-11-20 03:00:00"
    assert leftovers(published) == []


def test_publish__stores_the_same_rows_in_the_same_order(tmp_path: Path, published: Path) -> None:
    one = build_warehouse(tmp_path / "one.duckdb")
    other = build_warehouse(tmp_path / "other.duckdb", reverse=True)
    first = publish(one, published, release_info("r1"), KEY)
    second = publish(other, published, release_info("r2"), KEY)

    for audience in AUDIENCES:
        assert contents(first[audience].file) == contents(second[audience].file)


def test_publish__keeps_types_not_nulls_and_empty_tables(warehouse: Path, published: Path) -> None:
    paths = publish(warehouse, published, release_info("r1"), KEY)

    with layout.open_read_only(paths["leaders"].file) as connection:
        types = {row[0]: (row[1], row[2]) for row in connection.execute("describe expertise").fetchall()}
    assert types["staff_key"] == ("VARCHAR", "NO")
    assert types["staff_name"] == ("VARCHAR", "YES")
    assert types["latest_award_date"] == ("DATE", "YES")
    assert types["band_order"] == ("INTEGER", "NO")
    with layout.open_read_only(paths["analysts"].file) as connection:
        kinds = dict(row[:2] for row in connection.execute("describe unmapped_spending").fetchall())
    assert kinds["amount_usd"] == "DECIMAL(18,2)"
    assert paths["analysts"].rows["rejects"] == 0


FAULTS = {
    "a score for leaders": (
        "alter table pub_leaders__expertise add column mean_score double",
        "no_scores",
        "leaders",
    ),
    "a table missing": ("drop table pub_leaders__coverage", "everything_is_there", "leaders"),
    "a column missing": (
        "alter table pub_leaders__expertise drop column explanation",
        "everything_is_there",
        "leaders",
    ),
    "somebody twice": (
        "insert into pub_leaders__expertise from pub_leaders__expertise limit 1",
        "one_row_per_competency",
        "leaders",
    ),
    "all rows gone": ("delete from pub_leaders__expertise", "not_shrunk", "leaders"),
    "most rows gone": ("delete from pub_evaluators__staff_years where school_key < 'd'", "not_shrunk", "evaluators"),
    "a decision gone": (
        "delete from pub_analysts__decisions where decision_id = 'd1'",
        "decisions_are_kept",
        "analysts",
    ),
    "a row of nulls": ("insert into pub_leaders__schools values (null, null, null)", "no_blank_rows", "leaders"),
    "an e-mail column": (
        "alter table pub_evaluators__awards add column recipient_email varchar",
        "no_identifying_columns",
        "evaluators",
    ),
    "a licence column": (
        "alter table pub_evaluators__awards add column licence_number varchar",
        "no_identifying_columns",
        "evaluators",
    ),
    "a name column": (
        "alter table pub_evaluators__staff_years add column last_surname varchar",
        "no_identifying_columns",
        "evaluators",
    ),
    "an e-mail in a cell": (
        "alter table pub_evaluators__awards add column remark varchar default 'sent to somebody@else.example'",
        "no_email_values",
        "evaluators",
    ),
    "a name in a cell": (
        "alter table pub_evaluators__awards add column title varchar default 'Need Personof101'",
        "no_known_identifiers",
        "evaluators",
    ),
    "a licence number in a cell": (
        "alter table pub_evaluators__awards add column code varchar default 'LIC-000003'",
        "no_known_identifiers",
        "evaluators",
    ),
    "a staff key in a cell": (
        "alter table pub_evaluators__awards add column earner varchar; "
        "update pub_evaluators__awards set earner = staff_key",
        "no_known_identifiers",
        "evaluators",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_publish__a_failed_check_publishes_nothing(fault: str, warehouse: Path, published: Path) -> None:
    sql, check, audience = FAULTS[fault]
    publish(warehouse, published, release_info("good"), KEY)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(sql)

    with pytest.raises(ReleaseCheckFailed) as failed:
        publish(warehouse, published, release_info("bad"), KEY)

    failure = next(failure for failure in failed.value.failures if failure.check == check)
    assert failure.audience == audience
    message = str(failed.value)
    assert check in message
    assert audience in message
    assert "good (built 2026-11-20 03:00 UTC)" in message
    assert "Personof" not in message
    assert [current_id(published, name) for name in AUDIENCES] == ["good"] * 3
    assert leftovers(published) == []
    assert not list(published.rglob("bad*"))


def test_publish__the_first_release_may_be_empty_but_not_absent(warehouse: Path, published: Path) -> None:
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("delete from pub_leaders__expertise; delete from pub_leaders__evidence")
    assert publish(warehouse, published, release_info("r1"), KEY)["leaders"].rows["expertise"] == 0


@pytest.mark.parametrize("change", [{"allow_shrink": True}, {"settings_hash": "a source was taken out"}])
def test_publish__shrinks_where_that_was_meant(change: dict[str, object], warehouse: Path, published: Path) -> None:
    publish(warehouse, published, release_info("r1"), KEY)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("delete from pub_leaders__expertise")

    publish(warehouse, published, release_info("r2", **change), KEY)

    assert current_id(published) == "r2"


def test_publish__an_analysts_queue_may_empty(warehouse: Path, published: Path) -> None:
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("insert into pub_analysts__rejects select 'field', 'reason', null from range(100)")
    publish(warehouse, published, release_info("r1"), KEY)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("delete from pub_analysts__rejects")

    publish(warehouse, published, release_info("r2"), KEY)

    assert current_id(published, "analysts") == "r2"


def test_publish__a_damaged_current_release_does_not_keep_a_sound_one_away(warehouse: Path, published: Path) -> None:
    paths = publish(warehouse, published, release_info("r1"), KEY)
    paths["leaders"].file.write_bytes(b"damaged" * 1000)

    publish(warehouse, published, release_info("r2"), KEY)

    assert current_id(published) == "r2"


def test_publish__refuses_what_can_not_work(warehouse: Path, published: Path, tmp_path: Path) -> None:
    with pytest.raises(PseudonymKeyTooShort, match="has 5 bytes; it needs at least 16"):
        publish(warehouse, published, release_info("r1"), b"short")
    with pytest.raises(PublishError, match="release id"):
        publish(warehouse, published, release_info("../r1"), KEY)
    with pytest.raises(PublishError, match=r"no warehouse at .*absent.duckdb"):
        publish(tmp_path / "absent.duckdb", published, release_info("r1"), KEY)
    with pytest.raises(PublishError, match="at least 1 release"):
        publish(warehouse, published, release_info("r1"), KEY, keep=0)
    publish(warehouse, published, release_info("r1"), KEY)
    with pytest.raises(PublishError, match="r1 is published already"):
        publish(warehouse, published, release_info("r1"), KEY)


def run_steps(script: str, *arguments: Path, **environment: str) -> subprocess.Popen[str]:
    """Run publishing steps in a process of their own, which may be killed."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


STEPS = """
import os, sys
from pathlib import Path
from pipelines.publish.release import build_releases, place_releases, point_to
from tests.pipelines.planted_warehouse import KEY, release_info
warehouse, published = Path(sys.argv[1]), Path(sys.argv[2])
steps = [
    lambda: build_releases(warehouse, published, release_info("new"), KEY),
    lambda: place_releases(published, "new"),
    lambda: point_to(published, "new", ("leaders",)),
    lambda: point_to(published, "new", ("evaluators", "analysts")),
]
for step in steps[: int(os.environ["STEPS"])]:
    step()
os._exit(9)
"""


@pytest.mark.parametrize(
    ("steps", "expected"),
    [(1, ["old", "old"]), (2, ["old", "old"]), (3, ["new", "old"]), (4, ["new", "new"])],
)
def test_publish__killed_between_two_steps_leaves_old_or_new(
    steps: int, expected: list[str], warehouse: Path, published: Path
) -> None:
    publish(warehouse, published, release_info("old"), KEY)

    died = run_steps(STEPS, warehouse, published, STEPS=str(steps))
    _, errors = died.communicate(timeout=60)

    assert died.returncode == 9, errors
    assert [current_id(published, name) for name in ("leaders", "evaluators")] == expected
    if steps < 4:  # the same publish, tried again, finishes
        publish(warehouse, published, release_info("new"), KEY)
    assert [current_id(published, name) for name in AUDIENCES] == ["new"] * 3
    assert leftovers(published) == []


ENDLESS = """
import itertools, sys
from pathlib import Path
from pipelines.publish.release import publish
from tests.pipelines.planted_warehouse import KEY, release_info
warehouse, published = Path(sys.argv[1]), Path(sys.argv[2])
for number in itertools.count():
    publish(warehouse, published, release_info(f"{sys.argv[3]}-{number}"), KEY, keep=2)
    print(number, flush=True)
"""


def test_publish__killed_at_any_instant_leaves_a_whole_release(warehouse: Path, published: Path) -> None:
    publish(warehouse, published, release_info("old"), KEY)
    expected = contents(layout.release_file(published, "leaders", "old"))
    for delay in (0.05, 0.12, 0.21, 0.33):
        killed = run_steps(ENDLESS, warehouse, published, Path(f"k{delay}"))
        assert killed.stdout is not None
        killed.stdout.readline()  # it has published once, and is at the next
        with pytest.raises(subprocess.TimeoutExpired):
            killed.wait(timeout=delay)
        killed.send_signal(signal.SIGKILL)
        killed.communicate(timeout=30)
        for audience in AUDIENCES:
            with open_release(published, audience) as release:
                assert release.info()["audience"] == audience
        current = layout.current_file(published, "leaders")
        assert current is not None
        assert contents(current) == expected
    publish(warehouse, published, release_info("clean"), KEY)
    assert leftovers(published) == []


NO_ROOM = """
import resource, signal, sys
from pathlib import Path
from pipelines.publish.release import PublishError, publish
from tests.pipelines.planted_warehouse import KEY, release_info
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    publish(Path(sys.argv[1]), Path(sys.argv[2]), release_info("new"), KEY)
except PublishError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a limit on file sizes is POSIX's")
def test_publish__without_room_names_the_file_and_keeps_the_old_release(warehouse: Path, published: Path) -> None:
    publish(warehouse, published, release_info("old"), KEY)

    said, errors = run_steps(NO_ROOM, warehouse, published).communicate(timeout=60)

    assert "could not write or read the release file" in said, errors
    assert str(published / "leaders" / ".building-new.duckdb") in said
    assert [current_id(published, name) for name in AUDIENCES] == ["old"] * 3
    assert leftovers(published) == []


def test_swap__an_open_release_keeps_answering_and_a_new_open_sees_the_new(warehouse: Path, published: Path) -> None:
    publish(warehouse, published, release_info("old"), KEY)
    with open_release(published, "leaders") as release:
        publish(warehouse, published, release_info("new"), KEY, keep=1)

        assert release.info()["release_id"] == "old"
        assert release.query("select count(*) as n from expertise") == [{"n": 42}]
        assert current_id(published) == "new"
        assert release.refresh() is True
        assert release.info()["release_id"] == "new"
        assert release.refresh() is False


def test_swap__readers_see_no_error_through_ten_publishes(warehouse: Path, published: Path) -> None:
    publish(warehouse, published, release_info("r00"), KEY)
    stop = threading.Event()
    seen: list[str] = []
    errors: list[BaseException] = []

    def read_on() -> None:
        try:
            while not stop.is_set():
                with open_release(published, "leaders") as release:
                    before = release.info()["release_id"]
                    assert release.query("select count(*) as n from expertise") == [{"n": 42}]
                    assert release.info()["release_id"] == before
                    seen.append(before)
        except BaseException as error:
            errors.append(error)

    def read_on_and_refresh() -> None:
        try:
            with open_release(published, "leaders") as release:
                while not stop.is_set():
                    release.refresh()
                    assert release.query("select count(*) as n from evidence") == [{"n": 126}]
        except BaseException as error:
            errors.append(error)

    readers = [threading.Thread(target=read_on), threading.Thread(target=read_on_and_refresh)]
    for reader in readers:
        reader.start()
    for number in range(1, 11):
        publish(warehouse, published, release_info(f"r{number:02}"), KEY, keep=1)
    stop.set()
    for reader in readers:
        reader.join(timeout=60)

    assert errors == []
    assert seen == sorted(seen)
    assert len(set(seen)) > 3


def test_rollback__points_back_to_a_kept_release(warehouse: Path, published: Path) -> None:
    for release_id in ("r1", "r2"):
        publish(warehouse, published, release_info(release_id), KEY)

    rollback(published, "leaders", "r1")

    assert current_id(published) == "r1"
    assert current_id(published, "evaluators") == "r2"
    with pytest.raises(PublishError, match="no release r9 for leaders; kept are: r1, r2"):
        rollback(published, "leaders", "r9")
    with pytest.raises(PublishError, match="no audience 'parents'"):
        rollback(published, "parents", "r1")
    assert current_id(published) == "r1"


def test_rollback__refuses_a_file_that_is_not_that_release(warehouse: Path, published: Path) -> None:
    paths = publish(warehouse, published, release_info("r1"), KEY)
    (published / "leaders" / "r0.duckdb").write_bytes(paths["analysts"].file.read_bytes())

    with pytest.raises(PublishError, match="does not hold the release r0"):
        rollback(published, "leaders", "r0")

    assert current_id(published) == "r1"


def kept(published: Path, audience: str = "leaders") -> list[str]:
    return [path.stem for path in layout.finished_releases(published, audience)]


def test_sweep__keeps_the_newest_and_the_current(warehouse: Path, published: Path) -> None:
    for number in range(1, 5):
        publish(warehouse, published, release_info(f"r{number}"), KEY, keep=3)
    assert kept(published) == ["r2", "r3", "r4"]

    rollback(published, "leaders", "r2")
    assert sweep(published, "leaders", keep=1) == ["r3.duckdb"]
    assert kept(published) == ["r2", "r4"]
    assert current_id(published) == "r2"


READER = """
import sys
from pathlib import Path
from pipelines.apps.release_reader import open_release
with open_release(Path(sys.argv[1]), "leaders") as release:
    print(release.info()["release_id"], flush=True)
    sys.stdin.readline()
    print(release.query("select count(*) as n from expertise")[0]["n"], flush=True)
"""


def test_sweep__spares_a_release_that_another_process_has_open(warehouse: Path, published: Path) -> None:
    publish(warehouse, published, release_info("r1"), KEY)
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(published)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert reader.stdin is not None
    assert reader.stdout is not None
    assert reader.stdout.readline() == "r1\n"
    for release_id in ("r2", "r3"):
        publish(warehouse, published, release_info(release_id), KEY, keep=1)
    assert kept(published) == ["r1", "r3"]
    assert kept(published, "evaluators") == ["r3"]

    reader.stdin.write("\n")
    reader.stdin.flush()
    assert reader.communicate(timeout=30)[0] == "42\n"
    sweep(published, "leaders", keep=1)
    assert kept(published) == ["r3"]


def test_sweep__spares_a_release_that_this_process_has_open(warehouse: Path, published: Path) -> None:
    publish(warehouse, published, release_info("r1"), KEY)
    with open_release(published, "leaders") as release:
        for release_id in ("r2", "r3"):
            publish(warehouse, published, release_info(release_id), KEY, keep=1)
        assert kept(published) == ["r1", "r3"]
        assert release.info()["release_id"] == "r1"
    sweep(published, "leaders", keep=1)
    assert kept(published) == ["r3"]


def test_steps__can_be_called_one_by_one(warehouse: Path, published: Path) -> None:
    rows = build_releases(warehouse, published, release_info("r1"), KEY)
    assert rows["leaders"]["expertise"] == 42
    assert kept(published) == []
    place_releases(published, "r1")
    assert layout.current_file(published, "leaders") is None
    point_to(published, "r1")
    assert current_id(published) == "r1"
