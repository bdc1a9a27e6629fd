"""The release as a Dagster asset: what its page says, and when it is stale."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import dagster as dg
import pytest

from pipelines.assets.release import release_asset
from pipelines.progress import Silent
from pipelines.run import RunReport
from pipelines.settings import Schedule, Settings
from tests.homes import STREAMS, Home


def scheduled(settings: Settings, cron: str) -> Settings:
    return replace(settings, document=settings.document.model_copy(update={"schedule": Schedule(cron=cron)}))


def test_release__tells_what_became_of_every_record_and_what_it_replaced(own: Home) -> None:
    before = own.query("select sum(records_loaded) from pub_analysts__reconciliation")
    instance = dg.DagsterInstance.ephemeral(settings={"telemetry": {"enabled": False}})
    result = dg.materialize([release_asset(own.settings, Silent())], instance=instance)
    (event,) = result.get_asset_materialization_events()
    metadata = {name: value.value for name, value in event.materialization.metadata.items()}
    told = str(metadata["reconciliation"]).splitlines()
    assert len(told) == STREAMS + 3 and all(line.startswith("|") for line in told)
    assert sum(line.endswith("| yes |") for line in told) == STREAMS and any("hr.roster" in line for line in told)
    assert metadata["records_loaded"] == before[0][0] and metadata["missing_school_years"] == []
    assert metadata["rows"]["leaders"]["expertise"] > 0
    assert metadata["previous_release_id"] < metadata["release_id"]
    assert metadata["previous_release_age_hours"] >= 0


def freshness(home: Home, cron: str) -> dg.FreshnessPolicy | None:
    (spec,) = release_asset(scheduled(home.settings, cron), Silent()).specs
    return spec.freshness_policy


@pytest.mark.parametrize(("cron", "deadline"), [("0 2 * * *", "0 4 * * *"), ("30 21 * * MON-FRI", "30 23 * * MON-FRI")])
def test_release__is_stale_two_hours_after_a_load_that_did_not_publish(
    loaded: tuple[Home, RunReport], cron: str, deadline: str
) -> None:
    assert freshness(loaded[0], cron) == dg.FreshnessPolicy.cron(deadline, timedelta(hours=2), "America/Chicago")


@pytest.mark.parametrize("cron", ["0 */6 * * *", "0 23 * * *", "0 2,14 * * *"])
def test_release__a_day_without_any_is_stale_where_no_one_hour_is_promised(
    loaded: tuple[Home, RunReport], cron: str
) -> None:
    assert freshness(loaded[0], cron) == dg.FreshnessPolicy.time_window(timedelta(hours=26))
