"""`expertise sources map`: what is written where, that nothing is overwritten, exit codes, and no value on the screen.

Belongs here: the command. Does not belong here: what is proposed (tests/connectors/files/test_files_assistant*).
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from connectors.files.mapping import parse_mapping
from pipelines.cli import app
from pipelines.map_source import map_file, show_mapped
from pipelines.settings import load_settings

DISTRICT = """
district: {id: cedar-valley, name: Cedar Valley, timezone: America/Chicago}
sources:
  hr: {platform: files, mappings: mappings/hr/*.yml}
"""
LEDGER = "Fund,Object,Date,Vendor Name,Amount\n" + "".join(
    f"100,410,2/{day}/2024,Canary Supply,{day}.50\n" for day in range(10, 29)
)
ROSTER = "Employee ID,First Name,Last Name,Email,School,Title,SSN\n" + "".join(
    f"4{number},Canary,Expert{number},canary{number}@x.example,Elm,Teacher,123-45-67{number}\n"
    for number in range(10, 29)
)


class Home:
    """A district's folder, and the command run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "district.yml").write_text(DISTRICT)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def run(self, *arguments: str) -> Any:
        return CliRunner().invoke(app, ["sources", "map", *arguments, "-c", str(self.folder / "district.yml")])


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_map__a_whole_mapping_is_written_where_the_source_looks_and_can_be_used(home: Home) -> None:
    file = home.write("drop/Ledger 2024.csv", LEDGER)
    done = home.run(str(file))
    assert done.exit_code == 0, done.output
    path = home.folder / "mappings/hr/pd_spending_ledger_2024.yml"
    assert parse_mapping(path.read_bytes()).files == "drop/Ledger 2024.csv"
    assert "expertise sources check hr" in done.output and "pd_spending" in done.output
    checked = CliRunner().invoke(app, ["sources", "check", "hr", "-c", str(home.folder / "district.yml")])
    assert checked.exit_code == 0 and "every mapped column is there" in checked.output


def test_map__nothing_is_overwritten(home: Home) -> None:
    file = home.write("drop/ledger.csv", LEDGER)
    home.run(str(file))
    path = home.folder / "mappings/hr/pd_spending_ledger.yml"
    path.write_text("corrected by a person")
    again = home.run(str(file))
    assert again.exit_code == 2 and "is never overwritten" in again.output
    assert path.read_text() == "corrected by a person"


def test_map__what_needs_a_person_is_a_draft_that_no_source_reads(home: Home) -> None:
    home.run(str(home.write("drop/ledger.csv", LEDGER)))
    done = home.run(str(home.write("drop/staff.csv", ROSTER)))
    assert done.exit_code == 0
    draft = home.folder / "mappings/hr/roster_staff.yml.draft"
    assert "# CHOOSE school_year (required)" in draft.read_text()
    assert "school_year (required)" in done.output and f"mv {draft}" in done.output
    checked = CliRunner().invoke(app, ["sources", "check", "hr", "-c", str(home.folder / "district.yml")])
    assert checked.exit_code == 0, "a half-finished mapping stops no run"
    assert home.run(str(home.folder / "drop/staff.csv")).exit_code == 2, "a draft is not overwritten either"


def test_map__an_unknown_export_writes_nothing_and_says_what_is_lacking(home: Home) -> None:
    done = home.run(str(home.write("drop/weather.csv", "Station,Temperature,Wind\nA,3,4\nB,5,6\n")))
    assert done.exit_code == 1 and "Nothing was written" in done.output and "--stream" in done.output
    assert not (home.folder / "mappings").exists()


def test_map__staff_is_the_roster_and_an_unknown_stream_or_source_is_told(home: Home) -> None:
    file = str(home.write("drop/staff.csv", ROSTER))
    assert json.loads(home.run(file, "--stream", "staff", "--json").output)["stream"] == "roster"
    wrong = home.run(file, "--stream", "pd_spend")
    assert wrong.exit_code == 2 and 'Did you mean "pd_spending"?' in wrong.output
    assert home.run(file, "--source", "sis").exit_code == 2
    assert home.run("nowhere.csv").exit_code == 2


def test_map__for_a_folder_on_a_server_the_name_alone_is_the_pattern(home: Home) -> None:
    known = "SHA256:" + "A" * 43
    (home.folder / "district.yml").write_text(
        DISTRICT + "  erp:\n    platform: files\n    mappings: mappings/erp/*.yml\n"
        f"    sftp: {{host: h.example, user: u, host_key: '{known}'}}\n"
    )
    file = str(home.write("drop/ledger.csv", LEDGER))
    answer = json.loads(home.run(file, "--source", "erp", "--json").output)
    assert answer["source"] == "erp" and answer["is_complete"]
    assert parse_mapping(Path(answer["written"]).read_bytes()).files == "ledger.csv"
    several = json.loads(home.run(file, "--json").output)
    assert several["source"] is None and "check SOURCE" in several["next"], "of two sources none is guessed"


def test_map__no_value_reaches_screen_json_or_mapping(home: Home, capfd: pytest.CaptureFixture[str]) -> None:
    for name, text in (("ledger", LEDGER), ("staff", ROSTER)):
        file = home.write(f"drop/{name}.csv", text)
        mapped = map_file(load_settings(home.folder / "district.yml"), file)
        screen = io.StringIO()
        show_mapped(mapped, Console(file=screen, width=200))
        assert mapped.path
        said = screen.getvalue() + json.dumps(mapped.to_json()) + mapped.path.read_text() + "".join(capfd.readouterr())
        assert "Canary" not in said and "canary" not in said and "123-45" not in said
        assert "Not mapped" in said or name == "staff" or "100%" in said


def test_map__a_file_that_is_no_table_is_told_without_a_trace(home: Home) -> None:
    done = home.run(str(home.write("drop/x.csv", "1,canary@x.example,2024-01-01\n2,canary@y.example,2024-01-02\n")))
    assert done.exit_code == 1 and "no header was found" in done.output and "canary@" not in done.output
