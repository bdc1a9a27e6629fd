"""The dbt project as Dagster assets, its tests as asset checks, built in one invocation.

Belongs here: where dbt finds its input and puts its artefacts, asset keys, dbt's
manifest. Does not belong here: SQL (dbt_project).
"""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtCliResource, dbt_assets

from connectors.core.landing.layout import write_whole
from connectors.registry import PLATFORMS
from pipelines.assets.landed import landed_key
from pipelines.build_input import write_build_input
from pipelines.dbt_command import QUIETER_LOG, DbtCommand
from pipelines.dbt_process import DBT_COMMAND, RUN_VARIABLE
from pipelines.progress import Listener
from pipelines.settings import Settings
from pipelines.writer_lock import writer_lock

DBT_PROJECT = Path(__file__).parents[2] / "dbt_project"
# unit tests prove the SQL, not the data: they run in CI
BUILD = ["build", "--exclude-resource-type", "unit_test"]


class WarehouseFailed(Exception):
    """dbt could not read the project."""


class Translator(DagsterDbtTranslator):
    """Sources are the landed assets; models are `[layer, …, name]`."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        if dbt_resource_props["resource_type"] == "source" and dbt_resource_props["source_name"] in PLATFORMS:
            return landed_key(dbt_resource_props["source_name"], dbt_resource_props["name"])
        if dbt_resource_props["resource_type"] == "source":
            return dg.AssetKey([dbt_resource_props["source_name"], dbt_resource_props["name"]])
        return model_key(dbt_resource_props)

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        return _layer(dbt_resource_props)


def model_key(node: Mapping[str, Any]) -> dg.AssetKey:
    """The asset of a dbt model or seed."""
    return dg.AssetKey([_layer(node), node["name"]])


def _layer(node: Mapping[str, Any]) -> str:
    return str(node["fqn"][1]) if node["resource_type"] == "model" else f"{node['resource_type']}s"


def dbt_target(settings: Settings) -> Path:
    """Where dbt keeps its artefacts: beside the warehouse, never in the project."""
    return settings.warehouse.parent / "dbt"


@contextmanager
def dbt_environment(settings: Settings) -> Iterator[None]:
    """What dbt_project/profiles.yml and the register_landing macro read."""
    wanted = {
        "EXPERTISE_WAREHOUSE": str(settings.warehouse),
        "EXPERTISE_BUILD_INPUT": str(settings.build_input),
        RUN_VARIABLE: str(os.getpid()),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def project_digest(project: Path) -> str:
    """SHA-256 of all that dbt reads of a project: another one means that it has to be parsed anew."""
    digest = hashlib.sha256()
    for path in sorted(project.rglob("*")):
        if path.is_file() and path.suffix in {".sql", ".py", ".yml", ".csv", ".md"}:
            digest.update(str(path.relative_to(project)).encode() + path.read_bytes())
    return digest.hexdigest()


def dbt_manifest(settings: Settings) -> Path:
    """dbt's manifest of the project as it stands; parsed anew only when a file changed.

    A copy of our own: every dbt command writes manifest.json anew, and one that is killed
    leaves half of it. Raises WarehouseFailed with dbt's own words.
    """
    target = dbt_target(settings)
    manifest, stamp = target / "project.json", target / "project.sha256"
    digest = project_digest(DBT_PROJECT)
    if manifest.is_file() and stamp.is_file() and stamp.read_text() == digest:
        return manifest
    target.mkdir(parents=True, exist_ok=True)
    settings.warehouse.parent.mkdir(parents=True, exist_ok=True)
    places = {"project-dir": DBT_PROJECT, "profiles-dir": DBT_PROJECT, "target-path": target, "log-path": target}
    command = [
        *DBT_COMMAND,
        "--quiet",
        "parse",
        *(part for name, path in places.items() for part in (f"--{name}", str(path))),
    ]
    with dbt_environment(settings):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise WarehouseFailed(f"dbt can't read {DBT_PROJECT.name}:\n{done.stdout}{done.stderr}")
    stamp.unlink(missing_ok=True)
    write_whole(manifest, (target / "manifest.json").read_bytes())
    write_whole(stamp, digest.encode())
    return manifest


def warehouse_assets(settings: Settings, listener: Listener) -> dg.AssetsDefinition:
    """Every model, seed and test of the dbt project; needs DbtCliResource as `dbt`."""
    translator = Translator(settings=DagsterDbtTranslatorSettings(enable_asset_checks=True))
    manifest = dbt_manifest(settings)

    @dbt_assets(manifest=manifest, dagster_dbt_translator=translator, name="build_warehouse")
    def build_warehouse(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        listener.stage_started("build", _steps(manifest))
        with writer_lock(settings.state), dbt_environment(settings):
            write_build_input(settings, as_of=datetime.now(settings.time_zone).date())
            if not context.is_subset:  # a part of the models is built on what stands
                start_empty(settings.warehouse)
            invocation = dbt.cli(BUILD, context=context, target_path=dbt_target(settings))
            invocation.termination_timeout_seconds = 1  # half a build is worth nothing: no need to wait for its end
            try:
                for event in invocation.stream():
                    listener.step_ended("build", getattr(event, "check_name", None) or "model")
                    yield event
            except subprocess.TimeoutExpired:
                raise KeyboardInterrupt from None  # told to stop, and dbt was not as quick
            finally:
                # told to stop: the lock is let go of below, and nobody may write without it
                invocation.process.kill()
                invocation.process.wait()

    return build_warehouse


def start_empty(warehouse: Path) -> None:
    """Remove the build file of the last run and its log.

    Everything is built from landing, so a file that is damaged, half built or written by a
    newer engine costs nothing. Who has the old file open goes on reading it.
    """
    for path in (warehouse, warehouse.with_name(f"{warehouse.name}.wal")):
        path.unlink(missing_ok=True)
    # what a killed build had spilled
    shutil.rmtree(warehouse.with_name(f"{warehouse.name}.tmp"), ignore_errors=True)


def _steps(manifest: Path) -> int:
    """How many models, seeds and tests a build goes through."""
    nodes = json.loads(manifest.read_text())["nodes"].values()
    return sum(node["resource_type"] in ("model", "seed", "test") for node in nodes)


def dbt_resource() -> DbtCliResource:
    return DbtCommand(
        project_dir=str(DBT_PROJECT),
        profiles_dir=str(DBT_PROJECT),
        dbt_executable=DBT_COMMAND[0],
        global_config_flags=[*DBT_COMMAND[1:], *QUIETER_LOG],
    )


def published_models(manifest: Path) -> list[dg.AssetKey]:
    """The models that a release is made of."""
    nodes = json.loads(manifest.read_text())["nodes"].values()
    return [model_key(node) for node in nodes if node["resource_type"] == "model" and node["name"].startswith("pub_")]
