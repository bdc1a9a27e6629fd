"""A district's settings over each of the two engines, each with a database of its own.

PostgreSQL is the real one, where it is installed: a server of the tests' own on a socket in a
temporary folder, reached by nobody else.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from pipelines.decisions.store import NewDecision
from pipelines.settings import DECISIONS_URL, Settings, load_settings

PASSWORD = "not-to-be-seen-17"
DISTRICT = "district: {id: d1, name: District One, timezone: America/Chicago}\n"


def consent(decision: str = "refused", roster_id: str = "000123", **changes: object) -> NewDecision:
    """A valid decision, with some of it changed."""
    words: dict[str, object] = {
        "kind": "consent",
        "subject_source": "files",
        "subject_id": roster_id,
        "target_source": "consent",
        "target_id": "named",
        "decision": decision,
        "reason": "asked by letter",
        "decided_by": "Robin Registrar",
    }
    return NewDecision(**(words | changes))  # type: ignore[arg-type]


def settings_in(folder: Path, url: str | None = None, district: str = DISTRICT) -> Settings:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "district.yml").write_text(district)
    return load_settings(folder / "district.yml", {DECISIONS_URL: url} if url else {})


@dataclass(frozen=True)
class Server:
    """A running PostgreSQL server: its socket's folder."""

    socket: Path

    def url(self, database: str, user: str = "expertise", password: str = PASSWORD) -> str:
        return f"postgresql://{user}:{password}@/{database}?host={self.socket}"

    def new_database(self, name: str) -> str:
        """Make an empty database; its address."""
        self.execute(f'create database "{name}" owner expertise')
        return self.url(name)

    def execute(self, statement: str, database: str = "postgres") -> None:
        with psycopg.connect(self.url(database, user="admin"), autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]


def _programs() -> Path | None:
    """The folder of the newest PostgreSQL of this machine."""
    found = shutil.which("initdb")
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return Path(found).parent if found else (versions[-1].parent if versions else None)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed on this machine (no initdb)")
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # a socket's path may have 107 characters
    who = {}
    if os.geteuid() == 0:  # the server refuses to run as root
        names = {entry.pw_name for entry in pwd.getpwall()}
        account = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
        os.chown(folder, account.pw_uid, account.pw_gid)
        who = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    data, secret = folder / "data", folder / "password"
    secret.write_text(PASSWORD)
    secret.chmod(0o644)

    def call(*command: str) -> None:
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, **who)  # type: ignore[call-overload]
        assert done.returncode == 0, done.stdout + done.stderr

    call(
        *(str(programs / "initdb"), "--pgdata", str(data), "--username", "admin", "--no-sync", "--no-locale"),
        *("--encoding", "UTF8", "--auth", "scram-sha-256", "--pwfile", str(secret)),
    )
    settings = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    pg_ctl = [str(programs / "pg_ctl"), "--pgdata", str(data), "--wait"]
    call(*pg_ctl, "--log", str(folder / "log"), "--options", settings, "start")
    try:
        running = Server(folder)
        running.execute(f"create role expertise login password '{PASSWORD}'")
        yield running
    finally:
        call(*pg_ctl, "--mode", "immediate", "stop")
        shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """A district with an empty database of its own, on each engine."""
    if request.param == "sqlite":
        return settings_in(tmp_path)
    server: Server = request.getfixturevalue("server")
    return settings_in(tmp_path, server.new_database(f"test_{os.getpid()}_{next(_NUMBERS)}"))


_NUMBERS = iter(range(1_000_000))
