"""`expertise review` from outside: the queue on a screen, decisions recorded, and clear refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipelines import screen
from pipelines.cli import app
from pipelines.decisions.store import DecisionStore
from pipelines.publish.release import publish
from pipelines.settings import load_settings
from tests.pipelines.planted_warehouse import KEY, build_warehouse, release_info

DISTRICT = "district: {id: cedar-valley, name: Cedar Valley Schools (SYNTHETIC), timezone: America/Chicago}\n"
WHO_AND_WHY = ("--by", "Robin Registrar", "--why", "her own letter")
QUEUE = """
    insert into pub_analysts__identity_queue values
    ('aaaa111111', 'cedar-valley', 'no_match', 'badgr.email', 'ada.ahs@d.example', null, 'ada.ahs@d.example', 3, 2024,
        2025, 1, 96, 'address differs from one of theirs by two letters', 'files', '004217', 'Ada Ash', 'Elm School',
        2026, true),
    ('aaaa111111', 'cedar-valley', 'no_match', 'badgr.email', 'ada.ahs@d.example', null, 'ada.ahs@d.example', 3, 2024,
        2025, 2, 81, 'the address reads like the name', 'files', '004300', 'Adam Ash', 'Oak School', 2022, false),
    ('bbbb222222', 'cedar-valley', 'two_records', 'edfi', 'S900', 'Ben [Birch]', null, 1, null, null, 1, 99,
        'same family name, same given name', 'files', '004218', 'Ben [Birch]', null, 2026, true),
    ('cccc333333', 'cedar-valley', 'no_match', 'badgr.email', 'maker@d.example', null, 'maker@d.example', 9, 2025, 2025,
        1, null, null, null, null, null, null, null, null);
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "district.yml").write_text(DISTRICT)
    warehouse = build_warehouse(tmp_path / "planted.duckdb", extra_sql=QUEUE)
    publish(warehouse, tmp_path / "published", release_info("r1"), KEY)
    return tmp_path


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """The console of the command on a screen of 80 columns, read as text."""
    from rich.console import Console

    from pipelines.commands import review_view

    console = Console(width=80, highlight=False, color_system=None)
    monkeypatch.setattr(screen, "console", console)
    monkeypatch.setattr(review_view, "console", console)


def asked(home: Path, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["review", *arguments, "--config", str(home / "district.yml")])
    return done.exit_code, done.output


def documents(home: Path, *arguments: str) -> Any:
    code, output = asked(home, *arguments, "--json")
    assert code == 0, output
    return json.loads(output)


def recorded(home: Path) -> list[tuple[str, ...]]:
    with DecisionStore.open(load_settings(home / "district.yml", {})) as store:
        return [
            (one.subject_source, one.subject_id, one.target_source, one.target_id, one.decision, one.decided_by)
            for one in store.newest("identity")
        ]


def test_review__lists_best_candidates_first_and_counts_the_rest(home: Path) -> None:
    code, output = asked(home)
    assert code == 0
    assert output.index("bbbb222222") < output.index("aaaa111111")
    assert "cccc333333" not in output and "1 item without a candidate" in output
    assert "Ben [Birch]" in output, "what a source says is no markup"
    assert all(len(line) <= 80 for line in output.splitlines())
    assert "cccc333333" in asked(home, "--all")[1]
    code, one = asked(home, "aaaa")
    assert code == 0 and "files:004300" in one and "left, last in 2022" in one


def test_review__json_holds_items_candidates_and_what_was_decided_since(home: Path) -> None:
    items = documents(home)
    assert [item["item_id"] for item in items] == ["bbbb222222", "aaaa111111"]
    assert [one["target_id"] for one in items[1]["candidates"]] == ["004217", "004300"]
    assert items[1]["decided"] == []
    assert [item["item_id"] for item in documents(home, "--all")][-1] == "cccc333333"
    answer = documents(home, "aaaa111111", "same", "004217", *WHO_AND_WHY)
    assert answer["decision"] == "same" and len(answer["recorded"]) == 1
    assert recorded(home) == [("badgr.email", "ada.ahs@d.example", "files", "004217", "same", "Robin Registrar")]
    (since,) = documents(home, "aaaa111111")["decided"]
    assert (since["decision"], since["target_id"], since["decided_by"]) == ("same", "004217", "Robin Registrar")
    assert "decided: same files:004217 by Robin Registrar" in asked(home, "aaaa111111")[1]


def test_review__different_without_a_person_refuses_every_candidate(home: Path) -> None:
    code, output = asked(home, "aaaa111111", "different", *WHO_AND_WHY)
    assert code == 0 and "the next `expertise run` goes by it" in output
    assert [(row[3], row[4]) for row in recorded(home)] == [("004217", "different"), ("004300", "different")]


def test_review__somebody_who_is_no_candidate_is_named_with_the_platform(home: Path) -> None:
    assert asked(home, "cccc333333", "same", "edfi:S77", *WHO_AND_WHY)[0] == 0
    assert [row[2:5] for row in recorded(home)] == [("edfi", "S77", "same")]


def test_review__a_file_records_many(home: Path) -> None:
    (home / "decided.csv").write_text(
        "kind,subject_source,subject_id,target_source,target_id,decision,reason,decided_by\n"
        "identity,edfi,S900,files,004218,same,asked,Robin Registrar\n"
        "identity,badgr.email,maker@d.example,files,004217,different,asked,Robin Registrar\n"
    )
    assert len(documents(home, "--file", str(home / "decided.csv"))["recorded"]) == 2
    assert len(recorded(home)) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("aaaa111112",), "Closest: aaaa111111"),
        (("zzzz",), "`expertise review` lists them"),
        (("aaaa111111", "same", "004217"), "--by WHO --why TEXT"),
        (("aaaa111111", "same", *WHO_AND_WHY), "names the person"),
        (("aaaa111111", "same", "999", *WHO_AND_WHY), "none of this item's candidates"),
        (("cccc333333", "different", *WHO_AND_WHY), "no candidates"),
        (("aaaa111111", *WHO_AND_WHY), "say what you decide"),
        (("aaaa111111", "perhaps", "004217", *WHO_AND_WHY), "'same', 'different'"),
        (("aaaa111111", "--file", "decided.csv"), "--file goes alone"),
    ],
)
def test_review__says_what_is_wrong_and_records_nothing(home: Path, arguments: tuple[str, ...], words: str) -> None:
    code, output = asked(home, *arguments)
    assert code == 2
    assert words in " ".join(output.replace("│", " ").split())
    assert recorded(home) == []


def test_review__without_a_release_says_how_to_get_one(tmp_path: Path) -> None:
    (tmp_path / "district.yml").write_text(DISTRICT)
    code, output = asked(tmp_path)
    assert code == 1 and "expertise run" in output
