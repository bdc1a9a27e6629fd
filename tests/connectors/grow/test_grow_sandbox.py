"""The Grow connector against the stateful stand-in, through core/pull into a landing.

Rows of the fault table: 7, 13, 20, 31, 50, 51, 52, 57, 59, 63, 64, 65.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from connectors.core.connector import Connection
from connectors.core.errors import AuthenticationFailed, ContractBroken, DeliveryRejected, IncompleteResponse
from connectors.core.landing.layout import stream_folder
from connectors.core.landing.manifest import Manifest, write_verdict
from connectors.core.landing.state import StreamState
from connectors.core.pull import pull_stream
from connectors.core.schema import Stream
from connectors.grow.client import GrowConnector, GrowOptions
from connectors.grow.streams import GENERIC_TAG_KINDS, GENERIC_TAGS, OBSERVATIONS, RUBRICS, STREAMS, USERS
from connectors.sandbox import canaries, faults
from connectors.sandbox.district import District, generate
from connectors.sandbox.faults import Fault
from connectors.sandbox.grow_documents import DISTRICT_ID, SENTINEL
from connectors.sandbox.grow_server import Grow
from connectors.sandbox.server import Sandbox

FIRST_PASS = r"/observations\?.*archived=false"


class Source:
    """Grow of a sandbox, pulled into a landing folder of its own."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox = sandbox
        self.landing = folder / "landing"
        stand_in = sandbox.stand_in("grow")
        assert isinstance(stand_in, Grow)
        self.grow = stand_in
        options = GrowOptions(base_url=sandbox.url_of("grow"), district=DISTRICT_ID, requests_per_second=1000)
        secrets = {
            "client_id": sandbox.credentials["OBSERVE_CLIENT_ID"],
            "client_secret": sandbox.credentials["OBSERVE_CLIENT_SECRET"],
        }
        self.connection = Connection("cedar", "observe", "America/Chicago", options, folder, folder / "state", secrets)

    def pull(self, stream: Stream = OBSERVATIONS, full: bool = False) -> Manifest | None:
        """Pull and accept; None where nothing was new."""
        connector = GrowConnector(self.connection)
        try:
            outcome = pull_stream(connector, self.connection, stream, self.landing, full)
        finally:
            connector.close()
        if outcome.folder is not None:
            write_verdict(outcome.folder, json.dumps({"outcome": "accepted"}))
        return outcome.manifest

    def state(self, stream: Stream = OBSERVATIONS) -> StreamState:
        return StreamState.read(stream_folder(self.landing, "cedar", "grow", "observe", stream.name))

    def landed(self, stream: Stream = OBSERVATIONS) -> dict[str, dict[str, Any]]:
        """The rows of the newest run by id; of a record that came twice, the last."""
        parts = [pl.read_parquet(part) for part in self.state(stream).runs[-1].parts]
        return {row["id"]: row for row in pl.concat(parts, how="diagonal_relaxed").sort("_row_number").to_dicts()}


@pytest.fixture(scope="module")
def district() -> District:
    return generate(teachers=20, school_years=3)


@pytest.fixture
def source(district: District, tmp_path: Path) -> Iterator[Source]:
    with Sandbox.start(district) as sandbox:
        yield Source(sandbox, tmp_path)


def ids_of(grow: Grow, stream: Stream) -> list[str]:
    endpoints = [f"generic-tags/{kind}" for kind in GENERIC_TAG_KINDS] if stream == GENERIC_TAGS else [stream.name]
    return sorted(identifier for endpoint in endpoints for identifier in grow.ids(endpoint))


# -- everything ----------------------------------------------------------------------------


def test_full_pull__brings_every_record_once_archived_ones_too(source: Source) -> None:
    for stream in STREAMS:
        manifest = source.pull(stream)
        assert manifest is not None
        assert sorted(source.landed(stream)) == ids_of(source.grow, stream)
        assert manifest.records_reported == manifest.records_landed > 0
        assert manifest.duplicate_records == manifest.records_rejected == 0
        assert manifest.undeclared_fields == [] and manifest.is_reset
        archived = {row["id"] for row in source.landed(stream).values() if row["archivedAt"] is not None}
        assert archived, f"{stream.name}: the stand-in has archived ones"
    assert {request.status for request in source.sandbox.requests} == {200}


