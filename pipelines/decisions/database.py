"""Where the decisions stand, how that database is opened, and what its faults mean.

Belongs here: SQLite or PostgreSQL, making and migrating it, locks, the engine's errors turned into
DecisionsUnavailable. Does not belong here: rows (store), tables (tables), steps (migrations).

SQLite keeps its rollback journal and no write-ahead log: whatever is committed stands in the one
file, so a copy of it taken while nobody writes is whole, also over a network folder, and a killed
writer leaves a journal that the next opening rolls back. A writer takes the file at once
(`begin immediate`) and others wait for it. The file is made under another name and moved into
place when it is complete, so an empty or half-made one is never taken for a district without
decisions.

PostgreSQL: writers queue on a lock of the table, readers never wait; steps run one at a time.
"""

from __future__ import annotations

import os
import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from filelock import FileLock, Timeout
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.pool import NullPool

from connectors.core.errors import ConfigurationError
from connectors.core.landing.layout import sync_folder
from pipelines.decisions import migrations
from pipelines.decisions.faults import DecisionsUnavailable
from pipelines.settings import DECISIONS_URL

VERSION_TABLE = "decisions_schema_version"
"""Not Alembic's usual name: Dagster may keep its own tables in the same database."""

SECONDS_TO_WAIT = 30
"""For another writer; a decision takes milliseconds."""

_SECONDS_TO_CONNECT = 10
_EXAMPLE = "postgresql://user:password@host:5432/database"
_HOST = re.compile(r"[A-Za-z0-9._:-]+")
_STEPS = Path(migrations.__file__).parent
_MIGRATING = threading.Lock()  # Alembic's `context` and `op` belong to the whole process


@dataclass(frozen=True)
class Place:
    """Where the decisions stand. described: in words, without user or password."""

    described: str
    url: sa.URL = field(repr=False)
    file: Path | None = None


def place_of(file: Path, url: str | None) -> Place:
    """url: PostgreSQL's address, or None for the SQLite file. Raises ConfigurationError, which never quotes it."""
    if not url:
        return _place_of_file(file)
    fault = f"{DECISIONS_URL} is no address of a PostgreSQL database such as {_EXAMPLE}"
    try:
        parsed = sa.make_url(url.strip())
    except (ArgumentError, ValueError):
        raise ConfigurationError(fault) from None
    if parsed.drivername not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise ConfigurationError(fault)
    # a password with an @ of its own would end up in what is shown
    if (parsed.host and not _HOST.fullmatch(parsed.host)) or re.search(r"[@/:]", parsed.database or ""):
        raise ConfigurationError(f"{fault}. Write special characters of the password in percent form: @ as %40")
    if not parsed.database:
        raise ConfigurationError(f"{fault}: it names no database")
    host = parsed.host or "this machine"
    port = f":{parsed.port}" if parsed.port else ""
    described = f"PostgreSQL, database {parsed.database} at {host}{port}"
    return Place(described, parsed.set(drivername="postgresql+psycopg"))


def _place_of_file(file: Path) -> Place:
    return Place(str(file), sa.URL.create("sqlite"), file)


class Database:
    """One opened database, of the schema that this program knows."""

    def __init__(self, place: Place, engine: sa.Engine, schema: str) -> None:
        self.place = place
        self.schema = schema
        self._engine = engine

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that only reads. Raises DecisionsUnavailable."""
        with faults_told(self.place), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction with no other writer beside it: all of it is kept or nothing. Raises DecisionsUnavailable."""
        with faults_told(self.place, is_write=True), _writer(self._engine).begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql("lock table decisions in share row exclusive mode")
            yield connection

    def close(self) -> None:
        self._engine.dispose()


def open_database(place: Place) -> Database:
    """Open it; where there is none, make it; where it is older, bring it up to date.

    Raises DecisionsUnavailable.
    """
    with faults_told(place):
        if place.file is not None:
            _make_sqlite(place.file)
        return _open(place) or _open_new_postgresql(place)


def open_existing(place: Place) -> Database | None:
    """Open it as open_database does, but None where nothing was ever written. Raises DecisionsUnavailable."""
    if place.file is not None and not place.file.exists():
        return None
    with faults_told(place):
        return _open(place)


