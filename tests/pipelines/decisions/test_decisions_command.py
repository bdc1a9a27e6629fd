"""`expertise decisions` as an analyst meets it, on both engines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipelines import screen
from pipelines.cli import app
from pipelines.settings import DECISIONS_URL, Settings
from tests.pipelines.decisions.conftest import PASSWORD, settings_in
from tests.pipelines.decisions.test_decision_file import HEADER, ROW


@pytest.fixture(autouse=True)
def screen_of_the_runner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen.console, "file", None)  # whatever standard output is when something is shown


def expertise(settings: Settings, *words: str) -> Result:
    environment = {DECISIONS_URL: settings.environment.get(DECISIONS_URL, ""), "COLUMNS": "80"}
    done = CliRunner().invoke(app, ["decisions", *words, "--config", str(settings.path)], env=environment)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert PASSWORD not in done.output
    return done


def csv_of(settings: Settings, *rows: str) -> str:
    path = settings.home / "decisions.csv"
    path.write_text("\n".join([HEADER, *rows]))
    return str(path)


def test_decisions__are_added_listed_and_revoked(settings: Settings) -> None:
    empty = expertise(settings, "list")
    assert empty.exit_code == 0 and "No decisions yet" in empty.output
    assert not settings.decisions.parent.exists()

    pairing = "pairing,files,1,files,2,accepted,both asked,Pat Principal"
    added = expertise(settings, "add", csv_of(settings, ROW.format("000123"), pairing))
    assert added.exit_code == 0 and "recorded 2 decisions; the next `expertise run` goes by them" in added.output

    listed = json.loads(expertise(settings, "list", "--json").output)
    assert {one["kind"]: one["decided_by"] for one in listed} == {
        "consent": "Robin Registrar",
        "pairing": "Pat Principal",
    }
    assert all(one["revocation"] is None and one["decided_at"].endswith("+00:00") for one in listed)
    (consent,) = json.loads(expertise(settings, "list", "--json", "--kind", "consent").output)

    revoked = expertise(settings, "revoke", consent["decision_id"], "--by", "Sam", "--why", "wrong person")
    assert revoked.exit_code == 0 and "goes without it" in revoked.output
    assert [one["kind"] for one in json.loads(expertise(settings, "list", "--json").output)] == ["pairing"]
    everything = json.loads(expertise(settings, "list", "--json", "--history").output)
    assert [one["kind"] for one in everything] == ["consent", "pairing"]
    assert everything[0]["revocation"]["revoked_by"] == "Sam"
    shown = expertise(settings, "list", "--history").output
    assert "Sam: wrong" in shown and "2 decisions ever recorded." in shown
    assert max(len(line) for line in shown.splitlines()) <= 80


def test_decisions__a_file_with_faults_changes_nothing_and_says_every_line(settings: Settings) -> None:
    dispute = "dispute,files,1,competency,F|C,upheld,seen,Pat"
    done = expertise(settings, "add", csv_of(settings, ROW.format("1"), ROW.format(""), ROW.format("2") + ",x"))
    assert done.exit_code == 2
    assert "line 3: subject_id is blank" in done.output and "line 4: 9 cells under a header of 8" in done.output
    done = expertise(settings, "add", csv_of(settings, ROW.format("1"), dispute), "--json")
    assert done.exit_code == 2 and "line 3: a dispute is upheld while it is open" in json.loads(done.output)["error"]
    assert "No decisions yet" in expertise(settings, "list", "--history").output


def test_decisions__a_log_moves_whole_and_twice_changes_nothing(settings: Settings, tmp_path: Path) -> None:
    old = settings_in(tmp_path / "old")
    expertise(old, "add", csv_of(old, *(ROW.format(number) for number in range(12))))
    moved = json.loads(expertise(old, "list", "--json").output)
    expertise(old, "revoke", moved[3]["decision_id"], "--by", "Sam", "--why", "wrong person")
    everything = json.loads(expertise(old, "list", "--json", "--history").output)

    copied = expertise(settings, "copy", str(old.decisions), "--json")
    assert json.loads(copied.output) == {"decisions": 12, "revocations": 1}
    assert json.loads(expertise(settings, "list", "--json", "--history").output) == everything

    expertise(old, "revoke", moved[5]["decision_id"], "--by", "Sam", "--why", "wrong person")
    expertise(settings, "add", csv_of(settings, ROW.format("here alone")))
    again = expertise(settings, "copy", str(old.decisions))
    assert "copied 0 decisions and 1 revocations" in again.output
    assert len(json.loads(expertise(settings, "list", "--json").output)) == 11
    missing = expertise(settings, "copy", str(tmp_path / "none.sqlite"))
    assert missing.exit_code == 2 and "there is no such file" in missing.output


@pytest.mark.parametrize(
    ("words", "exit_code", "sentence"),
    [
        (("list", "--kind", "consnt"), 2, 'Did you mean "consent"?'),
        (("add", "missing.csv"), 1, "missing.csv: no such file"),
        (("revoke", "000000000000", "--by", "Sam", "--why", " "), 2, "reason is blank"),
        (("revoke", "000000000000", "--by", "Sam", "--why", "x"), 2, "no decision has this id"),
        (("revoke", "000000000000", "--by", "Sam"), 2, "--why"),
    ],
)
def test_decisions__wrong_use_is_told(words: tuple[str, ...], exit_code: int, sentence: str, tmp_path: Path) -> None:
    done = expertise(settings_in(tmp_path), *words)
    assert done.exit_code == exit_code and sentence in done.output


def test_decisions__a_database_that_cannot_be_used_is_a_failure_and_not_a_crash(tmp_path: Path) -> None:
    damaged = settings_in(tmp_path)
    damaged.decisions.parent.mkdir()
    damaged.decisions.write_bytes(b"no database at all")
    unreachable = settings_in(tmp_path / "other", f"postgresql://u:{PASSWORD}@127.0.0.1:1/x")
    for settings, sentence in ((damaged, "damaged"), (unreachable, "no PostgreSQL server answers there")):
        for words in (("list",), ("add", csv_of(settings, ROW.format("1")))):
            done = expertise(settings, *words, "--json")
            assert done.exit_code == 1 and sentence in json.loads(done.output)["error"]
