"""Where decisions stand: what becomes of a damaged, foreign, newer or unreachable database."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import psycopg
import pytest
import sqlalchemy as sa

from connectors.core.errors import ConfigurationError
from pipelines.decisions import database, tables
from pipelines.decisions.faults import DecisionsUnavailable
from pipelines.decisions.store import DecisionStore, decisions_frame
from pipelines.doctor import examine
from pipelines.settings import DECISIONS_URL, Settings
from tests.pipelines.decisions.conftest import PASSWORD, Server, consent, settings_in

ROOT = Path(__file__).parents[3]


def with_one(settings: Settings) -> Settings:
    with DecisionStore.open(settings) as store:
        store.record(consent())
    return settings


def unavailable(act: Callable[[], object]) -> str:
    """What is said, once it is sure that no password is, not even in the whole traceback."""
    with pytest.raises(DecisionsUnavailable) as raised:
        act()
    assert PASSWORD not in "".join(traceback.format_exception(raised.value))
    assert str(raised.value) == f"decisions ({raised.value.place}): {raised.value.reason}"
    return str(raised.value)


def test_database__only_its_owner_may_read_the_file(tmp_path: Path) -> None:
    settings = with_one(settings_in(tmp_path))
    assert stat.S_IMODE(settings.decisions.stat().st_mode) == 0o600
    assert stat.S_IMODE(settings.decisions.parent.stat().st_mode) == 0o700


def test_database__a_copy_of_the_file_alone_is_whole(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "here")
    with DecisionStore.open(settings) as store:
        store.record(consent())
        copy = settings_in(tmp_path / "there")
        copy.decisions.parent.mkdir()
        shutil.copy(settings.decisions, copy.decisions)  # while it is open, and nobody writes
        assert decisions_frame(copy).equals(store.frame())
    with DecisionStore.open(copy) as store:
        store.record(consent("granted"))


def next_step(folder: Path, does: str) -> Path:
    """The migrations with one more, as a later version of the program has them."""
    shutil.copytree(database._STEPS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "v0002_later.py").write_text(
        "from alembic import op\nrevision, down_revision = '0002', '0001'\nbranch_labels = depends_on = None\n"
        f"def upgrade():\n    {does}\n"
    )
    return folder


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "nothing left": lambda content: b"",
    "not a database": lambda content: b"who;what\n" * 1000,
    "cut off": lambda content: content[: len(content) // 2],
    "overwritten": lambda content: content[:4096] + os.urandom(len(content) - 4096),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_database__a_damaged_file_is_never_taken_for_no_decisions(damage: str, tmp_path: Path) -> None:
    settings = with_one(settings_in(tmp_path))
    content = DAMAGE[damage](settings.decisions.read_bytes())
    settings.decisions.write_bytes(content)
    for act in (lambda: decisions_frame(settings), lambda: DecisionStore.open(settings)):
        said = unavailable(act)
        assert str(settings.decisions) in said
        assert "damaged. Put the newest sound copy" in said or "something else than decisions" in said
    assert settings.decisions.read_bytes() == content


def test_database__one_damaged_page_is_found_at_the_opening(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with DecisionStore.open(settings) as store:
        store.record_all([consent(roster_id=f"{number:06d}", reason="x" * 500) for number in range(100)])
    content = bytearray(settings.decisions.read_bytes())
    middle = content.index(b"000050") // 4096 * 4096
    content[middle : middle + 4096] = bytes(4096)
    settings.decisions.write_bytes(content)
    assert "damaged" in unavailable(lambda: DecisionStore.open(settings))
    assert "damaged" in unavailable(lambda: decisions_frame(settings))


def test_database__several_districts_may_be_opened_first_at_once(tmp_path: Path) -> None:
    homes = [settings_in(tmp_path / f"home {number}%#?") for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        assert len(list(threads.map(with_one, homes))) == 8
    assert [decisions_frame(settings).height for settings in homes] == [1] * 8


def test_database__another_programs_file_is_left_alone(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    settings.decisions.parent.mkdir()
    with sqlite3.connect(settings.decisions) as other:
        other.execute("create table accounts (name text)")
    before = settings.decisions.read_bytes()
    assert "something else than decisions" in unavailable(lambda: DecisionStore.open(settings))
    assert settings.decisions.read_bytes() == before


def test_database__half_a_new_file_is_made_anew(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    settings.decisions.parent.mkdir()
    settings.decisions.with_name("decisions.sqlite.new").write_bytes(b"killed half-way")
    with DecisionStore.open(with_one(settings)) as store:
        assert len(store.history()) == 1
    assert sorted(path.name for path in settings.decisions.parent.iterdir()) == [
        "decisions.sqlite",
        "decisions.sqlite.lock",
    ]


def test_database__a_writer_that_holds_it_too_long_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = with_one(settings_in(tmp_path))
    monkeypatch.setattr(database, "SECONDS_TO_WAIT", 0)
    with DecisionStore.open(settings) as holding, DecisionStore.open(settings) as waiting:
        with holding._database.writing():
            said = unavailable(lambda: waiting.record(consent()))
        assert "another program has held it" in said
        assert waiting.record(consent())


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every account may enter."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_database__one_that_may_only_be_read_is_read(open_folder: Path) -> None:
    """As another account where the tests run as root, whom nothing is forbidden."""
    settings = with_one(settings_in(open_folder))
    settings.decisions.chmod(0o444)
    settings.decisions.parent.chmod(0o555)
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from pipelines.settings import load_settings\n"
        "from pipelines.decisions.store import DecisionStore\n"
        "from pipelines.decisions.faults import DecisionsUnavailable\n"
        "from tests.pipelines.decisions.conftest import consent\n"
        "settings = load_settings(Path(sys.argv[1]))\n"
        "DecisionStore.open(settings).close()\n"  # what is imported late comes from folders of root's
        "os.geteuid() or os.setresuid(65534, 65534, 65534)\n"
        "with DecisionStore.open(settings) as store:\n"
        "    print(len(store.history()))\n"
        "    try: store.record(consent())\n"
        "    except DecisionsUnavailable as fault: print(fault)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(settings.path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    settings.decisions.parent.chmod(0o700)
    assert done.returncode == 0, done.stderr
    height, said = done.stdout.splitlines()
    assert height == "1" and "it may only be read from here" in said


class TestBothEngines:
    """On SQLite and on PostgreSQL alike."""

    def test_database__one_of_a_newer_program_is_not_touched(self, settings: Settings) -> None:
        with DecisionStore.open(settings) as store:
            store.record(consent())
            with store._database.writing() as connection:
                connection.exec_driver_sql(f"update {database.VERSION_TABLE} set version_num = '9999'")
        for act in (lambda: decisions_frame(settings), lambda: DecisionStore.open(settings)):
            said = unavailable(act)
            assert "newer program (schema 9999; this one knows up to 0001)" in said
            assert "Update the program" in said

    def test_database__an_older_one_is_brought_up_to_date_once_by_all_who_open_it_at_once(
        self, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with_one(settings)
        monkeypatch.setattr(
            database, "_STEPS", next_step(tmp_path / "steps", "op.execute('create table later (what text)')")
        )
        with ThreadPoolExecutor(4) as threads:
            stores = list(threads.map(lambda _: DecisionStore.open(settings), range(4)))
        for store in stores:
            assert store.schema == "0002"
            store.record(consent("granted"))
            store.close()
        with DecisionStore.open(settings) as store, store._database.reading() as connection:
            assert len(store.history()) == 5
            assert "later" in sa.inspect(connection).get_table_names()

    def test_database__a_step_that_fails_leaves_the_older_one_as_it_was(
        self, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with_one(settings)
        broken = "op.execute('create table later (what text)'); raise RuntimeError('half-way')"
        with monkeypatch.context() as newer:
            newer.setattr(database, "_STEPS", next_step(tmp_path / "steps", broken))
            with pytest.raises(RuntimeError, match="half-way"):
                DecisionStore.open(settings)
        with DecisionStore.open(settings) as store, store._database.reading() as connection:
            assert store.schema == "0001" and len(store.history()) == 1
            assert "later" not in sa.inspect(connection).get_table_names()

    def test_database__migrations_give_the_tables_that_the_program_reads(self, settings: Settings) -> None:
        with DecisionStore.open(settings) as store, store._database.reading() as connection:
            found = sa.inspect(connection)
            for table in tables.metadata.sorted_tables:
                columns = {column["name"]: column["nullable"] for column in found.get_columns(table.name)}
                assert columns == {column.name: bool(column.nullable) for column in table.columns}
            assert set(found.get_table_names()) == {*tables.metadata.tables, database.VERSION_TABLE}

    def test_database__doctor_says_where_it_is_and_that_it_is_sound(self, settings: Settings) -> None:
        def said() -> tuple[bool, str]:
            (finding,) = (finding for finding in examine(settings) if finding.what == "decisions")
            assert PASSWORD not in finding.sentence
            return finding.is_well, finding.sentence

        assert said() == (True, "none recorded yet; `expertise decisions add` makes their database")
        with DecisionStore.open(with_one(settings)) as store:
            store.revoke(store.record(consent("granted")), "by mistake", "Sam Second")
            place = store.place
        assert said() == (True, f"{place}: sound, schema 0001, 2 recorded, 1 of them revoked")
        if settings.read_decisions_url() is None:
            settings.decisions.write_bytes(b"damaged")
        else:
            settings = settings_in(settings.home, settings.environment[DECISIONS_URL].replace("/test_", "/gone_"))
        is_well, sentence = said()
        assert not is_well and ("is damaged" in sentence or "there is no such database" in sentence)


def test_database__postgresqls_faults_say_what_to_do_and_no_password(server: Server, tmp_path: Path) -> None:
    url = server.new_database("faults")
    server.execute('create role visitor login password "x"'.replace('"x"', f"'{PASSWORD}'"))
    server.execute("revoke create on schema public from public", database="faults")
    for wrong, sentence in (
        (server.url("faults", password="another-word"), "the user or the password was refused"),
        (server.url("faults", user="nobody-known"), "the user or the password was refused"),
        (server.url("nowhere"), "there is no such database"),
        (url.replace(str(server.socket), str(tmp_path)), "no PostgreSQL server answers there"),
        (f"postgresql://u:{PASSWORD}@127.0.0.1:1/faults", "no PostgreSQL server answers there"),
        (server.url("faults", user="visitor"), "the user may not do this"),
        (f"{url}&options=-c%20default_transaction_read_only%3Don", "the server takes no changes"),
    ):
        settings = settings_in(tmp_path / "home", wrong)
        assert PASSWORD not in repr(settings) and "another-word" not in repr(settings)
        said = unavailable(lambda settings=settings: DecisionStore.open(settings))
        assert sentence in said and "another-word" not in said
        assert "PostgreSQL, database" in said


def test_database__postgresql_without_room_for_every_name_is_refused(server: Server, tmp_path: Path) -> None:
    server.execute("create database ascii owner expertise encoding 'LATIN1' template template0")
    assert "keeps its text in LATIN1" in unavailable(
        lambda: DecisionStore.open(settings_in(tmp_path, server.url("ascii")))
    )


def test_database__another_programs_tables_are_left_alone(server: Server, tmp_path: Path) -> None:
    url = server.new_database("taken")
    with psycopg.connect(url) as other:
        other.execute("create table decisions (what text)")
    assert "has a table of this name" in unavailable(lambda: DecisionStore.open(settings_in(tmp_path, url)))
    with psycopg.connect(url) as other:
        tables_there = other.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
    assert tables_there == [("decisions",)]


def test_database__a_lost_connection_says_that_the_last_decision_may_be_kept(server: Server, tmp_path: Path) -> None:
    settings = with_one(settings_in(tmp_path, server.new_database("lost")))
    with DecisionStore.open(settings) as store:

        def lose() -> None:
            with store._database.writing() as connection:
                number = connection.exec_driver_sql("select pg_backend_pid()").scalar()
                server.execute(f"select pg_terminate_backend({number})")
                connection.exec_driver_sql("select 1")

        said = unavailable(lose)
        assert "ended the connection" in said and "Look at `expertise decisions list` first" in said
        assert len(store.history()) == 1


def test_database__it_shares_a_database_with_dagsters_own_tables(server: Server, tmp_path: Path) -> None:
    """Dagster's storage keeps its schema's version in Alembic's usual table."""
    url = server.new_database("shared")
    with psycopg.connect(url) as dagster:
        dagster.execute("create table alembic_version (version_num varchar(32) primary key)")
        dagster.execute("insert into alembic_version values ('7e2f3204cf8e')")
    with_one(settings_in(tmp_path, url))
    with psycopg.connect(url) as dagster:
        assert dagster.execute("select version_num from alembic_version").fetchall() == [("7e2f3204cf8e",)]


