"""The command: one question at a time, decisions recorded, files written, faults told.

Belongs here: `expertise pair` from its options to its exit codes. Does not belong here: who may see or be
paired (apps/test_pairing).
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines import screen
from pipelines.cli import app
from pipelines.decisions.store import DecisionStore
from pipelines.publish.release import publish
from pipelines.settings import load_settings
from tests.pipelines.planted_warehouse import KEY, build_warehouse, key, name_of, release_info

PAIR = key(key("101/need") + key("101/expert"))[:8]
BECAUSE = ("--by", "Pat Principal", "--why", "they teach next door")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pairs")
    publish(build_warehouse(folder / "warehouse.duckdb"), folder / "published", release_info("r1"), KEY)
    return folder / "published"


@pytest.fixture
def home(tmp_path: Path, published: Path) -> Path:
    """A district without sources whose release is the planted one."""
    (tmp_path / "district.yml").write_text(
        "district: {id: cedar-valley, name: Cedar Valley Schools (SYNTHETIC), timezone: America/Chicago}\n"
        "sources: {}\n"
        "roles:\n"
        "  leader: {scope: district, inside: band}\n"
        "  coach: {scope: school, inside: strengths}\n"
        "cli: {as: leader}\n"
    )
    (tmp_path / "published").symlink_to(published, target_is_directory=True)
    return tmp_path


@pytest.fixture(autouse=True)
def answers_go_where_the_test_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The console keeps the stdout that it was made with, which here is an earlier test's."""
    monkeypatch.setattr(screen.console, "file", None)


def ask(home: Path, *options: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["pair", "--config", str(home / "district.yml"), *options])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


def ask_json(home: Path, *options: str) -> dict[str, object]:
    code, output = ask(home, "--json", *options)
    assert code == 0, output
    answer: dict[str, object] = json.loads(output)
    return answer


def test_pair__shows_the_pairs_of_a_school(home: Path) -> None:
    code, output = ask(home, "--school", "Alder Elementary")
    assert code == 0
    for words in (PAIR, name_of("101", "need"), name_of("101", "expert"), "Questioning", "No statewide effect", "r1"):
        assert words in output
    assert "Birch" not in output
    assert max(len(line) for line in output.splitlines()) <= 80


def test_pair__json_is_the_answer_and_nothing_else(home: Path) -> None:
    answer = ask_json(home, "--all")
    assert set(answer) == {"pairs", "past", "unpaired", "evidence"}


def test_pair__accept_is_recorded_with_who_and_why_and_told(home: Path) -> None:
    told = ask_json(home, "--accept", PAIR, *BECAUSE)
    with DecisionStore.open(load_settings(home / "district.yml")) as store:
        (kept,) = store.newest("pairing")
    assert kept.decision_id == told["decision_id"]
    assert (kept.subject_id, kept.target_id, kept.decision) == ("id 101/need", "id 101/expert", "accepted")
    assert (kept.decided_by, kept.reason, kept.detail) == (
        "Pat Principal",
        "they teach next door",
        {"focus": "Questioning"},
    )
    pairs = {pair["pair"]: pair for pair in ask_json(home, "--school", "101")["pairs"]}  # type: ignore[attr-defined]
    assert pairs[PAIR]["since_release"] == "accepted by Pat Principal, counts from the next run"
    code, output = ask(home, "--accept", PAIR, *BECAUSE)
    assert code == 2 and "already accepted" in output


def test_pair__edit_and_reject_are_recorded(home: Path) -> None:
    ask_json(home, "--edit", PAIR, "--partner", name_of("101", "strong practice"), *BECAUSE)
    with DecisionStore.open(load_settings(home / "district.yml")) as store:
        (kept,) = store.newest("pairing")
    assert kept.decision == "edited" and kept.detail is not None
    assert kept.detail["partner_id"] == "id 101/strong practice"
    other = key(key("103/need") + key("103/expert"))[:8]
    code, output = ask(home, "--reject", other, *BECAUSE)
    assert code == 0 and "never suggested again" in output


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), "say one of"),
        (("--all", "--school", "101"), "say one of"),
        (("--accept", PAIR, "--reject", PAIR), "say one of"),
        (("--school", " "), "without a value"),
        (("--accept", PAIR), "says who and why"),
        (("--accept", PAIR, "--by", "", "--why", "x"), "without a value"),
        (("--accept", PAIR, "--page", "x.html", *BECAUSE), "--csv and --page go with"),
        (("--edit", PAIR, *BECAUSE), "go together"),
        (("--accept", PAIR, "--partner", "x", *BECAUSE), "go together"),
        (("--all", *BECAUSE), "go with --accept"),
        (("--accept", "ffffffff", *BECAUSE), "there is no pair"),
        (("--school", "Alder Elementery"), "Did you mean Alder Elementary"),
        (("--school", "101", "--as", "coach:101"), "a role's sight must be `band`"),
    ],
)
def test_pair__wrong_use_is_told_and_nothing_is_recorded(options: tuple[str, ...], says: str, home: Path) -> None:
    code, output = ask(home, *options)
    assert code == 2 and says in " ".join(output.split())
    assert not (home / "decisions").exists()


def test_pair__writes_the_list_and_the_page(home: Path) -> None:
    code, output = ask(home, "--all", "--csv", str(home / "pairs.csv"), "--page", str(home / "pairs.html"))
    assert code == 0, output
    assert "pairs.csv" in output.replace("\n", "") and "pairs.html" in output.replace("\n", "")
    assert (home / "pairs.csv").read_text(encoding="utf-8").startswith("pair,school,")
    assert "Who works with whom in 2026–27" in (home / "pairs.html").read_text(encoding="utf-8")


def test_pair__a_file_that_can_not_be_written_is_told(home: Path) -> None:
    code, output = ask(home, "--all", "--csv", str(home / "missing" / "pairs.csv"))
    assert code == 1 and "could not write" in output


def test_pair__a_release_from_before_there_were_pairs(home: Path, tmp_path: Path) -> None:
    import duckdb

    (home / "published").unlink()
    publish(build_warehouse(tmp_path / "w.duckdb"), home / "published", release_info("r0"), KEY)
    file = home / "published" / "leaders" / "r0.duckdb"
    file.chmod(0o644)
    with duckdb.connect(str(file)) as database:
        database.execute("drop table pairings")
    code, output = ask(home, "--all")
    assert code == 2 and "run `expertise run`" in output
