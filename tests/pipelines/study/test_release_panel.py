"""The door for the warehouse: what the evaluators' release holds becomes a study."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.apps.release_reader import Release, open_release
from pipelines.apps.study_report.document import checked
from pipelines.study.release_panel import read_release
from pipelines.study.steps import DesignChanged, run_study, write_design, write_results
from tests.pipelines.study.planted_release import write_release


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_release(tmp_path_factory.mktemp("district") / "published")


@pytest.fixture
def release(published: Path) -> Iterator[Release]:
    with open_release(published, "evaluators") as opened:
        yield opened


@pytest.fixture(scope="module")
def study(published: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    folder = tmp_path_factory.mktemp("study")
    with open_release(published, "evaluators") as release:
        found = read_release(release, "expertise study", "1")
        return run_study(found.question, found.panel, found.extras, folder, lambda part: None), folder


def test_read_release__an_award_counts_from_the_next_school_year(release: Release) -> None:
    found = read_release(release, "expertise study", "1")
    starts = found.panel.group_by("unit").agg(pl.col("first_treated").first())["first_treated"].value_counts()
    assert set(starts["first_treated"].drop_nulls()) == {2024, 2025}
    assert found.question.cost_periods == (-1, 0)


def test_read_release__hours_are_those_of_the_year_before(release: Release) -> None:
    panel = read_release(release, "expertise study", "1").panel.sort("unit", "time")
    expected = panel["traditional_pd_hours"].shift(1).set(panel["time"] == 2021, None)
    assert panel["earlier_pd_hours"].equals(expected)


def test_read_release__costs_are_in_dollars_of_the_newest_year_of_the_index(release: Release) -> None:
    found = read_release(release, "expertise study", "1")
    assert found.question.price_year == 2024
    by_year = dict(
        found.panel.filter(pl.col("first_treated").is_null()).group_by("time").agg(pl.col("cost_usd").first()).rows()
    )
    assert by_year[2021] == pytest.approx(600 * 313.689 / 270.970)
    assert by_year[2024] == by_year[2026] == pytest.approx(600)


def test_run_study__the_effect_is_on_what_the_credential_is_about(study: tuple[dict[str, Any], Path]) -> None:
    document, _ = study
    checked(document)
    assert document["refusal"] is None
    aligned = next(row for row in document["secondary"] if row["outcome"] == "aligned")
    assert aligned["ci_low"] > 0.3
    assert document["sensitivity"]["non_aligned"]["ci_low"] < 0 < document["sensitivity"]["non_aligned"]["ci_high"]
    naive = next(row for row in document["estimates"] if row["estimator"] == "naive")
    # earners start low: what one sees without a comparison says that credentials do harm
    assert naive["estimate"] < -0.1
    assert document["att"]["simple"]["estimate"] > 0
    assert {row["estimator"] for row in document["estimates"]} >= {"high_hours", "imputation"}


def test_run_study__costs_come_from_ingredients_and_ledger(study: tuple[dict[str, Any], Path]) -> None:
    cost = study[0]["cost"]
    assert {row["arm"] for row in cost["rows"]} == {"micro-credential", "traditional"}
    assert cost["incremental"]["cost_usd"]["estimate"] == pytest.approx(750, rel=0.1)
    assert cost["spending"][0]["amount_usd"] == 12345.67
    assert cost["unmapped"]["amount_usd"] == 250
    assert any("2025, 2026" in text for text in study[0]["limitations"])


def test_run_study__no_pseudonym_stands_in_what_is_handed_on(study: tuple[dict[str, Any], Path]) -> None:
    document, folder = study
    assert "pseudonym-" not in json.dumps(document)
    for path in [*folder.glob("*.json"), *folder.glob("*.html"), *folder.glob("design/*.json")]:
        assert "pseudonym-" not in path.read_text(), path.name
    # rows of people stay apart from what is handed on
    assert {path.name for path in folder.iterdir()} == {
        "design",
        "results.json",
        "report.html",
        "report.pdf",
        "tables.xlsx",
    }


def test_write_results__a_design_made_after_the_fact_is_refused(
    release: Release, study: tuple[dict[str, Any], Path], tmp_path: Path
) -> None:
    found = read_release(release, "expertise study", "1")
    shutil.copytree(study[1] / "design", tmp_path / "design")
    listed = tmp_path / "design" / "candidates.parquet"
    pl.read_parquet(listed).filter(~pl.col("unit").str.ends_with("7")).write_parquet(listed)
    with pytest.raises(DesignChanged, match="a design is fixed before outcomes are read"):
        write_results(found.panel, found.extras, tmp_path, lambda part: None)
    # a design made anew is one that was made before
    write_design(tmp_path)
    write_results(found.panel, found.extras, tmp_path, lambda part: None)


def test_run_study__what_became_of_the_records_is_told_and_few_people_are_not(
    study: tuple[dict[str, Any], Path],
) -> None:
    counted, unverified = study[0]["records"]
    assert (counted["reason"], counted["people"], counted["records"]) == ("counted", 120, 130)
    assert (unverified["reason"], unverified["people"], unverified["records"]) == ("not verified", None, None)