def _open(place: Place) -> Database | None:
    """Of an existing database; None where PostgreSQL holds no decisions yet."""
    engine = _engine(place)
    try:
        if place.file is not None:
            _refuse_damage(place, engine)
        found = _version(engine)
        if found is None and place.file is None:
            engine.dispose()
            return None
        return Database(place, engine, _current(place, engine, found))
    except BaseException:
        engine.dispose()
        raise


def _open_new_postgresql(place: Place) -> Database:
    engine = _engine(place)
    try:
        _refuse_narrow_text(place, engine)
        _upgrade(engine)
        return Database(place, engine, _current(place, engine, _version(engine)))
    except BaseException:
        engine.dispose()
        raise


def _current(place: Place, engine: sa.Engine, found: str | None) -> str:
    """The schema that this program knows, to which an older database is brought. found: the one it has."""
    if found is None:
        raise DecisionsUnavailable(
            place.described,
            "this is a database of something else than decisions. Move it away, or put the right one in its place",
        )
    steps = ScriptDirectory(str(_STEPS))
    newest = steps.get_current_head() or ""
    if found == newest:
        return newest
    if found not in {step.revision for step in steps.walk_revisions()}:
        raise DecisionsUnavailable(
            place.described,
            f"written by a newer program (schema {found}; this one knows up to {newest}). "
            "Update the program on this machine",
        )
    if place.file is None:
        _upgrade(engine)
    else:
        with _one_at_a_time(place.file):
            _upgrade(engine)
    return newest


def _make_sqlite(file: Path) -> None:
    """Make the file where there is none: complete, readable by its owner alone, and one even if two try at once."""
    if file.exists():
        return
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _one_at_a_time(file):
        if file.exists():
            return
        unfinished = file.with_name(f"{file.name}.new")
        for left in (unfinished, unfinished.with_name(f"{unfinished.name}-journal")):
            left.unlink(missing_ok=True)
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        engine = _engine(_place_of_file(unfinished))
        try:
            _upgrade(engine)
        finally:
            engine.dispose()
        os.replace(unfinished, file)
        sync_folder(file.parent)


def _upgrade(engine: sa.Engine) -> None:
    """All missing steps in one transaction; a no-op where another opening was quicker."""
    config = Config()
    config.set_main_option("script_location", str(_STEPS).replace("%", "%%"))
    with _MIGRATING, _writer(engine).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("select pg_advisory_xact_lock(hashtext('expertise decisions'))")
        config.attributes.update(connection=connection, version_table=VERSION_TABLE)
        command.upgrade(config, "head")


def _version(engine: sa.Engine) -> str | None:
    with engine.begin() as connection:
        return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()


def _refuse_damage(place: Place, engine: sa.Engine) -> None:
    with engine.begin() as connection:
        said = connection.exec_driver_sql("pragma quick_check(1)").scalar()
    if said != "ok":
        raise DecisionsUnavailable(place.described, _DAMAGED)


def _refuse_narrow_text(place: Place, engine: sa.Engine) -> None:
    """Names and reasons may hold any letter."""
    with engine.begin() as connection:
        encoding = connection.exec_driver_sql("show server_encoding").scalar()
    if encoding != "UTF8":
        raise DecisionsUnavailable(
            place.described, f"this database keeps its text in {encoding}; make one with the encoding UTF8"
        )


@contextmanager
def _one_at_a_time(file: Path) -> Iterator[None]:
    lock = FileLock(file.with_name(f"{file.name}.lock"), timeout=SECONDS_TO_WAIT)
    try:
        with lock:
            yield
    except Timeout:
        raise DecisionsUnavailable(str(file), _BUSY) from None


def _engine(place: Place) -> sa.Engine:
    """hide_parameters: an error never quotes what was to be written."""
    if place.file is None:
        return sa.create_engine(
            place.url,
            poolclass=NullPool,
            hide_parameters=True,
            connect_args={"connect_timeout": _SECONDS_TO_CONNECT, "application_name": "expertise"},
        )
    engine = sa.create_engine(
        place.url, creator=partial(_connect_sqlite, place.file), poolclass=NullPool, hide_parameters=True
    )
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _connect_sqlite(file: Path) -> sqlite3.Connection:
    # mode=rw never makes a file, and reads one that may only be read
    connection = sqlite3.connect(
        f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=SECONDS_TO_WAIT, isolation_level=None
    )
    try:
        # a committed decision is on the disk, its folder's entry too
        connection.execute("pragma synchronous = extra")
        connection.execute("pragma foreign_keys = on")
    except BaseException:
        connection.close()
        raise
    return connection


