"""The Badgr connector against the stateful stand-in: everything, then what changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.badgr.client import BadgrConnector, BadgrOptions
from connectors.badgr.streams import ASSERTIONS, STREAMS
from connectors.core.connector import Connection
from connectors.core.errors import AuthenticationFailed
from connectors.sandbox.district import District, generate
from connectors.sandbox.server import Sandbox
from tests.connectors.counting_sink import CountingSink

KINDS = {"issuers": "issuers", "badge_classes": "badgeclasses", "assertions": "assertions"}


@pytest.fixture(scope="module")
def district() -> District:
    return generate(teachers=200, school_years=3)


@pytest.fixture
def sandbox(district: District) -> Iterator[Sandbox]:
    with Sandbox.start(district) as running:
        yield running


@pytest.fixture
def badges(sandbox: Sandbox, tmp_path: Path) -> Iterator[BadgrConnector]:
    connector = connector_to(sandbox, tmp_path, sandbox.credentials["BADGES_PASSWORD"])
    yield connector
    connector.close()


def connector_to(sandbox: Sandbox, folder: Path, password: str) -> BadgrConnector:
    options = BadgrOptions(base_url=sandbox.badgr_url, page_size=50, requests_per_second=1000)
    secrets = {"username": sandbox.credentials["BADGES_USERNAME"], "password": password}
    return BadgrConnector(Connection("cedar-valley", "badges", "America/Chicago", options, folder, folder, secrets))


def test_full_pull__brings_every_entity_once(sandbox: Sandbox, badges: BadgrConnector) -> None:
    assert "4 issuers" in badges.check()
    for stream in STREAMS:
        sink = CountingSink()
        pulled = badges.pull(stream, None, sink)
        expected = set(sandbox.badgr.entities[KINDS[stream.name]])
        assert len(sink.records) == len(expected) > 0
        assert set(sink.ids("entityId")) == expected
        assert pulled.is_reset
    states = [(award["revoked"], award["expires"]) for award in sink.records]
    assert any(revoked for revoked, _ in states)
    assert {request.status for request in sandbox.requests} == {200}


def test_incremental_pull__brings_new_and_revoked_awards_and_nothing_else(
    sandbox: Sandbox, badges: BadgrConnector
) -> None:
    first = badges.pull(ASSERTIONS, None, CountingSink())
    revoked = sandbox.badgr.award_ids()[0]
    sandbox.badgr.revoke(revoked)
    added = sandbox.badgr.add_award("bc-i06-1", "someone@cedar-valley.example", datetime(2026, 11, 1, tzinfo=UTC))
    sink = CountingSink()
    second = badges.pull(ASSERTIONS, first.cursor, sink)
    assert set(sink.ids("entityId")) >= {revoked, added}
    assert len(sink.records) <= 4
    assert next(award for award in sink.records if award["entityId"] == revoked)["revoked"] is True
    assert not second.is_reset


def test_hard_delete__is_found_by_a_full_pull_only(sandbox: Sandbox, badges: BadgrConnector) -> None:
    first = badges.pull(ASSERTIONS, None, CountingSink())
    gone = sandbox.badgr.award_ids()[3]
    sandbox.badgr.hard_delete(gone)
    changes, everything = CountingSink(), CountingSink()
    badges.pull(ASSERTIONS, first.cursor, changes)
    badges.pull(ASSERTIONS, None, everything)
    assert gone not in changes.ids("entityId") + everything.ids("entityId")
    assert changes.deletes == []


def test_wrong_password__fails_the_check(sandbox: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(AuthenticationFailed):
        connector_to(sandbox, tmp_path, "wrong").check()
