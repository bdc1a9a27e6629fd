"""A small synthetic district with its platforms served over HTTP, and one loaded home of it.

A full run costs tens of seconds, so tests share a loaded home and copy it where they
change something: landing and releases are files, and copying files is copying state.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors.sandbox import files_drop
from connectors.sandbox.district import District, generate
from connectors.sandbox.server import CREDENTIALS, Sandbox
from pipelines.assets.warehouse import dbt_manifest, dbt_target
from pipelines.checks.deliveries import delivery_checks
from pipelines.demo import DISTRICT_YML
from pipelines.new_district import write_dagster_home
from pipelines.progress import Silent
from pipelines.run import RunReport, run
from pipelines.settings import PSEUDONYM_KEY, Settings, load_settings
from tests.parsed_project import lend

ENVIRONMENT = CREDENTIALS | {PSEUDONYM_KEY: "a-key-for-tests-of-32-characters!"}
TEACHERS = 60
STREAMS = 33
"""How many streams the loaded home carries: three of Badgr, sixteen of Ed-Fi, one of badge files, thirteen of files."""


@dataclass(frozen=True)
class Home:
    """A district's folder, its settings, and the sandbox that its sources point to."""

    folder: Path
    sandbox: Sandbox

    @property
    def settings(self) -> Settings:
        return load_settings(self.folder / "district.yml", ENVIRONMENT)

    def run(self, *sources: str, full_refresh: bool = False) -> RunReport:
        return run(self.settings, Silent(), sources, full_refresh)

    def rewrite(self, old: str, new: str) -> None:
        """Change district.yml; the old text must be there."""
        path = self.folder / "district.yml"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def copy(self, folder: Path) -> Home:
        """The same home elsewhere, against the same sandbox."""
        shutil.copytree(self.folder, folder)
        return Home(folder, self.sandbox)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the warehouse."""
        with duckdb.connect(str(self.settings.warehouse), read_only=True) as warehouse:
            return warehouse.execute(sql).fetchall()


def make_home(folder: Path, district: District, sandbox: Sandbox) -> Home:
    folder.mkdir(parents=True, exist_ok=True)
    files_drop.write(district, folder)
    (folder / "district.yml").write_text(DISTRICT_YML.format(badgr=sandbox.badgr_url, edfi=sandbox.edfi_url))
    write_dagster_home(folder)
    home = Home(folder, sandbox)
    settings = home.settings
    lend(
        dbt_target(settings),
        lambda: dbt_manifest(settings),
        ("project.json", "project.sha256", "partial_parse.msgpack"),
    )
    return home


@pytest.fixture(scope="session")
def district() -> District:
    return generate(seed=11, teachers=TEACHERS)


@pytest.fixture(scope="session")
def loaded(district: District, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, RunReport]]:
    """A home after one undisturbed run, for tests that only look. Don't change it: copy it."""
    with Sandbox.start(district) as sandbox:
        home = make_home(tmp_path_factory.mktemp("loaded") / "home", district, sandbox)
        yield home, home.run()


def with_own_sandbox(shared: Home, sandbox: Sandbox, folder: Path) -> Home:
    """A copy of a loaded home against a sandbox of its own.

    The copy stands at another address, and cursors name the server they came from: the
    address is rewritten in the manifests, as if the platform had always stood there.
    """
    home = shared.copy(folder)
    text = DISTRICT_YML.format(badgr=sandbox.badgr_url, edfi=sandbox.edfi_url)
    (home.folder / "district.yml").write_text(text)
    for manifest in (home.folder / "landing").rglob("_manifest.json"):
        manifest.write_text(manifest.read_text().replace(shared.sandbox.url, sandbox.url))
    return Home(home.folder, sandbox)


@pytest.fixture
def own(loaded: tuple[Home, RunReport], district: District, tmp_path: Path) -> Iterator[Home]:
    """A copy of the loaded home with a sandbox of its own, free to be changed."""
    with Sandbox.start(district) as sandbox:
        yield with_own_sandbox(loaded[0], sandbox, tmp_path / "home")


def judge(home: Home, source: str) -> None:
    """Judge what has landed of a source's platform and is pending, as a run does before it builds."""
    settings = home.settings
    list(delivery_checks(settings, settings.sources[source].platform, Silent())())  # type: ignore[call-overload]


def mart_hashes(home: Home) -> dict[str, tuple[int, int]]:
    """Rows and a hash that no row order changes, of every mart and published table.

    Equality as DESIGN has it: without columns that begin with `_`, floats rounded to 9
    places, and without what tells of the work itself (loads, findings, run ids).
    """
    of_the_work = tuple(f"pub_analysts__{name}" for name in ("loads", "findings", "rejects", "reconciliation"))
    hashes = {}
    with duckdb.connect(str(home.settings.warehouse), read_only=True) as warehouse:
        columns: dict[str, list[str]] = {}
        for table, column, kind in warehouse.execute(
            "select table_name, column_name, data_type from duckdb_columns() where not internal"
            " and regexp_matches(table_name, '^(dim|fct|bridge|pub)_') order by table_name, column_index"
        ).fetchall():
            if not column.startswith("_") and table not in of_the_work:
                quoted = f'"{column}"'
                columns.setdefault(table, []).append(f"round({quoted}, 9)" if kind == "DOUBLE" else quoted)
        for table, expressions in columns.items():
            row = warehouse.execute(
                f"select count(*), coalesce(sum(cast(hash({', '.join(expressions)}) as hugeint)), 0) from {table}"
            ).fetchone()
            assert row is not None
            hashes[table] = (int(row[0]), int(row[1]))
    assert len(hashes) > 30, "the marts were found"
    return hashes


def release_rows(home: Home, audience: str = "leaders") -> dict[str, list[tuple[Any, ...]]]:
    """Every table of the current release but `release` itself, rows sorted."""
    from pipelines.apps.release_reader import open_release

    with open_release(home.settings.published, audience) as release:
        return {
            table: sorted((tuple(row.values()) for row in release.query(f'select * from "{table}"')), key=repr)
            for table in release.tables()
            if table != "release"
        }
