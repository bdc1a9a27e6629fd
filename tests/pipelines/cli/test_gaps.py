"""`expertise gaps` from outside: tables that fit the screen, JSON that holds all, and clear refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipelines import screen
from pipelines.cli import app
from pipelines.publish.release import publish
from tests.pipelines.planted_coverage import GROUP_NAME
from tests.pipelines.planted_warehouse import KEY, build_warehouse, release_info

DISTRICT = """\
district: {id: cedar-valley, name: Cedar Valley Schools (SYNTHETIC), timezone: America/Chicago, is_synthetic: true}
roles:
  district_leader: {scope: district, inside: band}
  principal: {scope: school, inside: band, outside: strengths}
  coach: {scope: school, inside: strengths}
cli: {as: district_leader}
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    (folder / "district.yml").write_text(DISTRICT)
    warehouse = build_warehouse(
        folder / "planted.duckdb",
        extra_sql="update pub_leaders__coverage set need_count = 6, gap_size = 4, cover_ratio = 1 / 3.0, "
        "cover_state = 'gap' where is_current and need_count > 0",
    )
    publish(warehouse, folder / "published", release_info("r1"), KEY)
    return folder


def asked(home: Path, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["gaps", *arguments, "--config", str(home / "district.yml")])
    return done.exit_code, done.output


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """The console of every command on a screen of 80 columns, read as text."""
    from rich.console import Console

    from pipelines.commands import gaps_view

    console = Console(width=80, highlight=False, color_system=None)
    monkeypatch.setattr(screen, "console", console)
    monkeypatch.setattr(gaps_view, "console", console)


def printed(capsys: pytest.CaptureFixture[str], home: Path, *arguments: str) -> list[str]:
    from pipelines.commands.gaps import gaps

    options: dict[str, Any] = dict(zip(arguments[::2], arguments[1::2], strict=True))
    gaps(config=home / "district.yml", **options)
    return capsys.readouterr().out.splitlines()


@pytest.mark.usefixtures("narrow")
def test_gaps__a_principal_reads_one_line_a_competency(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, home, "who", "principal:101")
    assert max(len(line) for line in lines) <= 80
    assert lines[0].startswith("Gaps · Alder Elementary · 6 staff · 2027, today (2026-11-20)")
    (questioning,) = [line for line in lines if line.startswith("Questioning")]
    assert [cell.strip() for cell in questioning.split("│")] == [
        "Questioning",
        "6",
        "1",
        "1",
        "██······ 0.3",
        "4 short +4",
    ]
    (dark,) = [line for line in lines if line.startswith("Managing Student")]
    assert "no evidence" in dark and "0" not in dark
    assert any("Short: how many more need it" in line for line in lines)


@pytest.mark.usefixtures("narrow")
def test_gaps__who_sees_strengths_reads_no_needs(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, home, "who", "coach:101")
    assert not [line for line in lines if "Need" in line or "short" in line.lower() or "no evidence" in line]
    assert any(line.startswith("Managing Student Behavior") and "nobody" in line for line in lines)


@pytest.mark.usefixtures("narrow")
def test_gaps__access_is_a_table_and_a_sentence(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, home, "equity", True)  # type: ignore[arg-type]
    assert max(len(line) for line in lines) <= 80
    assert lines[0] == f"Who has {GROUP_NAME} within reach? 2027, as of 2026-11-20"
    (most,) = [line for line in lines if line.startswith("highest-poverty half")]
    assert [cell.strip() for cell in most.split("│")] == ["highest-poverty half", "2", "13", "50%", "50%", "15.4", "3"]
    assert any(line.startswith("As of 2026-11-20, Asking and answering: 100 of 100 all staff") for line in lines)


def test_gaps__json_holds_every_row_and_says_who_may_know_needs(home: Path) -> None:
    code, text = asked(home, "--school", "101", "--json")
    found = json.loads(text)
    assert code == 0 and found["sees_need"] is True and len(found["rows"]) == 3
    assert found["rows"][0]["gap_size"] == 4 and found["rows"][0]["as_of_date"] == "2026-11-20"
    code, text = asked(home, "--equity", "--json", "--competency", "C-I06")
    assert code == 0 and json.loads(text)["groups"][0]["reach_share"] == 1.0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--competency", "Questionning"), "Did you mean Questioning (C-I06)"),
        (("--school", "Alder"), "Did you mean Alder Elementary (101)"),
        (("--group", "asking"), f"Did you mean {GROUP_NAME}"),
        (("--year", "2019"), "no coverage of the school year 2019"),
        (("--school", " "), "--school was given without a value"),
        (("--equity", "--school", "101"), "leave --school out"),
        (("--equity", "--group", "x", "--competency", "y"), "leave --competency or --group out"),
        (("--as", "visitor"), "nothing is shown"),
    ],
)
def test_gaps__wrong_use_says_what_to_do(home: Path, arguments: tuple[str, ...], said: str) -> None:
    code, text = asked(home, *arguments)
    assert code == 2
    assert said in " ".join(text.split())
