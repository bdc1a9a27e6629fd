"""The job, its daily schedule and its retries.

Belongs here: what is selected, when, how often tried. Does not belong here: windows of
time: what a run covers comes from committed state, so a missed tick loses nothing.
"""

from __future__ import annotations

import dagster as dg

from pipelines.assets.study import STUDY_GROUP
from pipelines.settings import Settings

JOB_NAME = "load_and_publish"

# an unattended load outlives a platform's short outage; a person at a prompt would rather know at once
SCHEDULED_RETRIES = dg.RetryPolicy(max_retries=3, delay=60, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.FULL)

load_and_publish = dg.define_asset_job(
    JOB_NAME,
    selection=dg.AssetSelection.all() - dg.AssetSelection.groups(STUDY_GROUP),
    description="Pull every configured source, judge it, build the warehouse, publish the release.",
    executor_def=dg.in_process_executor,
)


# no schedule of its own: evaluators study when a year's scores are in
study = dg.define_asset_job(
    "study",
    selection=dg.AssetSelection.groups(STUDY_GROUP),
    description="Credential earners and comparable colleagues, of the release that stands.",
    executor_def=dg.in_process_executor,
)


def daily(settings: Settings) -> dg.ScheduleDefinition:
    """The daily load in the district's time zone."""
    return dg.ScheduleDefinition(
        name="daily_load",
        job=load_and_publish,
        cron_schedule=settings.document.schedule.cron,
        execution_timezone=settings.district.timezone,
    )
