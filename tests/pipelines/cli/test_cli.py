"""The command line from outside: start-up, exit codes, and what wrong usage is told."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

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


@pytest.mark.parametrize(
    "arguments", [("find",), ("find", "a", "b"), ("demo", "--teachers", "3"), ("run", "--nonsense")]
)
def test_cli__wrong_usage_with_json_is_json_too(arguments: tuple[str, ...]) -> None:
    done = expertise(*arguments, "--json")
    assert done.returncode == 2 and json.loads(done.stdout)["error"]


def test_cli__an_empty_role_or_school_is_refused_and_not_taken_for_none_given(tmp_path: Path) -> None:
    expertise("init", folder=tmp_path)
    with (tmp_path / "district.yml").open("a") as settings:
        settings.write("cli: {as: district_leader}\n")
    for arguments in (("--as", ""), ("--school", " ")):
        done = expertise("find", "Questioning", *arguments, folder=tmp_path)
        assert done.returncode == 2 and arguments[0] in done.stderr, done.stderr


def test_cli__a_folder_that_cannot_be_made_is_wrong_usage_without_errno(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    for command in (("init", "taken"), ("init", "taken/below"), ("demo", "--folder", "taken")):
        done = expertise(*command, folder=tmp_path)
        assert done.returncode == 2 and "taken" in done.stderr and "Errno" not in done.stderr, done.stderr


def test_cli__init_elsewhere_says_how_to_go_on(tmp_path: Path) -> None:
    done = expertise("init", "my-district", folder=tmp_path)
    assert "cd my-district" in done.stdout and "mappings" in done.stdout


def test_cli__pulling_a_source_without_its_secret_is_wrong_usage(tmp_path: Path) -> None:
    expertise("init", folder=tmp_path)
    done = expertise("sources", "pull", "badges", folder=tmp_path)
    assert done.returncode == 2 and done.stderr.count("BADGES_USERNAME is not set") == 1
    done = expertise("sources", "pull", "hr", "--json", folder=tmp_path)
    assert done.returncode == 2 and "no mapping file" in done.stdout


def test_cli__status_answers_before_mappings_and_secrets_are_there(tmp_path: Path) -> None:
    expertise("init", folder=tmp_path)
    done = expertise("status", "--json", folder=tmp_path)
    assert done.returncode == 0, done.stdout
    answer = json.loads(done.stdout)
    assert answer["release_id"] is None
    assert {line["connection"] for line in answer["streams"]} == {"badges", "sis", "badge_files", "hr"}


def test_cli__doctor_is_content_before_the_first_run_when_all_is_set(tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    (tmp_path / "drop" / "badge.json").write_text("{}")
    (tmp_path / "district.yml").write_text(
        "district: {id: d1, name: D, timezone: America/Chicago}\n"
        "roster_sources: [files]\n"
        "sources: {files: {platform: open_badges, folder: drop}}\n"
    )
    (tmp_path / ".env").write_text("EXPERTISE_PSEUDONYM_KEY=0123456789abcdef\n")
    done = expertise("doctor", folder=tmp_path)
    assert done.returncode == 0 and "none yet" in done.stdout and "1 source\n" in done.stdout, done.stdout
    (tmp_path / ".env").write_text("EXPERTISE_PSEUDONYM_KEY=short\n")
    done = expertise("doctor", folder=tmp_path)
    assert done.returncode == 1 and "at least 16" in done.stdout and "short" not in done.stdout
    (tmp_path / ".env").write_text("")
    done = expertise("doctor", folder=tmp_path)
    assert done.returncode == 1 and "pseudonym key: the secret" in " ".join(done.stdout.split())
