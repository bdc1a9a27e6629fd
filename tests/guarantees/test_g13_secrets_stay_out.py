"""G13: every secret and direct identifier stays out of logs, exceptions, run metadata and dbt's artefacts.

What a sound run leaves is looked at in the shared home; what Dagster keeps of runs, in a copy
of it whose night goes wrong in five ways at once. Releases, landing and the evaluators'
release are looked at in tests/privacy.
"""

from __future__ import annotations

import itertools
import json
import logging
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.sandbox import faults
from connectors.sandbox.canaries import CANARIES
from connectors.sandbox.exchange import Request, Response
from connectors.sandbox.faults import Answer, Fault
from pipelines.run import RunReport
from tests.homes import ENVIRONMENT, Home

PLANTED = "CANARY-PLANTED"
"""Stands in what the ill platforms answer in place of data."""


def secrets_of(home: Home) -> list[str]:
    """Configured secrets, and every token that a connection holds."""
    kept = [json.loads(path.read_text()) for path in (home.folder / "state" / "tokens").iterdir()]
    tokens = [tokens[name] for tokens in kept for name in ("access_token", "refresh_token") if tokens[name]]
    configured = [value for name, value in ENVIRONMENT.items() if name not in ("BADGES_USERNAME", "SIS_CLIENT_ID")]
    assert len(tokens) >= 3
    return [*configured, *tokens]


def identifiers_of(home: Home) -> list[str]:
    """What names a person: addresses, full names, licence numbers, numbers in the personnel system."""
    rows = home.query(
        "select lower(email) from stg_files__roster where email is not null"
        " union select lower(first_name || ' ' || last_name) from dim_staff where first_name is not null"
        " union select lower(last_name || ' ' || first_name) from dim_staff where first_name is not null"
        " union select lower(cast(licence_id as varchar)) from fct_licences where licence_id is not null"
    )
    assert len(rows) > 150
    return [value for (value,) in rows]


def told(home: Home) -> list[Path]:
    """Everything a run says of itself: dbt's folder, reports, state, Dagster's folder, manifests and verdicts."""
    folders = ("warehouse/dbt", "reports", "state", "dagster")
    files = [path for name in folders for path in (home.folder / name).rglob("*") if path.is_file()]
    return files + list((home.folder / "landing").rglob("_*.json"))


def found(files: list[Path], words: list[str], spared: Path) -> Iterator[str]:
    """Which file holds one of the words at any place, in any case; never which word."""
    wanted = [word.lower().encode() for word in words]
    for path in files:
        if spared not in path.parents:
            content = path.read_bytes().lower()
            if any(word in content for word in wanted):
                yield path.name


def naming(files: list[Path], identifiers: list[str]) -> Iterator[str]:
    """Which file names a person: hundreds of addresses, numbers and names, looked up word by word and in pairs."""
    wanted = {word.encode() for word in identifiers}
    for path in files:
        content = path.read_bytes().lower().replace(b"\\n", b" ")
        words = [word.strip(b".-'") for word in re.findall(rb"[^\s\"<>(){}\[\];:=,|\\\x00-\x20]+", content)]
        pairs = (b" ".join(pair) for pair in itertools.pairwise(words))
        if not wanted.isdisjoint(words) or not wanted.isdisjoint(pairs):
            yield path.name


def assert_silent(home: Home, files: list[Path]) -> None:
    tokens = home.folder / "state" / "tokens"
    assert list(found(files, [*secrets_of(home), *CANARIES, PLANTED], spared=tokens)) == []
    assert list(naming(files, identifiers_of(home))) == []


def test_g13__the_look_would_find_what_is_there(loaded: tuple[Home, RunReport], tmp_path: Path) -> None:
    home, _ = loaded
    for number, word in enumerate([secrets_of(home)[-1], identifiers_of(home)[0].upper(), CANARIES[0]]):
        planted = tmp_path / str(number)
        planted.write_text(f"a line before\nsomething {word} something")
        with pytest.raises(AssertionError):
            assert_silent(home, [planted])


def test_g13__a_sound_run_tells_of_no_one(loaded: tuple[Home, RunReport]) -> None:
    home, report = loaded
    files = told(home)
    names = {path.name for path in files}
    assert {"manifest.json", "run_results.json", "dbt.log", "_manifest.json", "_verdict.json"} <= names
    assert any(name.endswith("-run.json") for name in names) and any(name.endswith(".html") for name in names)
    assert_silent(home, files)
    said = json.dumps(report.to_json()).lower()
    assert not any(word.lower() in said for word in [*secrets_of(home), *identifiers_of(home)])


def test_g13__tokens_stand_in_one_folder_for_the_owner_alone(loaded: tuple[Home, RunReport]) -> None:
    home, _ = loaded
    folder = home.folder / "state" / "tokens"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {
        "badges.json": 0o600,
        "sis.json": 0o600,
    }
    everything = [path for path in home.folder.rglob("*") if path.is_file()]
    assert list(found(everything, secrets_of(home), spared=folder)) == []


def planted_refusal(_request: Request, _answer: Answer) -> Response:
    return Response.of({"error": PLANTED, "error_description": PLANTED}, 400)


def planted_page(_request: Request, _answer: Answer) -> Response:
    return Response(200, f"<html>{PLANTED}</html>".encode(), content_type="text/html")


def planted_error(_request: Request, _answer: Answer) -> Response:
    return Response.of({"error": PLANTED, "data": PLANTED})


def test_g13__a_night_of_failures_tells_of_no_one_in_what_dagster_keeps(
    own: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(own.folder / "dagster"))
    (own.folder / "state" / "tokens" / "badges.json").unlink()
    for path, effect in (
        ("/badgr/o/token", planted_refusal),
        ("/ed-fi/schools", planted_error),
        # after this one the connection is given up
        ("/tpdm/performanceEvaluations", planted_page),
        ("/ed-fi/staffs", faults.each_record(faults.set_field("lastSurname", {"is": PLANTED}))),
        (
            "/staffEducationOrganizationAssignmentAssociations",
            faults.each_record(faults.set_field("beginDate", PLANTED)),
        ),
    ):
        own.sandbox.faults.add(Fault(path, effect, times=None))
    (own.folder / "drop" / "badges" / "ill.json").write_text(json.dumps({"type": "Assertion", "id": PLANTED}))
    identifiers = identifiers_of(own)
    with caplog.at_level(logging.INFO):
        report = own.run(full_refresh=True)
    assert not report.is_published and "the last good release is" in report.last_good
    failed = {problem.where for problem in report.problems if problem.severity == "error"}
    assert {"sis.schools", "sis.staffs", "sis.staff_assignments", "sis.performance_evaluations"} <= failed
    assert any(where.startswith("badges.") for where in failed)
    kept = [path for path in (own.folder / "dagster").rglob("*") if path.is_file()]
    events = b"".join(path.read_bytes() for path in kept)
    assert b"looks like a login page" in events, "what went wrong is on record"
    assert b"records_landed" in events, "and what went well"
    words = [PLANTED, *CANARIES, *(ENVIRONMENT[name] for name in ("BADGES_PASSWORD", "SIS_CLIENT_SECRET"))]
    assert list(found(told(own), words, spared=own.folder / "state" / "tokens")) == []
    assert list(naming(told(own), identifiers)) == []
    said = (caplog.text + "".join(capfd.readouterr()) + json.dumps(report.to_json())).lower()
    assert not any(word.lower() in said for word in [*words, *identifiers])
