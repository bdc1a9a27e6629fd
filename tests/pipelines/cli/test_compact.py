"""`expertise compact` from outside: what it reports, in JSON and in a table, and what it leaves."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from connectors.core.landing.manifest import write_verdict
from connectors.sandbox import files_drop
from connectors.sandbox.district import District
from pipelines.build_input import states
from pipelines.demo import DISTRICT_YML
from pipelines.progress import Silent
from pipelines.pull_source import pull_source
from pipelines.settings import Settings, load_settings
from tests.homes import ENVIRONMENT

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def home(district: District, tmp_path: Path) -> Settings:
    """Two full lists of the files, accepted; nothing else was ever pulled."""
    files_drop.write(district, tmp_path)
    (tmp_path / "district.yml").write_text(DISTRICT_YML.format(badgr=NOWHERE, edfi=NOWHERE))
    settings = load_settings(tmp_path / "district.yml", ENVIRONMENT)
    for _ in range(2):
        pull_source(settings, "hr", True, Silent())
    for _, _, state in states(settings):
        for run in state.pending:
            write_verdict(run.folder, '{"outcome": "accepted", "findings": []}')
    return settings


def compact(settings: Settings, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipelines.cli", "compact", *options]
    return subprocess.run(command, cwd=settings.home, capture_output=True, text=True, check=False)


def test_compact__reports_runs_files_and_repeats_before_and_after(home: Settings) -> None:
    unknown = compact(home, "--source", "hrr")
    assert unknown.returncode == 2 and "hr" in unknown.stderr
    before = {stream.name: len(state.parts()) for _, stream, state in states(home)}
    done = compact(home, "--source", "hr", "--json")
    assert done.returncode == 0, done.stderr
    lines = {line["stream"]: line["compaction"] for line in json.loads(done.stdout)}
    roster = lines["roster"]
    assert (roster["runs_before"], roster["files_before"]) == (2, before["roster"])
    assert roster["files_after"] == 2, "one of before the newest full pull, one since"
    assert 0 < roster["bytes_after"] < roster["bytes_before"]

    again = compact(home)
    assert again.returncode == 0 and "streams have nothing to fold" in again.stdout


def test_compact__a_damaged_stream_is_named_and_the_others_are_folded(home: Settings) -> None:
    state = next(state for _, stream, state in states(home) if stream.name == "roster")
    state.parts()[0].path.unlink()
    done = compact(home, "--json")
    assert done.returncode == 1
    lines = {line["stream"]: line for line in json.loads(done.stdout) if line["connection"] == "hr"}
    assert "part-0000.parquet is missing" in lines["roster"]["fault"] and lines["roster"]["compaction"] is None
    assert lines["compensation"]["compaction"]["runs_before"] == 2