def test_database__an_empty_variable_is_the_file(tmp_path: Path) -> None:
    settings_in(tmp_path)
    settings = settings_in(tmp_path, "  ")
    assert settings.read_decisions_url() is None
    with DecisionStore.open(settings) as store:
        assert store.place == str(tmp_path.resolve() / "decisions" / "decisions.sqlite")


def test_database__the_address_may_stand_in_the_env_file(server: Server, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f'{DECISIONS_URL}="{server.new_database("of_env")}"\n')
    with DecisionStore.open(settings_in(tmp_path)) as store:
        assert store.place == "PostgreSQL, database of_env at this machine"


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        f"mysql://u:{PASSWORD}@host/database",
        f"sqlite:///{PASSWORD}.sqlite",
        f"postgresql://u:{PASSWORD}@host:port/database",
        f"postgresql://u:{PASSWORD}@host",
        f"postgresql://u:p@{PASSWORD}@host/database",
        f"postgresql://u:p@x/{PASSWORD}@host/database",
    ],
)
def test_database__an_address_that_is_none_is_never_quoted(url: str, tmp_path: Path) -> None:
    settings = settings_in(tmp_path, url)
    with pytest.raises(ConfigurationError) as raised:
        DecisionStore.open(settings)
    said = "".join(traceback.format_exception(raised.value))
    assert DECISIONS_URL in said and PASSWORD not in said and "nonsense" not in str(raised.value)
    (finding,) = (finding for finding in examine(settings) if finding.what == "decisions")
    assert not finding.is_well and PASSWORD not in finding.sentence


