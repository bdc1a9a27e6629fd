"""The landed assets: one step per platform, any number of its connections."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from connectors.registry import PLATFORMS
from pipelines.assets.landed import landed_assets
from pipelines.progress import Silent
from pipelines.settings import Settings, load_settings

MAPPING = """
stream: consents
files: {name}.csv
columns:
  staff_id: Emp
  consent_kind: {{constant: named}}
  is_granted: {{column: Consent, true: [Y], false: [N]}}
  recorded_date: On
"""


@pytest.fixture
def two_connections(tmp_path: Path) -> Settings:
    text = "district: {id: d1, name: One, timezone: America/Chicago}\nsources:\n"
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text("Emp,Consent,On\n007,Y,2026-01-02\n")
        (tmp_path / f"{name}.yml").write_text(MAPPING.format(name=name))
        text += f"  {name}: {{platform: files, mappings: {name}.yml}}\n"
    (tmp_path / "district.yml").write_text(text)
    return load_settings(tmp_path / "district.yml", {})


def pull(settings: Settings, *sources: str) -> tuple[dg.ExecuteInProcessResult, set[str]]:
    """The result, and the connections that have landed a run."""
    assets = landed_assets(settings, PLATFORMS["files"], Silent(), None)
    instance = dg.DagsterInstance.ephemeral(settings={"telemetry": {"enabled": False}})
    config = {"ops": {"pull_files": {"config": {"sources": list(sources)}}}}
    result = dg.materialize([assets], run_config=config, instance=instance, raise_on_error=False)
    manifests = settings.landing.rglob("_manifest.json")
    return result, {part.split("=")[1] for path in manifests for part in path.parts if part.startswith("connection=")}


def test_landed__only_the_named_connection_of_a_platform_is_pulled(two_connections: Settings) -> None:
    assert pull(two_connections, "a")[1] == {"a"}
    assert pull(two_connections)[1] == {"a", "b"}


def test_landed__row_counts_are_the_assets_metadata(two_connections: Settings) -> None:
    result, _ = pull(two_connections)
    (metadata,) = [
        event.materialization.metadata
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(["landed", "files", "consents"])
    ]
    assert metadata["records_received"].value == metadata["records_landed"].value == 2
    assert metadata["dagster/row_count"].value == metadata["pages"].value == 2
    assert "records_reported" not in metadata, "files have no count of their own"


def test_landed__one_streams_fault_fails_the_step_and_leaves_the_others(two_connections: Settings) -> None:
    (two_connections.home / "b.csv").write_text("Emp,On\n007,2026-01-02\n")
    result, landed = pull(two_connections)
    assert not result.success and landed == {"a", "b"}
    assert result.get_asset_materialization_events()
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    error = failure.step_failure_data.error
    assert error is not None and "Consent" in (error.cause or error).message + error.message
