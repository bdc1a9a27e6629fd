"""No withheld value, secret or token stands in any file that a run leaves behind, nor in what it says.

The sandbox plants recognisable marks in every withheld field of its platforms and files.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest

from connectors.sandbox.canaries import CANARIES
from connectors.sandbox.district import generate
from connectors.sandbox.server import CREDENTIALS, Sandbox
from pipelines.run import RunReport
from tests.homes import ENVIRONMENT, Home, make_home


@pytest.fixture(scope="module")
def run_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, RunReport]]:
    district = generate(seed=3, teachers=40)
    with Sandbox.start(district) as sandbox:
        home = make_home(tmp_path_factory.mktemp("canary") / "home", district, sandbox)
        yield home, home.run()


def written_files(home: Home) -> list[Path]:
    """Everything the run wrote; the drop folder and mappings are the district's own input."""
    folders = ("landing", "warehouse", "published", "reports", "state")
    files = [path for name in folders for path in (home.folder / name).rglob("*") if path.is_file()]
    assert len(files) > 100
    return files


def texts(path: Path) -> Iterator[str]:
    """A file's content as text: compressed formats are read, so that nothing hides in them."""
    yield path.read_bytes().decode("latin-1")
    if path.suffix == ".parquet":
        yield str(pl.read_parquet(path).rows())
    if path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as database:
            tables = database.execute("select schema_name, table_name from duckdb_tables()").fetchall()
            for schema, table in tables:
                yield str(database.execute(f'select * from "{schema}"."{table}"').fetchall())


def test_canaries__the_platforms_do_serve_them(run_home: tuple[Home, RunReport]) -> None:
    home, report = run_home
    assert report.is_published
    manifests = [json.loads(path.read_text()) for path in home.folder.rglob("_manifest.json")]
    withheld = {field for manifest in manifests for field in manifest["withheld_fields"]}
    assert {"comments", "birthDate", "narrative"} <= withheld


def test_canaries__no_withheld_value_stands_in_any_file(run_home: tuple[Home, RunReport]) -> None:
    home, _ = run_home
    for path in written_files(home):
        for text in texts(path):
            for canary in CANARIES:
                assert canary not in text, f"{canary} in {path.relative_to(home.folder)}"


def test_canaries__no_secret_stands_outside_the_token_store(run_home: tuple[Home, RunReport]) -> None:
    home, report = run_home
    secrets = [value for name, value in ENVIRONMENT.items() if name not in ("BADGES_USERNAME",)]
    tokens = home.folder / "state" / "tokens"
    assert all(path.stat().st_mode & 0o077 == 0 for path in tokens.iterdir())
    for path in tokens.iterdir():
        secrets += [
            value for key, value in json.loads(path.read_text()).items() if "token" in key and len(str(value)) > 12
        ]
    for path in written_files(home):
        content = path.read_bytes()
        for secret in secrets:
            if tokens not in path.parents or secret in CREDENTIALS.values():
                assert str(secret).encode() not in content, path.relative_to(home.folder)
    assert not any(secret in json.dumps(report.to_json()) for secret in map(str, secrets))


def test_canaries__manifests_reports_and_logs_name_no_person(run_home: tuple[Home, RunReport]) -> None:
    home, _ = run_home
    emails = [row[0] for row in home.query("select distinct email from stg_files__roster where email is not null")]
    told = [path for path in written_files(home) if path.suffix in {".json", ".html", ".log"}]
    assert len(emails) > 40 and len(told) > 30
    for path in told:
        content = path.read_text(errors="replace").lower()
        assert not any(email.lower() in content for email in emails), path.relative_to(home.folder)


def test_canaries__the_evaluators_release_holds_no_one(run_home: tuple[Home, RunReport]) -> None:
    home, _ = run_home
    rows = home.query("select staff_key, first_name || ' ' || last_name from dim_staff where first_name is not null")
    (file,) = (home.folder / "published" / "evaluators").glob("*.duckdb")
    content = "".join(texts(file))
    assert rows
    for staff_key, name in rows:
        assert staff_key not in content and name not in content
