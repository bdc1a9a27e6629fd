"""`expertise renewal` and `expertise issuers` from outside, on a planted release."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.publish.release import publish
from tests.pipelines.planted_warehouse import KEY, build_warehouse, key, name_of, release_info

DISTRICT = """
district: {id: cedar-valley, name: Cedar Valley Schools (SYNTHETIC), timezone: America/Chicago, is_synthetic: true}
roles:
  district_leader: {scope: district, inside: band}
  coach: {scope: school, inside: strengths}
  teacher: {scope: self, inside: band}
cli: {as: district_leader}
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    (folder / "district.yml").write_text(DISTRICT)
    publish(build_warehouse(folder / "warehouse.duckdb"), folder / "published", release_info("r1"), KEY)
    return folder


def expertise(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *arguments],
        capture_output=True,
        text=True,
        cwd=home,
        check=False,
        env=os.environ | {"COLUMNS": "80"},
    )


def test_renewal__a_school_is_a_table_in_80_columns_that_says_what_it_leaves_out(home: Path) -> None:
    done = expertise(home, "renewal", "--school", "101")
    assert done.returncode == 0, done.stderr
    assert max(len(line) for line in done.stdout.splitlines()) <= 80
    assert name_of("101", "need") in done.stdout
    assert name_of("101", "expert") not in done.stdout  # has enough: counted below the table
    assert "1 enough" in done.stdout
    assert "level of effectiveness" in done.stdout
    assert "Policy 5.502; not verified by the district" in done.stdout


def test_renewal__a_person_has_every_award_with_its_reason(home: Path) -> None:
    done = expertise(home, "renewal", name_of("101", "need"))
    assert done.returncode == 0, done.stderr
    assert "Does not count: it was revoked." in done.stdout
    assert "1.5 hours supported an award that counts" in done.stdout


def test_renewal__json_holds_numbers_and_dates(home: Path) -> None:
    people = json.loads(expertise(home, "renewal", "--school", "101", "--json").stdout)["people"]
    behind = next(person for person in people if person["standing"] == "behind")
    assert (behind["missing_units"], behind["ends_date"], behind["days_left"]) == (52, "2028-08-31", 650)
    assert not [column for column in behind if "effect" in column]


def test_renewal__who_asks_for_themselves_need_not_say_for_whom(home: Path) -> None:
    answer = json.loads(expertise(home, "renewal", "--as", f"teacher:{key('103/need')}", "--json").stdout)
    assert answer["name"] == name_of("103", "need")
    assert len(answer["awards"]) == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("renewal", "--school", " "), "--school was given without a value"),
        (("renewal", "Expert", "--school", "101"), "not both"),
        (("renewal", "--as", "coach:103"), "personnel data"),
        (("issuers", "Prarie Teaching"), "Did you mean Prairie Teaching Collaborative"),
    ],
)
def test_commands__wrong_questions_are_told_clearly(home: Path, arguments: tuple[str, ...], told: str) -> None:
    done = expertise(home, *arguments)
    assert done.returncode == 2
    assert told in done.stderr


def test_issuers__figures_then_questions_in_80_columns(home: Path) -> None:
    done = expertise(home, "issuers")
    assert done.returncode == 0, done.stderr
    assert max(len(line) for line in done.stdout.splitlines()) <= 80
    assert "ASR-07" in done.stdout
    assert "questions, not verdicts" in done.stdout
    assert "few" in done.stdout  # below ten decisions there is no share


def test_issuers__json_leaves_out_what_the_role_may_not_see(home: Path) -> None:
    answer = json.loads(expertise(home, "issuers", "Institute", "--as", "coach:103", "--json").stdout)
    assert answer["assessors"] is None
    assert {row["micro_credential"] for row in answer["micro_credentials"]} == {"Questioning", "Feedback"}
    assert "holder_in_need_share" not in answer["issuers"][0]
