"""The published release as an asset: the last step, after every blocking check passed.

Belongs here: calling the publish step with what this build is. Does not belong here:
what a release holds or how it is swapped (publish).
"""

from datetime import UTC, datetime

import dagster as dg

from connectors.core.landing.layout import new_run_id
from pipelines.assets.warehouse import dbt_manifest, published_models
from pipelines.build_input import states
from pipelines.code_version import code_version
from pipelines.progress import Listener
from pipelines.publish.release import ReleaseInfo, publish
from pipelines.settings import Settings
from pipelines.writer_lock import writer_lock

RELEASE_KEY = dg.AssetKey(["published", "release"])


class ReleaseConfig(dg.Config):
    """What a run may ask of the release."""

    allow_shrink: bool = False
    """Publish even though a table lost more than half of its rows since the last release."""


def release_asset(settings: Settings, listener: Listener) -> dg.AssetsDefinition:
    """One file per audience, swapped in together."""

    @dg.asset(
        key=RELEASE_KEY,
        deps=published_models(dbt_manifest(settings)),
        group_name="published",
        description="One read-only DuckDB file per audience, checked and then swapped in.",
        kinds={"duckdb"},
    )
    def release(config: ReleaseConfig) -> dg.MaterializeResult[None]:
        listener.stage_started("publish")
        with writer_lock(settings.state):
            info = ReleaseInfo(
                release_id=new_run_id(),
                built_at=datetime.now(UTC),
                landing_runs=[run.manifest.run_id for _, _, state in states(settings) for run in state.accepted],
                code_version=code_version(),
                settings_hash=settings.settings_hash,
                is_synthetic=settings.district.is_synthetic,
                district_name=settings.district.name,
                allow_shrink=config.allow_shrink,
            )
            released = publish(
                settings.warehouse,
                settings.published,
                info,
                settings.read_pseudonym_key(),
                settings.document.releases_kept,
            )
        return dg.MaterializeResult(
            metadata={"release_id": info.release_id}
            | {f"{audience}_path": dg.MetadataValue.path(str(paths.file)) for audience, paths in released.items()}
        )

    return release
