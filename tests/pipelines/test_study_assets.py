"""The study as Dagster assets: four steps in order, beside the release, and no part of the nightly job."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from pipelines.assets.study import study_folder
from pipelines.build import build_defs
from pipelines.publish import layout
from pipelines.run import RunReport
from tests.homes import Home

STEPS = ["study_panel", "study_design", "study_results", "study_report"]


@pytest.fixture
def copied(loaded: tuple[Home, RunReport], tmp_path: Path) -> Home:
    return loaded[0].copy(tmp_path / "home")


def test_study_job__writes_the_study_beside_the_release_and_sweeps_old_ones(copied: Home) -> None:
    settings = copied.settings
    current = layout.current_file(settings.published, "evaluators")
    assert current is not None
    old = study_folder(settings.published, "20200101T000000.000000Z-0000")
    old.mkdir(parents=True)
    instance = dg.DagsterInstance.ephemeral(settings={"telemetry": {"enabled": False}})
    result = build_defs(settings).resolve_job_def("study").execute_in_process(instance=instance)
    order = [event.asset_key.path[-1] for event in result.get_asset_materialization_events() if event.asset_key]
    assert order == STEPS
    folder = study_folder(settings.published, current.stem)
    written = {path.name for path in folder.iterdir()}
    assert {"design", "results.json", "report.html", "report.pdf", "tables.xlsx"} <= written
    assert not old.exists()
    results = json.loads((folder / "results.json").read_text())
    # 60 teachers: what they could show is told, an effect is not
    assert results["refusal"]["rule"] in ("mde", "sample")
    assert results["design"]["hash"] == json.loads((folder / "design" / "design.json").read_text())["hash"]
    assert results["methods"]["release_id"] == current.stem


def test_study_job__the_nightly_job_leaves_the_study_out(loaded: tuple[Home, RunReport]) -> None:
    nightly = build_defs(loaded[0].settings).resolve_job_def("load_and_publish")
    keys = {key.path[-1] for key in nightly.asset_layer.executable_asset_keys}
    assert "pub_evaluators__study_panel" in keys
    assert not keys & set(STEPS)


def test_definitions__start_without_the_statistics() -> None:
    code = "import sys, pipelines.build, pipelines.cli; print(sorted({*sys.modules} & {*sys.argv}))"
    heavy = ["statsmodels", "diff_diff", "altair", "typst", "scipy.stats"]
    done = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
