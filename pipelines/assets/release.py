"""The published release as an asset: the last step, after every blocking check passed.

Belongs here: calling the publish step with what this build is. Does not belong here:
what a release holds or how it is swapped (publish).
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from connectors.core.landing.layout import new_run_id
from pipelines.apps.release_reader import ReleaseError, open_release
from pipelines.assets.warehouse import dbt_manifest, published_models
from pipelines.build_input import states
from pipelines.code_version import code_version
from pipelines.progress import Listener
from pipelines.publish.release import ReleaseInfo, ReleasePaths, publish
from pipelines.reconciliation import as_markdown, read_counts, read_missing_deliveries
from pipelines.settings import Settings
from pipelines.writer_lock import writer_lock

RELEASE_KEY = dg.AssetKey(["published", "release"])
TIME_TO_LOAD = timedelta(hours=2)
"""After this long, a load that was scheduled should have published."""


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
        freshness_policy=_as_scheduled(settings),
    )
    def release(config: ReleaseConfig) -> dg.MaterializeResult[None]:
        listener.stage_started("publish")
        before = _current_release(settings)
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
        return dg.MaterializeResult(metadata=_metadata(settings, info, before, released))

    return release


def _as_scheduled(settings: Settings) -> dg.FreshnessPolicy:
    """Stale once a load of the schedule should have published and nothing was, two hours after it began."""
    minute, hour, *days = settings.document.schedule.cron.split()
    if not (minute.isdecimal() and hour.isdecimal()):
        # several loads a day: a day without any is too long
        return dg.FreshnessPolicy.time_window(fail_window=timedelta(days=1) + TIME_TO_LOAD)
    deadline = int(hour) * 60 + int(minute) + TIME_TO_LOAD // timedelta(minutes=1)
    if deadline >= 24 * 60:
        return dg.FreshnessPolicy.time_window(fail_window=timedelta(days=1) + TIME_TO_LOAD)
    return dg.FreshnessPolicy.cron(
        deadline_cron=f"{deadline % 60} {deadline // 60} {' '.join(days)}",
        lower_bound_delta=TIME_TO_LOAD,
        timezone=settings.district.timezone,
    )


def _current_release(settings: Settings) -> Mapping[str, Any] | None:
    """What the release that this one replaces says of itself; None where there is none to be read."""
    try:
        with open_release(settings.published, "analysts") as release:
            return release.info()
    except ReleaseError:
        return None


def _metadata(
    settings: Settings, info: ReleaseInfo, before: Mapping[str, Any] | None, released: Mapping[str, ReleasePaths]
) -> dict[str, Any]:
    """The reconciliation, the rows of every table, and what was replaced how old."""
    with open_release(settings.published, "analysts") as release:
        counts = read_counts(release)
        missing = read_missing_deliveries(release)
    told: dict[str, Any] = {
        "release_id": info.release_id,
        "reconciliation": dg.MetadataValue.md(as_markdown(counts)),
        "records_loaded": sum(line.records_loaded for line in counts),
        "missing_school_years": [
            f"{line.connection}.{line.stream}: {', '.join(map(str, line.missing))}" for line in missing
        ],
        "rows": {audience: dict(paths.rows) for audience, paths in released.items()},
    }
    if before is not None:
        age = info.built_at - before["built_at"].replace(tzinfo=UTC)
        told["previous_release_id"] = str(before["release_id"])
        told["previous_release_age_hours"] = round(age.total_seconds() / 3600, 1)
    return told | {f"{audience}_path": dg.MetadataValue.path(str(paths.file)) for audience, paths in released.items()}
