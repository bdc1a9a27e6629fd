"""The command line from outside: start-up, exit codes, and what wrong usage is told."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

EXPERTISE = [sys.executable, "-m", "pipelines.cli"]


def expertise(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*EXPERTISE, *arguments], capture_output=True, text=True, cwd=folder, check=False)


def test_cli__help_answers_in_under_a_second() -> None:
    seconds = []
    for _ in range(3):
        before = time.monotonic()
        assert expertise("--help").returncode == 0
        seconds.append(time.monotonic() - before)
    assert min(seconds) < 1.0, seconds


def test_cli__help_imports_nothing_heavy() -> None:
    code = (
        "import sys, pipelines.cli; heavy = {'dagster', 'dbt', 'great_expectations', 'pandas', 'polars', 'duckdb'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_cli__an_unknown_option_is_wrong_usage() -> None:
    assert expertise("run", "--nonsense").returncode == 2


def test_cli__a_missing_configuration_is_wrong_usage_and_says_what_to_do(tmp_path: Path) -> None:
    done = expertise("run", folder=tmp_path)
    assert done.returncode == 2
    assert "no such file" in done.stderr and "expertise init" in done.stderr


def test_cli__json_errors_are_json(tmp_path: Path) -> None:
    done = expertise("status", "--json", folder=tmp_path)
    assert done.returncode == 2 and "no such file" in json.loads(done.stdout)["error"]


def test_cli__init_writes_a_district_that_loads_and_never_overwrites(tmp_path: Path) -> None:
    assert expertise("init", folder=tmp_path).returncode == 0
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0
    listed = expertise("sources", "list", "--json", folder=tmp_path)
    assert listed.returncode == 0, listed.stderr
    assert [source["name"] for source in json.loads(listed.stdout)["sources"]] == ["badges", "sis", "badge_files", "hr"]
    again = expertise("init", folder=tmp_path)
    assert again.returncode == 2 and "is there already" in again.stderr


def test_cli__a_missing_secret_is_named_before_anything_is_pulled(tmp_path: Path) -> None:
    expertise("init", folder=tmp_path)
    done = expertise("run", folder=tmp_path)
    assert done.returncode == 2 and "BADGES_USERNAME" in done.stderr
    assert not (tmp_path / "landing").exists()


def test_cli__an_unknown_source_suggests_the_nearest(tmp_path: Path) -> None:
    expertise("init", folder=tmp_path)
    done = expertise("sources", "check", "badgess", folder=tmp_path)
    assert done.returncode == 2 and 'Did you mean "badges"?' in done.stderr


def test_cli__asking_without_a_role_is_denied(tmp_path: Path) -> None:
    expertise("init", folder=tmp_path)
    done = expertise("find", "Questioning", folder=tmp_path)
    assert done.returncode == 2 and "no role was given" in done.stderr


def test_cli__asking_before_the_first_release_says_so(tmp_path: Path) -> None:
    expertise("init", folder=tmp_path)
    done = expertise("find", "Questioning", "--as", "district_leader", folder=tmp_path)
    assert done.returncode == 1 and "no release has been published yet" in done.stderr
