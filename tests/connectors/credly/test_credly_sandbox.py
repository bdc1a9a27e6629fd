"""The Credly connector against the stateful stand-in, through landing: everything, then what happened."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from connectors.core.connector import Connection
from connectors.core.errors import AuthenticationFailed
from connectors.core.landing.manifest import Manifest
from connectors.core.landing.state import StreamState
from connectors.core.pull import pull_stream
from connectors.core.schema import Stream
from connectors.credly.client import CredlyConnector, CredlyOptions
from connectors.credly.streams import BADGE_TEMPLATES, ISSUED_BADGES
from connectors.sandbox import canaries
from connectors.sandbox.credly_server import BADGES, ORGANIZATION, TEMPLATES, Credly
from connectors.sandbox.district import District, generate
from connectors.sandbox.server import Sandbox


@pytest.fixture(scope="module")
def district() -> District:
    return generate(teachers=40, school_years=3)


@pytest.fixture
def sandbox(district: District) -> Iterator[Sandbox]:
    with Sandbox.start(district) as running:
        yield running


class Landing:
    """A connection to the stand-in, and what it landed."""

    def __init__(self, sandbox: Sandbox, folder: Path, **options: object) -> None:
        stand_in = sandbox.stand_in("credly")
        assert isinstance(stand_in, Credly)
        self.platform = stand_in
        self.platform.page_size = 25
        chosen = CredlyOptions.model_validate(
            {"base_url": sandbox.url_of("credly"), "organization": ORGANIZATION, "requests_per_second": 1000, **options}
        )
        secrets = {"token": sandbox.credentials["CREDLY_TOKEN"]}
        self.folder = folder
        self.connection = Connection("cedar", "credly", "America/Chicago", chosen, folder, folder, secrets)

    def pull(self, stream: Stream) -> tuple[Manifest, pl.DataFrame]:
        connector = CredlyConnector(self.connection)
        try:
            outcome = pull_stream(connector, self.connection, stream, self.folder / "landing")
        finally:
            connector.close()
        assert outcome.manifest is not None and outcome.folder is not None
        (outcome.folder / "_verdict.json").write_text(json.dumps({"outcome": "accepted", "findings": []}))
        rows = [pl.read_parquet(part, hive_partitioning=False) for part in sorted(outcome.folder.glob("part-*"))]
        return outcome.manifest, pl.concat(rows)

    def runs(self, stream: Stream) -> int:
        place = next((self.folder / "landing").rglob(f"stream={stream.name}"))
        return len(StreamState.read(place).accepted)


@pytest.fixture
def landing(sandbox: Sandbox, tmp_path: Path) -> Landing:
    return Landing(sandbox, tmp_path)


def test_full_pull__lands_every_award_of_the_district_in_its_state(landing: Landing, district: District) -> None:
    manifest, rows = landing.pull(ISSUED_BADGES)
    awards = district.earned.awards.filter("on_platform")
    assert set(rows["id"]) == set(awards["award_id"])
    assert (manifest.records_landed, manifest.records_rejected, manifest.duplicate_records) == (awards.height, 0, 0)
    assert manifest.undeclared_fields == {} or not manifest.undeclared_fields
    states = Counter(rows["state"])
    assert states["revoked"] == awards["is_revoked"].sum() > 0
    assert set(states) >= {"accepted", "pending", "revoked"}
    templates, definitions = landing.pull(BADGE_TEMPLATES)
    assert templates.records_landed == 120
    assert set(rows["badge_template_id"]) <= set(definitions["id"])


def test_awards__carry_the_staff_id_or_only_an_address(landing: Landing, district: District) -> None:
    _, rows = landing.pull(ISSUED_BADGES)
    staff = district.staffing.people.select("person", "staff_id")
    told = district.earned.awards.join(staff, on="person").select("award_id", "kind", "staff_id")
    joined = rows.join(told, left_on="id", right_on="award_id")
    with_id = joined.filter(pl.col("issuer_earner_id").is_not_null())
    assert with_id.height > joined.height / 2
    assert (with_id["issuer_earner_id"] == with_id["staff_id"]).all()
    assert joined.filter(pl.col("issuer_earner_id").is_null()).height > 0
    assert joined["recipient_email"].null_count() == 0
    assert joined.filter(kind="private")["issuer_earner_id"].null_count() == joined.filter(kind="private").height


def test_withheld__names_and_reasons_stand_in_no_file(landing: Landing) -> None:
    for stream in (ISSUED_BADGES, BADGE_TEMPLATES):
        manifest, _ = landing.pull(stream)
        assert sum(manifest.withheld_fields.values()) > 0
    for path in landing.folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not [mark for mark in canaries.CANARIES if mark.encode() in content], path.name


def test_revoked_and_replaced__are_there_with_the_next_pull(landing: Landing) -> None:
    landing.pull(ISSUED_BADGES)
    standing = [badge for badge in landing.platform.badge_ids() if landing.platform.get(badge)["state"] == "accepted"]
    landing.platform.revoke(standing[0])
    replacement = landing.platform.replace(standing[1])
    manifest, rows = landing.pull(ISSUED_BADGES)
    found = {row["id"]: row for row in rows.iter_rows(named=True)}
    assert manifest.is_reset
    assert found[standing[0]]["state"] == "revoked"
    assert (found[standing[1]]["state"], found[standing[1]]["replacement_badge_id"]) == ("replaced", replacement)
    assert found[replacement]["issuer_earner_id"] == found[standing[1]]["issuer_earner_id"]


def test_templates__only_what_changed_comes_with_the_next_pull(landing: Landing) -> None:
    landing.pull(BADGE_TEMPLATES)
    landing.platform.change("bc-i06-1", {"state": "archived"}, TEMPLATES)
    manifest, rows = landing.pull(BADGE_TEMPLATES)
    assert (manifest.is_reset, rows.select("id", "state").rows()) == (False, [("bc-i06-1", "archived")])


@pytest.mark.parametrize("badge_filter", ["works", "ignored", "refused"])
def test_badges_changed_since__loses_nothing_whatever_the_server_makes_of_it(
    sandbox: Sandbox, tmp_path: Path, badge_filter: str
) -> None:
    landing = Landing(sandbox, tmp_path, badges_changed_since=True)
    landing.platform.badge_filter = badge_filter  # type: ignore[assignment]
    landing.pull(ISSUED_BADGES)
    revoked = next(
        badge for badge in landing.platform.badge_ids() if landing.platform.get(badge)["state"] == "accepted"
    )
    landing.platform.revoke(revoked)
    manifest, rows = landing.pull(ISSUED_BADGES)
    assert manifest.is_reset == (badge_filter == "refused")
    assert rows.filter(id=revoked)["state"].to_list() == ["revoked"]
    assert (rows.height < len(landing.platform.entities[BADGES])) == (badge_filter == "works")
    assert landing.runs(ISSUED_BADGES) == 2


def test_wrong_token__fails_the_check(landing: Landing) -> None:
    landing.platform.token = "another"
    with pytest.raises(AuthenticationFailed):
        CredlyConnector(landing.connection).check()
