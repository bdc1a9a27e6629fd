"""Wrong input at each door, as a person meets it at the command line: a clear message, the right exit code.

Doors of the command line itself (unreadable or unknown configuration, missing secrets)
are in tests/pipelines/cli.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.sandbox.district import District
from connectors.sandbox.server import CREDENTIALS, Sandbox
from tests.homes import ENVIRONMENT, Home, make_home


@pytest.fixture
def home(district: District, tmp_path: Path) -> Iterator[Home]:
    """A home before its first run."""
    with Sandbox.start(district) as sandbox:
        yield make_home(tmp_path / "home", district, sandbox)


def expertise(
    home: Home, *arguments: str, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *arguments],
        capture_output=True,
        text=True,
        cwd=home.folder,
        env=ENVIRONMENT | (environment or {}) | {"COLUMNS": "300"},
        check=False,
    )


def test_wrong__a_right_password_reaches_and_a_wrong_one_is_refused_without_being_shown(home: Home) -> None:
    for name in ("badges", "sis", "badge_files", "hr"):
        assert expertise(home, "sources", "check", name).returncode == 0
    for name, variable in (("badges", "BADGES_PASSWORD"), ("sis", "SIS_CLIENT_SECRET")):
        done = expertise(home, "sources", "check", name, environment={variable: "wrong-and-secret"})
        assert done.returncode == 1
        assert variable in done.stderr and "wrong-and-secret" not in done.stderr + done.stdout


def test_wrong__an_unreachable_host_is_named_and_the_run_publishes_nothing(home: Home) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    home.rewrite(home.sandbox.badgr_url, f"http://127.0.0.1:{port}/badgr")
    done = expertise(home, "run", "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 1 and not report["is_published"]
    assert "no release has been published yet" in report["last_good"]
    (fault,) = {line["fault"] for line in report["streams"] if line["fault"]}
    assert f"no answer from 127.0.0.1:{port}" in fault and "Check base_url" in fault
    landed = {line["connection"] for line in report["streams"] if line["is_new"]}
    assert landed == {"sis", "hr", "badge_files"}, "the other sources land"


def test_wrong__a_csv_without_a_mapped_column_names_it_and_what_there_is(home: Home) -> None:
    (mapping,) = (home.folder / "mappings").glob("consents*.yml")
    text = mapping.read_text()
    column = next(line for line in text.splitlines() if "is_granted" in line)
    mapping.write_text(text.replace(column, "  is_granted: {column: Permission, true: [Y], false: [N]}"))
    done = expertise(home, "sources", "pull", "hr", "--json")
    assert done.returncode == 1
    faults = {line["stream"]: line["fault"] for line in json.loads(done.stdout)}
    assert "Permission" in faults["consents"] and "found" in faults["consents"].lower()
    assert faults["roster"] is None


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"a,b,c\n"])
def test_wrong__an_empty_file_is_named(home: Home, content: bytes) -> None:
    (mapping,) = (home.folder / "mappings").glob("student_growth*.yml")
    pattern = next(line.split()[1] for line in mapping.read_text().splitlines() if line.startswith("files:"))
    (file,) = home.folder.glob(pattern)
    file.write_bytes(content)
    done = expertise(home, "sources", "pull", "hr", "--json")
    fault = next(line["fault"] for line in json.loads(done.stdout) if line["stream"] == "student_growth")
    assert done.returncode == 1 and file.name in fault


def test_wrong__a_file_that_is_no_badge_is_rejected_with_its_reason_and_the_others_land(home: Home) -> None:
    (home.folder / "drop/badges/holiday.json").write_text('{"name": "a photo album"}')
    (home.folder / "drop/badges/letter.jwt").write_text("not a token")
    done = expertise(home, "sources", "pull", "badge_files", "--json")
    (line,) = json.loads(done.stdout)
    assert done.returncode == 0 and line["records_rejected"] == 2 and line["records_landed"] == 44


def test_wrong__an_unknown_mapping_key_is_told_with_the_nearest(home: Home) -> None:
    (mapping,) = (home.folder / "mappings").glob("consents*.yml")
    mapping.write_text(mapping.read_text().replace("columns:", "colums:"))
    done = expertise(home, "sources", "check", "hr")
    assert done.returncode == 2 and mapping.name in done.stderr and "columns" in done.stderr


def test_wrong__secrets_are_never_in_what_doctor_says(home: Home) -> None:
    done = expertise(home, "doctor")
    told = done.stdout + done.stderr
    assert "badges" in told and not any(secret in told for name, secret in CREDENTIALS.items() if "USER" not in name)