@pytest.mark.parametrize(
    ("url", "described"),
    [
        ("postgres://u:p@db.example/x", "PostgreSQL, database x at db.example"),
        ("postgresql+psycopg://u:p@db.example:6432/x", "PostgreSQL, database x at db.example:6432"),
        ("postgresql://u:p%40ss@[::1]:5432/x?sslmode=require", "PostgreSQL, database x at ::1:5432"),
    ],
)
def test_database__every_usual_way_to_write_an_address_is_read(url: str, described: str) -> None:
    place = database.place_of(Path("unused"), url)
    assert place.described == described
    assert place.url.drivername == "postgresql+psycopg"
    assert "p%40ss" not in repr(place) and "p@ss" not in repr(place)


def test_database__dagster_keeps_its_own_memory_beside_it(tmp_path: Path) -> None:
    """Both use SQLAlchemy and Alembic in one process: Dagster's SQLite storage still migrates itself."""

    settings = with_one(settings_in(tmp_path))
    (tmp_path / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as instance:
        instance.upgrade()
        run_id = instance.create_run_for_job(dg.GraphDefinition("nothing", node_defs=[]).to_job()).run_id
        assert [run.run_id for run in instance.get_runs()] == [run_id]
    with DecisionStore.open(settings) as store:
        assert len(store.history()) == 1
