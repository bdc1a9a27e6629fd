"""`build_defs(settings)`: everything Dagster needs to know, made fresh from one settings object.

Belongs here: putting assets, checks, jobs and schedules together. Does not belong
here: any of them, and nothing global: tests build their own.
"""

from __future__ import annotations

import dagster as dg

from pipelines.assets.landed import landed_assets
from pipelines.assets.release import release_asset
from pipelines.assets.study import study_assets
from pipelines.assets.warehouse import dbt_resource, warehouse_assets
from pipelines.automation.schedules import SCHEDULED_RETRIES, daily, load_and_publish, study
from pipelines.checks.deliveries import delivery_checks
from pipelines.progress import Listener, Silent
from pipelines.settings import Settings


def build_defs(
    settings: Settings, listener: Listener | None = None, retries: dg.RetryPolicy | None = SCHEDULED_RETRIES
) -> dg.Definitions:
    """Definitions for one district. Platforms that are not configured have no assets: they are dark."""
    listener = listener or Silent()
    platforms = list({source.platform.name: source.platform for source in settings.sources.values()}.values())
    return dg.Definitions(
        assets=[
            *(landed_assets(settings, platform, listener, retries) for platform in platforms),
            warehouse_assets(settings, listener),
            release_asset(settings, listener),
            *study_assets(settings),
        ],
        asset_checks=[delivery_checks(settings, platform, listener) for platform in platforms],
        jobs=[load_and_publish, study],
        schedules=[daily(settings)],
        resources={"dbt": dbt_resource()},
    )
