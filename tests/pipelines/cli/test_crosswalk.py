"""`expertise crosswalk` as an analyst meets it: proposals, decisions, and what the release knows of them.

Belongs here: the four commands over a planted release. Does not belong here: how likeness is
measured (analysis), what a decision does to the warehouse (dbt unit tests).
"""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipelines import screen
from pipelines.cli import app
from pipelines.decisions.store import DecisionStore
from pipelines.publish.release import publish
from pipelines.settings import load_settings
from tests.pipelines.planted_crosswalk import OURS, PLANTED_CROSSWALK
from tests.pipelines.planted_warehouse import KEY, build_warehouse, release_info

DISTRICT = "district: {id: cedar-valley, name: Cedar Valley Schools (SYNTHETIC), timezone: America/Chicago}\n"
WORDS = ("--by", "A. Analyst", "--why", "read its description")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("crosswalk")
    warehouse = build_warehouse(folder / "planted.duckdb", extra_sql=PLANTED_CROSSWALK)
    publish(warehouse, folder / "published", release_info("r1"), KEY)
    return folder / "published"


@pytest.fixture
def home(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A district without any decision yet."""
    monkeypatch.setattr(screen.console, "file", None)  # whatever standard output is when something is shown
    shutil.copytree(published, tmp_path / "published")
    (tmp_path / "district.yml").write_text(DISTRICT)
    return tmp_path


def crosswalk(home: Path, *words: str) -> tuple[int, str]:
    arguments = ["crosswalk", *words, "--config", str(home / "district.yml")]
    done = CliRunner().invoke(app, arguments, env={"COLUMNS": "80"})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def answer(home: Path, *words: str) -> Any:
    code, output = crosswalk(home, *words, "--json")
    assert code == 0, output
    return json.loads(output)


def decisions(home: Path) -> list[tuple[str, ...]]:
    with DecisionStore.open(load_settings(home / "district.yml", {})) as store:
        return [(one.subject_source, one.subject_id, one.target_id, one.decision) for one in store.newest("crosswalk")]


def test_propose__the_items_that_hold_most_stand_first_with_their_reasons(home: Path) -> None:
    found = answer(home, "propose")
    assert [(row["item_id"], row["competency_code"], row["rank"]) for row in found] == [
        ("Student Behavior Lab", "C-E02", 1),
        ("bc-2", "C-I07", 1),
        ("ee-01", "C-I06", 1),
    ]
    assert found[0]["reason"] == "“student”, “behavior”"
    assert (found[0]["record_count"], found[0]["record_kind"], found[0]["staff_count"]) == (300, "participations", 120)
    assert {row["framework"] for row in found} == {OURS}, "only what the district works with is proposed"
    code, shown = crosswalk(home, "propose")
    assert code == 0 and "Like no competency in use: Wellness" in shown and "300 participations" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_propose__type_and_limit_narrow_the_items_and_the_csv_holds_what_was_shown(home: Path) -> None:
    assert [row["item_id"] for row in answer(home, "propose", "--type", "case_item")] == ["ee-01"]
    found = answer(home, "propose", "--limit", "1", "--csv", str(home / "out" / "proposals.csv"))
    with (home / "out" / "proposals.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert [row["item_id"] for row in rows] == [row["item_id"] for row in found] == ["Student Behavior Lab"]


def test_approve__is_recorded_by_id_or_title_and_leaves_the_proposals(home: Path) -> None:
    told = answer(home, "approve", "giving timely feedback", "academic feedback", *WORDS, "--from", "2024-08-01")
    assert (told["item_id"], told["competency_code"], told["valid_from"]) == ("bc-2", "C-I07", "2024-08-01")
    assert answer(home, "approve", "student behavior lab", "C-E02", *WORDS)["item_id"] == "Student Behavior Lab"
    assert answer(home, "approve", "pd-1-2024", "C-E02", *WORDS)["item_id"] == "PD-1-2024"
    assert answer(home, "approve", "PD-1-*", "C-E02", *WORDS)["item_id"] == "PD-1-*"
    assert decisions(home) == [
        ("micro_credential", "bc-2", "C-I07", "approved"),
        ("pd_activity", "Student Behavior Lab", "C-E02", "approved"),
        ("pd_activity", "PD-1-2024", "C-E02", "approved"),
        ("pd_activity", "PD-1-*", "C-E02", "approved"),
    ]
    assert [row["item_id"] for row in answer(home, "propose")] == ["ee-01"]
    code, shown = crosswalk(home, "propose")
    assert code == 0 and shown.count("decided since this release") == 4


def test_reject__what_is_rejected_is_not_proposed_again(home: Path) -> None:
    assert "bc-2" in {row["item_id"] for row in answer(home, "propose")}
    code, shown = crosswalk(home, "reject", "bc-2", "C-I07", *WORDS)
    assert code == 0 and "rejected: micro-credential bc-2 (Giving Timely Feedback)" in shown
    assert "bc-2" not in {row["item_id"] for row in answer(home, "propose")}


def test_approve__the_framework_that_the_district_works_with_is_meant_unless_another_is_named(home: Path) -> None:
    """C-I07 stands in two frameworks, one of which the district works with; aa-06 is a CASE identifier."""
    assert answer(home, "approve", "bc-2", "C-I07", *WORDS)["framework"] == OURS
    assert answer(home, "approve", "bc-2", "Elsewhere|C-I07", *WORDS)["framework"] == "Elsewhere"
    assert answer(home, "approve", "bc-2", "AA-06", *WORDS)["competency_code"] == "C-I06"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("approve", "asking questons", "C-I06"), "Did you mean Asking Questions (micro_credential bc-1)"),
        (("approve", "bc-2", "Questionning"), "Did you mean Questioning (C-I06)"),
        (("approve", "Questioning", "C-I06", "--type", "micro_credential"), "no item of type micro_credential"),
        (("approve", "PD-9-*", "C-I06"), "no item 'PD-9-*'"),
        (("approve", "bc-2", "C-I07", "--from", "1.8.2024"), "--from is a day written as 2026-09-30"),
        (("approve", "bc-2", "C-I07", "--from", "2025-01-02", "--to", "2025-01-01"), "lies before --from"),
        (("approve", "bc-2", "C-I07", "--type", "badge"), "--type is one of"),
    ],
)
def test_approve__what_is_not_clear_is_refused_and_nothing_recorded(
    home: Path, words: tuple[str, ...], said: str
) -> None:
    code, shown = crosswalk(home, *words, *WORDS)
    assert code == 2 and said in " ".join(shown.split())
    assert decisions(home) == []


def test_approve__nobody_decides_without_a_name_and_a_reason(home: Path) -> None:
    code, shown = crosswalk(home, "approve", "bc-2", "C-I07", "--by", " ", "--why", "w")
    assert code == 2 and "every decision says who" in shown
    assert decisions(home) == []


def test_list__says_what_counts_what_not_and_what_is_new(home: Path) -> None:
    answer(home, "reject", "Asking Questions", "C-I06", *WORDS)
    everything = answer(home, "list")
    assert [(row["item_id"], row["status"], row["item_count"]) for row in everything["alignments"]] == [
        ("bc-1", "approved", 1),
        ("Student Behavior Lab", "rejected", 2),
        ("team|I06", "approved", 1),
    ]
    assert [row["item_id"] for row in everything["unmapped"]] == ["Student Behavior Lab", "bc-2", "ee-01", "bc-3"]
    assert [row["decision"] for row in everything["decided_since_the_release"]] == ["rejected"]
    assert [row["decision_id"] for row in everything["unapplied_decisions"]] == ["known-1"]
    code, shown = crosswalk(home, "list")
    assert code == 0 and "not applied: approved micro-credential bc-9" in " ".join(shown.split())
    assert max(map(len, shown.splitlines())) <= 80


def test_list__status_and_type_narrow_it(home: Path) -> None:
    assert answer(home, "list", "--status", "unmapped")["alignments"] == []
    assert answer(home, "list", "--status", "rejected")["unmapped"] == []
    of_type = answer(home, "list", "--type", "rubric_element")
    assert [row["item_id"] for row in of_type["alignments"]] == ["team|I06"]
    assert crosswalk(home, "list", "--status", "maybe")[0] == 2
