"""`expertise lead` and `expertise next-steps` from outside: what people read, JSON, and exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipelines import screen
from pipelines.cli import app
from pipelines.publish.release import publish
from tests.pipelines.planted_warehouse import KEY, build_warehouse, key, name_of, release_info

DISTRICT = """
district: {id: cedar-valley, name: Cedar Valley Schools (SYNTHETIC), timezone: America/Chicago, is_synthetic: true}
roles:
  district_leader: {scope: district, inside: band}
  principal: {scope: school, inside: band}
  teacher: {scope: self, inside: band}
cli: {as: district_leader}
"""
Expertise = Callable[..., Result]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    (folder / "district.yml").write_text(DISTRICT)
    warehouse = build_warehouse(
        folder / "warehouse.duckdb",
        extra_sql="delete from pub_leaders__expertise where school_id = 102 and competency_code = 'C-I06'",
    )
    publish(warehouse, folder / "published", release_info("r1"), KEY)
    return folder


@pytest.fixture
def expertise(home: Path, monkeypatch: pytest.MonkeyPatch) -> Expertise:
    """Runs a command in the district's folder, 80 columns wide."""
    monkeypatch.chdir(home)
    monkeypatch.setattr(screen.console, "width", 80)

    def run(*arguments: str) -> Result:
        with screen.console.capture() as shown:
            result = CliRunner().invoke(app, list(arguments))
        result.shown = shown.get()  # type: ignore[attr-defined]
        return result

    return run


def test_lead__shows_who_leads_who_could_come_and_who_may_assess(expertise: Expertise) -> None:
    result = expertise("lead", "Questioning")

    assert result.exit_code == 0, result.output
    text = result.shown
    assert "Questioning: with 2 people 2 of 3 schools have somebody." in text
    for words in (name_of("101", "expert"), "First of 3 at this school", "Birch Middle", "May assess"):
        assert words in text
    assert max(map(len, text.splitlines())) <= 80


def test_lead__a_competency_without_anybody_is_said(expertise: Expertise) -> None:
    text = expertise("lead", "Managing Student Behavior").shown
    assert "Managing Student Behavior: nobody who could lead it is in sight." in text
    assert "Nobody in sight may assess yet" in text


def test_lead__json_is_the_whole_answer(expertise: Expertise) -> None:
    answer = json.loads(expertise("lead", "Questioning", "Academic Feedback", "--per-school", "2", "--json").stdout)
    assert answer["competencies"] == ["Questioning", "Academic Feedback"]
    assert (answer["per_school"], answer["is_proven_best"]) == (2, True)
    assert {school["school"] for school in answer["lacking"]} == {"Birch Middle"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("lead",), "say what shall be led"),
        (("lead", "--stack", "Questionin"), "Did you mean Questioning?"),
        (("lead", "--group", " "), "--group was given without a value"),
        (("next-steps",), "say whose next steps"),
        (("next-steps", "nobody of this name"), "no active staff member fits"),
        (("next-steps", name_of("101", "need"), "--as", "principal:103"), "may not see that of this person"),
        (("next-steps", "--as", "teacher:unknown"), "has none of the key given"),
    ],
)
def test_wrong_questions__are_told_and_end_with_2(arguments: tuple[str, ...], said: str, expertise: Expertise) -> None:
    plain, as_json = expertise(*arguments), expertise(*arguments, "--json")
    assert (plain.exit_code, as_json.exit_code) == (2, 2)
    assert said in plain.stderr
    assert said in json.loads(as_json.stdout)["error"]


def test_next_steps__reads_as_a_page_for_the_teacher(expertise: Expertise) -> None:
    result = expertise("next-steps", "--as", f"teacher:{key('103/need')}")

    assert result.exit_code == 0, result.output
    text = " ".join(result.shown.split())
    for words in (
        "Next steps for you · Cedar High",
        "1. Questioning · to strengthen",
        "Observed 4 times, last on 4 Mar 2026.",
        "Earn next: Questioning: Foundations (step 1 of 3, about 10 hours, Good Issuer, approved by the district, "
        "earned before, and expired)",
        "Then: Questioning: In Practice (15 hours) and Questioning: Coaching Peers (20 hours)",
        "1 micro-credential of an issuer that the district does not approve: not listed",
        "Take part: Questioning Lab (workshop, 6 hours, District Office, last held 1 Mar 2026)",
        f"Ask: {name_of('103', 'expert')} (your school, elementary, mathematics): expert",
        "2. Unaligned Element · to strengthen",
        "3. Managing Student Behavior · to develop further · a growth goal",
        "Later: Academic Feedback.",
        "Growth goals under way: Managing Student Behavior.",
        "This page is personal",
    ):
        assert words in text
    assert max(map(len, result.shown.splitlines())) <= 80


def test_next_steps__a_principal_reads_of_a_person_by_name(expertise: Expertise) -> None:
    text = expertise("next-steps", name_of("103", "expert"), "--as", "principal:103").shown
    assert f"Next steps for {name_of('103', 'expert')} · Cedar High" in text
    assert f"{name_of('103', 'expert')} is strong in Questioning." in text
    assert "personnel record" in text


def test_next_steps__json_names_needs_as_needs(expertise: Expertise) -> None:
    answer = json.loads(expertise("next-steps", name_of("103", "need"), "--json").stdout)
    assert [step["observed_result"] for step in answer["steps"]] == ["need", "need", "developing", "developing"]
    assert not [word for word in ("score", "mean", "posterior") if word in json.dumps(answer)]
