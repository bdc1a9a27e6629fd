"""Runs in a copy of the project that the toy was added to: the toy's part of a nightly run, by Dagster.

Belongs here: asking `build_defs` for assets and checks, and running what leads to two tables.
Does not belong here: what must come of it (test_adding_a_platform).

    python -m tests.connectors.toy.night DISTRICT_YML
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import dagster as dg

import connectors
import expectations
import pipelines
from pipelines.assets.landed import landed_key
from pipelines.assets.warehouse import dbt_target
from pipelines.build import build_defs
from pipelines.settings import load_settings
from pipelines.step_failures import step_failures

GOALS = (dg.AssetKey(["marts", "fct_credential_awards"]), dg.AssetKey(["published", "pub_analysts__reconciliation"]))
AWARDS = landed_key("toy_badges", "awards")


def main(district_yml: Path) -> None:
    settings = load_settings(district_yml)
    definitions = build_defs(settings, retries=None)
    graph = definitions.resolve_asset_graph()
    # of the marts' checks only those of grain: relations would ask for every mart beside them
    grains = [key for key in graph.asset_check_keys if key.asset_key in GOALS and key.name.startswith("one_row_per")]
    wanted = (
        dg.AssetSelection.assets(*GOALS).upstream().without_checks()
        | dg.AssetSelection.checks_for_assets(AWARDS)
        | dg.AssetSelection.checks(*grains)
    )
    night = dg.Definitions.merge(definitions, dg.Definitions(jobs=[dg.define_asset_job("toy_night", wanted)]))
    with dg.DagsterInstance.ephemeral(settings={"telemetry": {"enabled": False}}) as instance:
        result = night.resolve_job_def("toy_night").execute_in_process(
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            instance=instance,
            raise_on_error=False,
        )
    evaluations = result.get_asset_check_evaluations()
    packages = (connectors, expectations, pipelines)
    said = {
        "imported_from": [str(Path(str(package.__file__)).parents[1]) for package in packages],
        "assets": sorted(key.to_user_string() for key in graph.executable_asset_keys if "toy_badges" in str(key)),
        "passed": sorted(f"{one.asset_key.to_user_string()} {one.check_name}" for one in evaluations if one.passed),
        "failed": sorted(f"{one.asset_key.to_user_string()} {one.check_name}" for one in evaluations if not one.passed),
        "faults": [f"{fault.where}: {fault.why}" for fault in step_failures(result, dbt_target(settings) / "dbt.log")],
        "is_success": result.success,
    }
    sys.stdout.write(f"\n{json.dumps(said)}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