def _begin_sqlite(connection: sa.Connection) -> None:
    is_writer = connection.get_execution_options().get("is_writer", False)
    connection.exec_driver_sql("begin immediate" if is_writer else "begin")


def _writer(engine: sa.Engine) -> sa.Engine:
    return engine.execution_options(is_writer=True)


_DAMAGED = (
    "the SQLite file is damaged. Put the newest sound copy in its place; nothing reads it until then, "
    "so that no decision is lost quietly"
)
_BUSY = f"another program has held it for {SECONDS_TO_WAIT} seconds. Wait for that one to end, then try again"
_READ_ONLY = "it may only be read from here. Give the account that runs this the right to write the file and its folder"
_SQLITE_REASONS = {
    "SQLITE_NOTADB": _DAMAGED,
    "SQLITE_CORRUPT": _DAMAGED,
    "SQLITE_BUSY": _BUSY,
    "SQLITE_LOCKED": _BUSY,
    "SQLITE_READONLY": _READ_ONLY,
    "SQLITE_FULL": "the disk is full. Free space there, then try again",
    "SQLITE_CANTOPEN": "the file can't be opened. Give the account that runs this the right to read and write it",
    "SQLITE_PERM": "the file can't be opened. Give the account that runs this the right to read and write it",
    "SQLITE_IOERR": "the disk failed to read or write it. Look at the disk, then try again",
}
_POSTGRESQL_REASONS = {
    "28": f"the user or the password was refused. Set {DECISIONS_URL} anew",
    "3D": "there is no such database. Make it (`createdb`), or correct the name in " + DECISIONS_URL,
    "42501": "the user may not do this. Grant it the right to create and fill tables in this database",
    "42P07": "another program has a table of this name there. Make a database for decisions alone, and name it in "
    + DECISIONS_URL,
    "53": "the server has no room for this: connections, memory or disk. Look at the server, then try again",
    "57": "the server is starting, stopping or ended the connection. Try again when it runs",
    "25006": "the server takes no changes (a standby, or set to read only). Name the one that does in " + DECISIONS_URL,
}


@contextmanager
def faults_told(place: Place, is_write: bool = False) -> Iterator[None]:
    """Turns the engine's errors into DecisionsUnavailable; an error that means a bug of ours stays."""
    try:
        yield
    except DBAPIError as fault:
        reason = _reason(fault)
        if reason is None:
            raise
        if is_write and fault.connection_invalidated:
            reason += ". Look at `expertise decisions list` first: the last decision may have been kept"
        raise DecisionsUnavailable(place.described, reason) from None
    except OSError as fault:
        said = (fault.strerror or "can't be used").lower()
        raise DecisionsUnavailable(
            place.described, f"{said}. Give the account that runs this the right to write there"
        ) from None


def _reason(fault: DBAPIError) -> str | None:
    original: Any = fault.orig
    if isinstance(original, sqlite3.Error):
        name = getattr(original, "sqlite_errorname", "")
        return next((reason for sign, reason in _SQLITE_REASONS.items() if name.startswith(sign)), None)
    state = getattr(original, "sqlstate", None) or ""
    if told := next((reason for sign, reason in _POSTGRESQL_REASONS.items() if state.startswith(sign)), None):
        return told
    if not isinstance(fault, OperationalError | InterfaceError):
        return None
    # psycopg's own words on a failed sign-in carry no state, and may quote the address
    words = str(original).lower()
    if "authentication failed" in words or "no password supplied" in words:
        return _POSTGRESQL_REASONS["28"]
    if "database" in words and "does not exist" in words:
        return _POSTGRESQL_REASONS["3D"]
    return f"no PostgreSQL server answers there. Is it running, and is {DECISIONS_URL} right?"
