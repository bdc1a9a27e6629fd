"""`expertise study` on an evaluator's own file: published answers, refusals and faults, as one would type it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from moderndid.core.data import load_mpdta
from rich.console import Console
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.commands import study_view
from tests.pipelines.study.panels import panel

FILES = {"results.json", "report.html", "report.pdf", "tables.xlsx"}


def run(*words: str) -> Any:
    return CliRunner().invoke(app, ["study", *words])


@pytest.fixture(scope="module")
def mpdta(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """County employment of teenagers and minimum wages (R package did), as shipped with moderndid."""
    found = load_mpdta()
    path = tmp_path_factory.mktemp("mpdta") / "mpdta.csv"
    (pl.from_pandas(found) if isinstance(found, pd.DataFrame) else found).write_csv(path)
    return path


def test_study__gives_the_published_answer_of_mpdta(
    mpdta: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Source: vignette "Getting started with the did package" (Callaway & Sant'Anna): simple −0.0400 by never-treated
    counties without covariates, −0.0398 by not-yet-treated, which this project compares with first."""
    screen = Console(file=io.StringIO(), width=80)
    monkeypatch.setattr(study_view, "console", screen)
    columns = ["--unit", "countyreal", "--time", "year", "--first-treated", "first.treat", "--outcome", "lemp"]
    done = run("--panel", str(mpdta), *columns, "--out", str(tmp_path / "out"))
    assert done.exit_code == 0, done.output
    assert {path.name for path in (tmp_path / "out").iterdir()} >= FILES
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    estimates = {row["estimator"]: row["estimate"] for row in results["estimates"]}
    assert estimates["callaway_santanna_never_treated"] == pytest.approx(-0.03995, abs=5e-6)
    assert results["att"]["simple"]["estimate"] == pytest.approx(-0.03976, abs=5e-6)
    assert results["att"]["simple"]["n_treated"] == 191
    assert results["mde"]["n_comparison"] == 309
    seen = screen.file.getvalue()  # type: ignore[attr-defined]
    assert seen.index("Smallest detectable effect") < seen.index("difference-in-differences".capitalize())
    assert "the two do not agree" in " ".join(seen.split())


def test_study__refuses_an_effect_that_could_not_be_found(tmp_path: Path) -> None:
    path = tmp_path / "pilot.csv"
    panel(treated=27, others=270, effect=2.0).write_csv(path)
    columns = ["--unit", "id", "--time", "year", "--first-treated", "first_year", "--outcome", "score"]
    done = run("--panel", str(path), *columns, "--json")
    assert done.exit_code == 0, done.output
    results = json.loads(done.output)
    assert results["mde"]["estimate"] == pytest.approx(0.565, abs=0.0005)
    assert results["refusal"]["rule"] == "mde"
    assert {file.name for file in (tmp_path / "pilot-study").iterdir()} >= FILES


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--outcome", "score"], "also needs --unit, --time, --first-treated"),
        ([], "--panel needs --outcome"),
        (["--outcome", ""], "--outcome was given without a value"),
    ],
)
def test_study__wrong_use_is_told(tmp_path: Path, words: list[str], told: str) -> None:
    path = tmp_path / "panel.csv"
    panel().write_csv(path)
    done = run("--panel", str(path), *words, "--json")
    assert done.exit_code == 2
    assert told in json.loads(done.output)["error"]
    assert [file.name for file in tmp_path.iterdir()] == ["panel.csv"]


def test_study__columns_without_a_panel_are_told(tmp_path: Path) -> None:
    done = run("--outcome", "score", "--json")
    assert done.exit_code == 2
    assert "--outcome are about a panel of your own" in json.loads(done.output)["error"]