def test_observations__are_those_of_the_districts_information_system(source: Source, district: District) -> None:
    source.pull()
    rows = source.landed()
    observed = district.observed.observations.filter(pl.col("school_year") != district.export_year)
    wanted = dict(zip(observed["observation_id"].str.head(24), observed["observation"], strict=True))
    assert {key for key, row in rows.items() if row["archivedAt"] is None} == wanted.keys()
    drafts = observed.filter(~pl.col("is_finished"))["observation_id"].str.head(24).to_list()
    assert {key for key in wanted if not rows[key]["isPublished"]} == set(drafts)
    for key, number in wanted.items():
        scores = [item["valueScore"] or 0 for item in json.loads(rows[key]["observationScores"])]
        assert scores == district.observed.scores[number].tolist()


def test_withheld__every_field_is_served_counted_and_nowhere_on_disk(source: Source) -> None:
    for stream in STREAMS:
        manifest = source.pull(stream)
        assert manifest is not None
        assert set(manifest.withheld_fields) == set(stream.withheld)
    files = [path for path in source.landing.rglob("*") if path.is_file()]
    landed = pl.concat(
        [pl.read_parquet(path).cast(pl.String) for path in files if path.suffix == ".parquet"], how="diagonal"
    )
    text = landed.write_csv() + "".join(path.read_text() for path in files if path.suffix == ".json")
    assert not any(mark in text for mark in canaries.CANARIES)
    assert "Questioning" in text, "and this is how it would be found"


# -- changes -------------------------------------------------------------------------------


def test_incremental__brings_what_changed_what_came_and_what_was_archived(source: Source) -> None:
    source.pull()
    changed, archived, *_ = source.grow.ids("observations", archived=False)
    measurement = source.grow.get("observations", changed)["observationScores"][0]["measurement"]
    source.grow.rescore(changed, measurement, 5)
    source.grow.archive("observations", archived)
    added = source.grow.add("observations", source.grow.get("observations", changed))
    manifest = source.pull()
    assert manifest is not None and not manifest.is_reset
    rows = source.landed()
    assert set(rows) == {changed, archived, added}
    assert json.loads(rows[changed]["observationScores"])[0]["valueScore"] == 5
    assert rows[archived]["archivedAt"] is not None


def test_scores_that_change_after_publication__every_version_is_landed(source: Source) -> None:
    source.pull()
    observation = source.grow.ids("observations", archived=False)[0]
    measurement = source.grow.get("observations", observation)["observationScores"][3]["measurement"]
    for score in (1, 5, None):
        source.grow.rescore(observation, measurement, score)
        source.pull()
    versions = [
        json.loads(row["observationScores"])[3]["valueScore"]
        for run in source.state().accepted
        for part in run.parts
        for row in pl.read_parquet(part).filter(id=observation).to_dicts()
    ]
    assert versions[1:] == [1, 5, None]


def test_archived_and_restored__is_live_again_and_both_are_in_history(source: Source) -> None:
    source.pull()
    observation = source.grow.ids("observations", archived=False)[0]
    source.grow.archive("observations", observation)
    source.pull()
    assert source.landed()[observation]["archivedAt"] is not None
    source.grow.restore("observations", observation)
    source.pull()
    assert source.landed()[observation]["archivedAt"] is None


def test_nothing_new_beyond_the_overlap__lands_nothing(source: Source) -> None:
    source.pull()
    assert source.pull() is None


def test_change_saved_late__is_brought_inside_the_overlap_and_by_a_full_pull_beyond_it(source: Source) -> None:
    source.pull()
    inside, beyond, *_ = source.grow.ids("observations", archived=False)
    for observation, age in ((inside, timedelta(hours=20)), (beyond, timedelta(days=3))):
        source.grow.change("observations", observation, {"score": 1.25})
        source.grow.records["observations"][observation].modified_at -= age
    source.pull()
    assert set(source.landed()) == {inside}
    source.pull(full=True)
    assert source.landed()[beyond]["score"] == 1.25


