"""The worked example of the guide "A new platform": a toy platform, added to a copy of the project and run.

Belongs here: that it works, and that it touches the places which the guide lists and no
others. Does not belong here: the toy itself (new_files, lines).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.connectors.scripted_server import Answer, Request, ScriptedServer, json_answer
from tests.connectors.toy.lines import LINES

PROJECT = Path(__file__).parents[3]
NEW_FILES = Path(__file__).parent / "new_files"
PARTS = ("connectors", "expectations", "pipelines", "dbt_project", "tests/connectors/toy")
TOKEN = "a-token-of-the-toy-platform"
WRITTEN_BY_A_PERSON = "canary: she told me in confidence"
AWARDS = [
    {
        "id": f"toy-{number}",
        "badge": "questioning",
        "issuer": "toy-town",
        "earner": {"email": f"earner{number}@toy.example"},
        "awarded_at": f"2026-0{number}-15T15:00:00Z",
        "revoked": number == 3,
        "note": WRITTEN_BY_A_PERSON,
    }
    for number in range(1, 8)
]
PAGE = 3
DISTRICT_YML = """\
district: {{id: toy-town, name: Toy Town (SYNTHETIC), timezone: America/Chicago, is_synthetic: true}}
sources:
  toys: {{platform: toy_badges, base_url: "{url}"}}
"""


def awards_page(request: Request) -> Answer:
    """The platform's one endpoint: three awards a page, and a cursor to the next."""
    if request.token != TOKEN:
        return json_answer({"message": "unknown token"}, 401)
    start = int(request.query.get("after", "0"))
    following = start + PAGE
    cursor = str(following) if following < len(AWARDS) else None
    return json_answer({"total": len(AWARDS), "awards": AWARDS[start:following], "next": cursor})


@dataclass(frozen=True)
class Ran:
    """The copy with the toy in it, and what came of one run. touched: files that are new or otherwise than before."""

    copy: Path
    touched: set[str]
    home: Path
    said: dict[str, Any]
    requests: list[Request]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.home / "warehouse" / "warehouse.duckdb"), read_only=True) as warehouse:
            return warehouse.execute(sql).fetchall()


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    copy, home = tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("home")
    for part in PARTS:
        shutil.copytree(PROJECT / part, copy / part, ignore=ignored)
    before = digests(copy)
    shutil.copytree(NEW_FILES, copy, dirs_exist_ok=True, ignore=ignored)
    for line in LINES:
        line.add(copy)
    with ScriptedServer() as server:
        server.always("GET", "/awards", awards_page)
        (home / "district.yml").write_text(DISTRICT_YML.format(url=server.base_url))
        done = subprocess.run(
            [sys.executable, "-m", "tests.connectors.toy.night", str(home / "district.yml")],
            cwd=copy,
            env=os.environ
            | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1", "TOYS_TOKEN": TOKEN}
            | {"EXPERTISE_PSEUDONYM_KEY": "a-key-for-tests-of-32-characters!"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        touched = {name for name, digest in digests(copy).items() if before.get(name) != digest}
        yield Ran(copy, touched, home, json.loads(done.stdout.splitlines()[-1]), server.requests)


def ignored(_folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name in ("__pycache__", "target", "logs") or name.endswith(".pyc")}


def test_toy__is_an_asset_that_runs_and_passes_its_suite(ran: Ran) -> None:
    assert set(ran.said["imported_from"]) == {str(ran.copy)}, "the copy ran, and not the installed project"
    assert ran.said["assets"] == ["landed/toy_badges/awards", "staging/stg_toy_badges__awards"]
    assert ran.said["failed"] == []
    assert ran.said["is_success"], ran.said["faults"]
    assert "landed/toy_badges/awards delivery_as_promised" in ran.said["passed"]
    grains = [check for check in ran.said["passed"] if " one_row_per_" in check]
    assert {check.split()[0] for check in grains} == {
        "marts/fct_credential_awards",
        "published/pub_analysts__reconciliation",
    }


def test_toy__its_pages_are_landed_without_what_is_withheld(ran: Ran) -> None:
    assert [request.query for request in ran.requests] == [{}, {"after": "3"}, {"after": "6"}]
    (manifest,) = (ran.home / "landing").rglob("_manifest.json")
    told = json.loads(manifest.read_text())
    assert (told["pages"], told["records_reported"], told["records_landed"]) == (3, 7, 7)
    assert json.loads((manifest.parent / "_verdict.json").read_text())["outcome"] == "accepted"
    for path in (path for path in ran.home.rglob("*") if path.is_file()):
        assert WRITTEN_BY_A_PERSON.encode() not in path.read_bytes() and TOKEN.encode() not in path.read_bytes(), path


def test_toy__its_awards_are_counted_in_the_mart_and_reconciled(ran: Ran) -> None:
    assert ran.rows(
        "select source_system, count(*), count(*) filter (is_revoked) from fct_credential_awards group by all"
    ) == [("toy_badges", 7, 1)]
    assert ran.rows(
        "select stream, records_landed, records_loaded, is_reconciled from pub_analysts__reconciliation"
    ) == [("awards", 7, 7, True)]


def test_toy__touches_the_places_that_the_guide_lists_and_no_others(ran: Ran) -> None:
    model = "credentials/int_credentials__awards_unioned"
    assert ran.touched == places_in_the_guide("toy_badges", "awards", model)
    assert not [path for path in ran.touched if path.startswith("pipelines/")], "no orchestration file changes"


def digests(project: Path) -> dict[str, str]:
    """Every file by its path in the project."""
    return {
        path.relative_to(project).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in project.rglob("*")
        if path.is_file()
    }


def places_in_the_guide(platform: str, stream: str, model: str) -> set[str]:
    """The files in the guide's table of what a platform needs to be loaded, with the names filled in."""
    guide = (PROJECT / "connectors" / "README.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"^### To be loaded\n(.*?)^### ", guide, re.DOTALL | re.MULTILINE)
    named = {"<platform>": platform, "<stream>": stream, "<concern>/<model>": model}
    places = re.findall(r"^\| `([^`]+)`", table, re.MULTILINE)
    for placeholder, name in named.items():
        places = [place.replace(placeholder, name) for place in places]
    return set(places)
