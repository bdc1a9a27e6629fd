"""What `expertise status` knows after a quiet night and after a bad one.

Belongs here: what status reads. Does not belong here: how it is drawn (test_status_view), the
counts themselves (tests/dbt, tests/guarantees).
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import duckdb

from connectors.core.landing.manifest import write_verdict
from connectors.sandbox import faults
from connectors.sandbox.faults import Fault
from pipelines.apps.release_reader import open_release
from pipelines.build_input import states
from pipelines.progress import Silent
from pipelines.publish import layout
from pipelines.pull_source import pull_source
from pipelines.reconciliation import as_markdown, read_counts, read_differences
from pipelines.run import RunReport
from pipelines.status import read_status
from tests.homes import STREAMS, Home


def test_status__of_a_quiet_night_is_well_and_adds_up(loaded: tuple[Home, RunReport]) -> None:
    home, report = loaded
    status = read_status(home.settings)
    assert status.is_well and status.release_id == report.release_id
    assert status.stale_since is None and status.faults == [] and status.missing_deliveries == []
    assert len(status.streams) == STREAMS and all(line.is_well for line in status.streams)
    for line in status.streams:
        assert line.records_loaded is not None and line.records_superseded is not None
        assert line.records_landed + (line.delete_markers_landed or 0) == (
            line.records_loaded + (line.records_deleted or 0) + line.records_superseded
        )
    ratings = next(line for line in status.streams if line.stream == "evaluation_element_ratings")
    assert ratings.records_reported == ratings.records_received == ratings.records_landed > 10_000
    assert json.loads(json.dumps(status.to_json(), default=str))["streams"][0]["records_loaded"] > 0


def test_status__of_a_night_with_two_faults_says_what_since_when_and_what_to_do(own: Home) -> None:
    settings, before = own.settings, read_status(own.settings)
    own.sandbox.faults.add(Fault("/v2/assertions/changed", faults.status(403), times=None))
    for path in (own.folder / "drop" / "hr").glob("pd_hours_*.csv"):
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:10]))
    for source in ("badges", "hr"):
        pull_source(settings, source, False, Silent())
    hours = next(state for _, stream, state in states(settings) if stream.name == "pd_participation")
    finding = {"check_name": "too_few", "severity": "error", "record_count": 45, "message": "45 of 1,286 records"}
    write_verdict(hours.pending[0].folder, json.dumps({"outcome": "rejected", "findings": [finding]}))

    status = read_status(settings)
    troubled = {line.stream: line for line in status.streams if line.has_failed}
    assert troubled.keys() == {"assertions", "pd_participation"} and not status.is_well
    assert (troubled["assertions"].state, troubled["pd_participation"].state) == ("failing", "rejected")
    assert "403" in (troubled["assertions"].reason or "") and troubled["assertions"].what_to_do
    assert troubled["pd_participation"].reason == "too_few: 45 of 1,286 records"
    since = [line.since for line in troubled.values() if line.since]
    assert len(since) == 2 and status.stale_since == min(since)
    # the release still tells what readers have
    known = {line.stream: line.records_loaded for line in before.streams}
    assert {name: line.records_loaded for name, line in troubled.items()} == {name: known[name] for name in troubled}
    assert troubled["pd_participation"].records_waiting == 0


def test_status__what_landed_since_the_release_waits(own: Home) -> None:
    consents = own.folder / "drop" / "hr" / "consents.csv"
    consents.write_bytes(consents.read_bytes() + b"".join(consents.read_bytes().splitlines(keepends=True)[1:2]))
    pull_source(own.settings, "hr", False, Silent())
    line = next(line for line in read_status(own.settings).streams if line.stream == "consents")
    assert line.state == "pending" and line.records_waiting == (line.records_loaded or 0) + 1


def test_status__a_run_that_published_nothing_makes_the_release_stale_and_is_told(own: Home) -> None:
    begun = datetime.now(UTC)
    for started_at, problems in (
        (begun, []),
        (
            begun + timedelta(hours=1),
            [
                {"severity": "error", "where": "hr.roster", "what": "run r1: the manifest tells 5 rows"},
                {"severity": "warning", "where": "x", "what": "y"},
            ],
        ),
    ):
        report = {"started_at": str(started_at), "is_published": False, "problems": problems}
        (own.settings.reports / f"{started_at:%Y%m%dT%H%M%SZ}-run.json").write_text(json.dumps(report))
    (own.settings.reports / "29990101T000000Z-run.json").write_text('{"started_at": "29')
    status = read_status(own.settings)
    assert status.stale_since == begun and not status.is_well
    assert [(fault.where, fault.what) for fault in status.faults] == [
        ("hr.roster", "run r1: the manifest tells 5 rows")
    ]


def test_status__reads_a_release_of_before_records_were_reconciled(own: Home) -> None:
    release = layout.current_file(own.settings.published, "analysts")
    assert release is not None
    with duckdb.connect(str(release)) as database:
        database.execute("drop table reconciliation; drop table expected_deliveries")
    status = read_status(own.settings)
    assert status.is_well and {line.records_loaded for line in status.streams} == {None}
    assert sum(line.records_landed for line in status.streams) > 25_000


def test_markdown__has_a_row_per_stream_and_the_totals(loaded: tuple[Home, RunReport]) -> None:
    with open_release(loaded[0].settings.published, "analysts") as release:
        counts = read_counts(release)
    told = as_markdown([counts[0], replace(counts[1], what_differs="5 and 4"), replace(counts[2], newest_run_id=None)])
    lines = told.splitlines()
    assert len(lines) == 5 and len({line.count("|") for line in lines}) == 1
    assert lines[2].endswith("| yes |") and lines[3].endswith("| **no**: 5 and 4 |")
    assert f"**{counts[0].records_loaded + counts[1].records_loaded:,}**" in lines[4]


def test_differences__name_the_stream_and_nothing_where_nothing_was_built(own: Home) -> None:
    warehouse = own.settings.warehouse
    assert read_differences(warehouse) == []
    with duckdb.connect(str(warehouse)) as database:
        database.execute(
            "update pub_analysts__reconciliation set is_reconciled = false, what_differs = '5 and 4'"
            " where stream = 'roster'"
        )
    assert read_differences(warehouse) == [("hr.roster", "5 and 4")]
    assert read_differences(warehouse.with_name("none.duckdb")) == []