def test_removed_altogether__is_found_by_a_full_pull(source: Source) -> None:
    source.pull()
    gone = source.grow.ids("observations", archived=False)[0]
    source.grow.hard_delete("observations", gone)
    assert source.pull() is None
    manifest = source.pull(full=True)
    assert manifest is not None and manifest.is_reset
    assert gone not in source.landed()


# -- faults --------------------------------------------------------------------------------


def test_count_without_data__once_is_pulled_again(source: Source) -> None:
    fault = source.sandbox.faults.add(Fault(FIRST_PASS, faults.empty_page()))
    manifest = source.pull()
    assert fault.struck == 1 and manifest is not None
    assert sorted(source.landed()) == ids_of(source.grow, OBSERVATIONS)


def test_count_without_data__that_stays_fails_and_nothing_lands(source: Source) -> None:
    source.pull()
    before = source.state().cursor(OBSERVATIONS.schema_hash)
    source.sandbox.faults.add(Fault("/observations", faults.empty_page(), times=None))
    with pytest.raises(IncompleteResponse, match="sent 0, 2 times"):
        source.pull(full=True)
    assert source.state().runs[-1].manifest.outcome == "failed"
    assert source.state().cursor(OBSERVATIONS.schema_hash) == before
    source.sandbox.faults.clear()
    source.pull(full=True)
    assert sorted(source.landed()) == ids_of(source.grow, OBSERVATIONS)


@pytest.mark.parametrize("archived", ["false", "true"])
def test_pass_that_is_shorter_than_its_count__fails(source: Source, archived: str) -> None:
    shorter = faults.each_record(lambda record: record.update(_id="same"))
    source.sandbox.faults.add(Fault(rf"/users\?.*archived={archived}", shorter, times=None))
    with pytest.raises(IncompleteResponse):
        source.pull(USERS)


def test_new_field__is_kept_and_told(source: Source) -> None:
    source.sandbox.faults.add(Fault("/observations", faults.each_record(faults.add_field("mood", "calm")), times=None))
    manifest = source.pull()
    assert manifest is not None and manifest.undeclared_fields == ["mood"]
    assert {row["_extra"] for row in source.landed().values()} == {'{"mood":"calm"}'}


def test_name_gone_from_every_rubric__stops_before_anything_lands(source: Source) -> None:
    renamed = faults.each_record(faults.rename_field("name", "title"))
    source.sandbox.faults.add(Fault("/rubrics", renamed, times=None))
    with pytest.raises((ContractBroken, DeliveryRejected)):
        source.pull(RUBRICS)


def test_wrong_secret__fails_the_check(source: Source, tmp_path: Path) -> None:
    wrong = {"client_id": source.connection.secrets["client_id"], "client_secret": "wrong"}
    connection = Connection("cedar", "observe", "UTC", source.connection.options, tmp_path, tmp_path / "other", wrong)
    with pytest.raises(AuthenticationFailed):
        GrowConnector(connection).check()


# -- the stand-in --------------------------------------------------------------------------


def test_stand_in__holds_the_traps(source: Source) -> None:
    users = [source.grow.get("users", user) for user in source.grow.ids("users")]
    numbers = [user["internalId"] for user in users]
    assert numbers.count(SENTINEL) >= 3
    assert None in numbers
    assert source.grow.ids("users", archived=True), "who left is archived"
    slips = source.grow.ids("observations", archived=True)
    assert slips and all(source.grow.get("observations", slip)["isPublished"] for slip in slips)


def test_stand_in__is_the_same_at_every_start(district: District) -> None:
    one, other = (Sandbox.of(district).stand_in("grow") for _ in range(2))
    assert isinstance(one, Grow) and isinstance(other, Grow)
    for endpoint in one.records:
        assert [one.get(endpoint, key) for key in one.ids(endpoint)] == [
            other.get(endpoint, key) for key in other.ids(endpoint)
        ]
