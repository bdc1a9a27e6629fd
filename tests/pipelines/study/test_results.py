"""What the document says: effects where they may be told, a refusal where not, and never of few people."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.analysis.estimate import Estimate
from pipelines.apps.study_report.document import checked
from pipelines.study.panel_file import PanelColumns
from pipelines.study.results import _agree
from pipelines.study.told import hide_parts, without_few
from tests.pipelines.study.panels import cross_section, panel
from tests.pipelines.study.studies import COLUMNS, studied

EVERY_ESTIMATE = ("estimate", "std_error", "ci_low", "ci_high", "n_treated", "n_comparison", "n_clusters")
PLAIN = PanelColumns(outcome="score", unit="id", time="year", first_treated="first_year")


def test_tell_results__an_effect_is_found_by_every_method(tmp_path: Path) -> None:
    document = studied(panel(treated=150, others=450, effect=0.5), tmp_path)
    checked(document)
    assert document["refusal"] is None
    for row in document["estimates"]:
        if row["estimator"] != "naive":
            assert row["ci_low"] < 0.5 < row["ci_high"], row["estimator"]
    assert document["att"]["simple"]["estimate"] == pytest.approx(0.5, abs=0.12)
    assert "higher" in document["headline"]["sentence"]
    assert "agrees" in document["headline"]["sentence"]


def test_tell_results__every_estimate_has_its_keys(tmp_path: Path) -> None:
    document = studied(panel(treated=150, others=450, effect=0.5), tmp_path)
    att = document["att"]
    estimates = [
        *(att[name] for name in ("simple", "group", "dynamic", "calendar")),
        *att["group"]["by"],
        *att["calendar"]["by"],
        *document["att_gt"],
        *document["event_study"],
        *document["estimates"],
        document["sensitivity"]["placebo"],
        document["sensitivity"]["bacon"]["two_way_fixed_effects"],
    ]
    for row in estimates:
        assert set(EVERY_ESTIMATE) <= set(row)
        assert all(row[name] is not None for name in EVERY_ESTIMATE), row


def test_tell_results__27_earners_and_270_peers_are_refused(tmp_path: Path) -> None:
    document = studied(panel(treated=27, others=270, effect=2.0), tmp_path, PLAIN)
    checked(document)
    assert document["mde"]["estimate"] == pytest.approx(0.565, abs=0.0005)
    assert (document["mde"]["design_effect"], document["mde"]["r_squared"]) == (1.0, 0.0)
    assert document["refusal"]["rule"] == "mde"
    assert "0.565" in document["headline"]["sentence"]
    assert document["headline"]["estimate"] is None
    assert document["att"] == {}
    assert document["estimates"] == []
    # counts and balance are told, no number of an effect is
    assert document["flow"][0]["treated"] == 27
    assert document["balance"]["rows"]


def test_tell_results__few_treated_are_refused_and_not_counted(tmp_path: Path) -> None:
    document = studied(panel(treated=6, others=900), tmp_path, PLAIN)
    assert document["refusal"]["rule"] == "sample"
    assert document["mde"]["n_treated"] is None
    assert document["mde"]["estimate"] is None
    assert document["balance"]["rows"] == []
    text = json.dumps(document)
    assert '"n_treated": 6' not in text
    assert '"treated": 6' not in text


def test_tell_results__a_cross_section_gives_adjusted_estimates(tmp_path: Path) -> None:
    columns = PanelColumns(outcome="score", unit="id", treated="treated", covariates=("before",), strata=("school",))
    document = studied(cross_section(treated=200, others=600, effect=0.5), tmp_path, columns)
    checked(document)
    assert {row["estimator"] for row in document["estimates"]} == {"naive", "matched", "weighted"}
    assert document["att"]["simple"]["estimate"] == pytest.approx(0.5, abs=0.15)
    assert "no earlier periods" in document["sensitivity"]["placebo_note"]


def test_tell_results__costs_stand_beside_the_effect(tmp_path: Path) -> None:
    columns = PanelColumns(**{**vars(COLUMNS), "cost": "cost", "price_year": "2024"})
    document = studied(panel(treated=150, others=450, effect=0.5), tmp_path, columns)
    checked(document)
    found = document["cost"]["incremental"]
    assert found["cost_usd"]["estimate"] == pytest.approx(500, abs=10)
    assert found["cost_per_tenth_sd_usd"] == pytest.approx(found["icer_usd_per_sd"] / 10)
    assert found["cost_usd"]["n_treated"] == document["estimates"][1]["n_treated"] or found["cost_usd"]["n_treated"] > 0


def test_tell_results__no_ratio_without_an_effect(tmp_path: Path) -> None:
    columns = PanelColumns(**{**vars(COLUMNS), "cost": "cost", "price_year": "2024"})
    document = studied(panel(treated=150, others=450, effect=0.0), tmp_path, columns)
    assert document["cost"]["incremental"]["icer_usd_per_sd"] is None
    assert document["cost"]["plane"]


def test_tell_results__cohorts_of_few_people_are_hidden_wherever_they_stand(tmp_path: Path) -> None:
    few = panel(treated=6, others=0, first=2025, seed=4).with_columns(id=pl.format("few-{}", "id"))
    document = studied(pl.concat([few, panel(treated=150, others=450)]), tmp_path)
    checked(document)
    cohorts = {row["group"]: row for row in document["cohorts"]}
    # the other cohort would follow from the whole
    assert cohorts[2025]["is_suppressed"]
    assert cohorts[2024]["is_suppressed"]
    assert all(row["estimate"] is None for row in document["att_gt"])
    assert all(row["n_treated"] is None for row in document["event_study"])
    assert document["disclosure"]["is_safe"]
    assert not math.isnan(document["att"]["simple"]["estimate"])


@pytest.mark.parametrize(
    ("counts", "hidden"),
    [([40, 50, 60], []), ([5, 50, 60], [0, 1]), ([5, 6, 60], [0, 1]), ([9, 9, 60], [0, 1]), ([3, 4, 60], [0, 1, 2])],
)
def test_hide_parts__nothing_hidden_follows_from_the_whole(counts: list[int], hidden: list[int]) -> None:
    rows: list[dict[str, Any]] = [
        {"group": number, "estimate": 0.1, "n_treated": count, "n_comparison": 100}
        for number, count in enumerate(counts)
    ]
    parts = hide_parts("cohorts", rows)
    assert parts.hidden("group") >= {number for number, count in enumerate(counts) if count < 10}
    assert sorted(parts.hidden("group")) == hidden
    assert all(row["estimate"] is None for row in parts.rows if row.get("is_suppressed"))
    assert parts.audit["is_safe"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("3 units with a single row left out", "fewer than 10 units with a single row left out"),
        (
            "14 treated units had none, 2 comparison units too",
            "14 treated units had none, fewer than 10 comparison units too",
        ),
        ("effects of 0.3 units; 1.5 rows; 2024 teachers", "effects of 0.3 units; 1.5 rows; 2024 teachers"),
        ("3 period(s) before event time −1", "3 period(s) before event time −1"),
    ],
)
def test_without_few__numbers_of_people_below_ten_are_not_told(text: str, told: str) -> None:
    assert without_few(text) == told


@pytest.mark.parametrize(
    ("first", "second", "agree"),
    [
        ((0.20, 0.10, 0.30), (0.25, 0.15, 0.35), True),
        ((0.16, 0.15, 0.18), (0.23, 0.22, 0.24), False),  # both above 0, and neither could be the other
        ((0.20, 0.10, 0.30), (0.05, -0.05, 0.15), False),
        ((0.02, -0.10, 0.12), (-0.02, -0.12, 0.10), True),
        ((0.20, 0.10, 0.30), (-0.20, -0.30, -0.10), False),
        ((0.20, None, None), (0.20, 0.10, 0.30), False),
    ],
)
def test_agree__two_methods_agree_where_each_could_be_the_other(
    first: tuple[float, ...], second: tuple[float, ...], agree: bool
) -> None:
    estimates = [Estimate(value, 0.05, low, high, 100, 100, 40) for value, low, high in (first, second)]
    assert _agree(*estimates) is agree
